import Core

/// Lists and looks up what is not of the resource API.
struct NativeObjects: Sendable {
    /// A list is cut here.
    static let limit = 10_000

    let client: APIClient
    let kind: NativeKind

    func list(namespace: String, limit: Int = Self.limit) async throws -> [JSON] {
        var items: [JSON] = [], token: String?
        repeat {
            let page = try await client.json(kind.list(namespace: namespace, token: token, pageSize: min(limit, 200)))
            items += page[kind.rawValue]?.arrayValue ?? []
            token = page["next_page_token"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        } while token != nil && items.count < limit
        return Array(items.prefix(limit))
    }

    /// By id, else by the name that people gave.
    /// - Throws: `notFound`; `failedPrecondition` where several have the name.
    func find(_ word: String, namespace: String) async throws -> JSON {
        if let found = try await client.find(kind.object(word, namespace: namespace)) { return found }
        let named = kind == .models ? [] : try await list(namespace: namespace).filter { kind.name($0) == word || $0["name"]?.stringValue == word }
        guard let first = named.first else {
            throw MonoflowError(.notFound, "", "\(kind.singular)/\(word)", "there is none of that id or name in the namespace \(namespace)")
        }
        guard named.count == 1 else {
            throw MonoflowError(
                .failedPrecondition, "", "\(kind.singular)/\(word)", "\(named.count) have that name",
                hint: "give one of the ids \(named.prefix(5).map(kind.id).joined(separator: ", "))")
        }
        // The list leaves details out.
        return try await client.find(kind.object(kind.id(first), namespace: namespace)) ?? first
    }

    func delete(_ word: String, namespace: String) async throws {
        let object = try await find(word, namespace: namespace)
        _ = try await client.json(kind.object(kind.id(object), namespace: namespace, method: .delete))
    }
}

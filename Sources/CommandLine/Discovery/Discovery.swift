import Core

/// Asks the server which kinds it serves, and no more of that than a command needs.
actor Discovery {
    private let client: APIClient
    private var lists: [String: [ServedKind]] = [:]
    private var groups: [(name: String, preferred: String)]?

    init(_ client: APIClient) { self.client = client }

    /// The kinds that a word names: one, or those of a category such as `all`.
    /// - Throws: `notFound` that lists what is served.
    func find(_ word: String) async throws -> [ServedKind] {
        if !word.contains(".") {
            let core = KindWord(word, groups: [])
            if let found = try await list("v1").first(where: core.names) { return [found] }
        }
        let groups = try await groupNames()
        let wanted = KindWord(word, groups: Set(groups.map(\.name)))
        var known = try await list("v1")
        for group in groups where wanted.group == nil || wanted.group == group.name {
            let kinds = try await list("\(group.name)/\(wanted.version ?? group.preferred)")
            if let found = kinds.first(where: wanted.names) { return [found] }
            known += kinds
        }
        let category = known.filter { $0.categories.contains(word.lowercased()) }
        if !category.isEmpty { return category }
        throw Self.unknown(word, known)
    }

    /// The one kind that a word names. - Throws: `notFound`; `invalidArgument` for a category.
    func one(_ word: String) async throws -> ServedKind {
        let found = try await find(word)
        guard found.count == 1, let kind = found.first else {
            throw MonoflowError(.invalidArgument, "find kind", word, "is a category of several kinds; name one of them")
        }
        return kind
    }

    /// The kind of a document; nil where it is not served.
    func kind(apiVersion: String, kind: String) async throws -> ServedKind? {
        try await list(apiVersion).first { $0.kind == kind }
    }

    /// After a definition was applied, its kind is there.
    func forget() {
        lists = [:]
        groups = nil
    }

    private func list(_ apiVersion: String) async throws -> [ServedKind] {
        if let known = lists[apiVersion] { return known }
        let parts = apiVersion.split(separator: "/").map(String.init)
        let document = try await client.find(APIRequest((parts.count == 2 ? ["apis"] : ["api"]) + parts))
        let kinds = document.map(ServedKind.read) ?? []
        lists[apiVersion] = kinds
        return kinds
    }

    private func groupNames() async throws -> [(name: String, preferred: String)] {
        if let groups { return groups }
        let document = try await client.json(APIRequest(["apis"]))
        let read = (document["groups"]?.arrayValue ?? []).compactMap { group -> (name: String, preferred: String)? in
            guard let name = group["name"]?.stringValue, let version = group["preferredVersion"]?["version"]?.stringValue else { return nil }
            return (name, version)
        }
        groups = read
        return read
    }

    private static func unknown(_ word: String, _ known: [ServedKind]) -> MonoflowError {
        let names = known.map { $0.shortNames.isEmpty ? $0.key : "\($0.key) (\($0.shortNames.joined(separator: ", ")))" }.sorted()
        let native = NativeKind.allCases.map(\.rawValue)
        return MonoflowError(.notFound, "find kind", word, "the server has no such kind", hint: "it serves \((native + names).joined(separator: ", "))")
    }
}

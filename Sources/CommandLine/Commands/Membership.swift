import Core

/// Makes users and their roles where they are missing, and says so.
struct Membership: Sendable {
    let client: APIClient

    /// A user that is not there is made, at home in the first namespace; a role is given where the user has none. A role that is there stays.
    func ensure(_ user: String, _ role: String, namespaces: [String]) async throws {
        guard let home = namespaces.first else { return }
        let users = try await client.json(APIRequest(["api", "users"]))
        if let found = users["users"]?.arrayValue?.first(where: { $0["name"]?.stringValue == user }) {
            if found["is_admin"] == true { return }
            let own = Set((found["roles"]?.arrayValue ?? []).compactMap { $0["namespace"]?.stringValue })
            for namespace in namespaces where !own.contains(namespace) { try await add(user, role, namespace) }
            return
        }
        _ = try await client.json(APIRequest(.post, ["api", "users"], body: [
            "name": .string(user), "home_namespace": .string(home), "is_admin": false,
            "roles": .array(namespaces.map { ["namespace": .string($0), "role": .string(role)] }),
        ]))
        try Console.line("user/\(user) created as \(role) of \(namespaces.joined(separator: ", "))")
    }

    func add(_ user: String, _ role: String, _ namespace: String) async throws {
        _ = try await client.json(APIRequest(.put, ["api", "namespaces", namespace, "members", user], body: ["role": .string(role)]))
        try Console.line("member/\(user) is \(role) of \(namespace)")
    }

    /// - Returns: whether it was made now.
    func ensureNamespace(_ name: String) async throws -> Bool {
        if try await client.find(APIRequest(["api", "namespaces", name])) != nil { return false }
        _ = try await client.json(APIRequest(.post, ["api", "namespaces"], body: ["name": .string(name)]))
        return true
    }

    /// A namespace's name from a user's: `Ann.Lee@example.com` → `ann-lee`. Empty where nothing is left of it.
    static func namespaceName(of user: String) -> String {
        var out = ""
        for character in user.lowercased().prefix(while: { $0 != "@" }) {
            let isKept = character.isASCII && (character.isLetter || character.isNumber)
            if isKept { out.append(character) } else if !out.isEmpty && out.last != "-" { out.append("-") }
        }
        out = String(out.prefix(63))
        while out.last == "-" { out.removeLast() }
        return out
    }
}

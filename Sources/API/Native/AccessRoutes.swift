import Access
import Core
import HTTP

/// Users, namespaces and tokens.
struct AccessRoutes: Sendable {
    let services: APIServices

    func add(to router: inout Router) {
        router.inline(.get, "/api/namespaces") { request in
            let all = try services.access.namespaces(of: request.caller())
            return .json(["namespaces": .array(all.map { ["name": .string($0.name), "role": .string($0.role.rawValue)] })])
        }
        router.on(.post, "/api/namespaces") { request in
            try request.caller().requireAdmin("create namespace")
            let name = try text(try await request.json(), "name", "create namespace")
            try await services.access.createNamespace(name)
            return .json(["name": .string(name), "role": "owner"], status: .created)
        }
        router.on(.get, "/api/namespaces/{name}") { request in
            let name = try request.parameter("name")
            try request.caller().require(.read, in: name)
            return .json(["name": .string(name), "network": .bool(services.access.settings(of: name)?.network ?? false)])
        }
        router.on(.patch, "/api/namespaces/{name}") { request in
            let name = try request.parameter("name")
            try request.caller().require(.administer, in: name)
            guard let network = try await request.json()["network"]?.boolValue else {
                throw MonoflowError(.invalidArgument, "update namespace", "network", "must be true or false")
            }
            try await services.access.updateNamespace(name, NamespaceSettings(network: network))
            return .json(["name": .string(name), "network": .bool(network)])
        }
        router.on(.get, "/api/users") { request in
            try request.caller().requireAdmin("list users")
            return .json(["users": .array(try await services.access.users().map(Self.json))])
        }
        router.on(.post, "/api/users") { request in
            try request.caller().requireAdmin("create user")
            let body = try await request.json()
            let user = try await services.access.createUser(
                name: text(body, "name", "create user"), homeNamespace: text(body, "home_namespace", "create user"),
                isAdmin: body["is_admin"]?.boolValue ?? false, roles: roles(body))
            return .json(Self.json(user), status: .created)
        }
        router.on(.get, "/api/tokens") { request in
            try request.caller().requireAdmin("list tokens")
            return .json(["tokens": .array(try await services.access.tokens().map { Self.json($0, nil) })])
        }
        router.on(.post, "/api/tokens", tags: [ContentCodings.secretTag]) { request in
            try request.caller().requireAdmin("create token")
            let body = try await request.json()
            var expiry: Timestamp?
            if let given = body["expires_at"]?.stringValue {
                guard let time = Timestamp(rfc3339: given) else { throw MonoflowError(.invalidArgument, "create token", "expires_at", "\"\(given)\" is not a time such as 2026-01-31T12:00:00Z") }
                expiry = time
            }
            let issued = try await services.access.createToken(user: text(body, "user", "create token"), name: text(body, "name", "create token"), expiresAt: expiry)
            return .json(Self.json(issued.record, issued.text), status: .created)
        }
        router.on(.delete, "/api/tokens/{id}") { request in
            try request.caller().requireAdmin("revoke token")
            try await services.access.revokeToken(id: request.parameter("id"))
            return HTTPResponse(.noContent)
        }
    }

    private func text(_ body: JSON, _ key: String, _ operation: String) throws -> String {
        guard let text = body[key]?.stringValue, !text.isEmpty else { throw MonoflowError(.invalidArgument, operation, key, "is missing") }
        return text
    }

    private func roles(_ body: JSON) throws -> [String: Role] {
        var roles: [String: Role] = [:]
        for (index, item) in (body["roles"]?.arrayValue ?? []).enumerated() {
            guard let namespace = item["namespace"]?.stringValue, let role = item["role"]?.stringValue.flatMap(Role.init) else {
                throw MonoflowError(
                    .invalidArgument, "create user", "roles[\(index)]", "needs a namespace and a role", hint: "roles are \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            roles[namespace] = role
        }
        return roles
    }

    private static func json(_ user: UserRecord) -> JSON {
        [
            "name": .string(user.name), "home_namespace": .string(user.homeNamespace), "is_admin": .bool(user.isAdmin),
            "roles": .array(user.roles.sorted { $0.key < $1.key }.map { ["namespace": .string($0.key), "role": .string($0.value.rawValue)] }),
        ]
    }

    private static func json(_ token: TokenRecord, _ text: String?) -> JSON {
        .make([
            "id": .string(token.id), "user": .string(token.user), "name": .string(token.name), "token": text.map { .string($0) },
            "created_at": .time(token.createdAt), "expires_at": .time(token.expiresAt), "revoked_at": .time(token.revokedAt), "last_used_at": .time(token.lastUsedAt),
        ])
    }
}

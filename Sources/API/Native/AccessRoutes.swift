import Access
import Core
import HTTP
import Resources

/// Users and namespaces, and what belongs to them.
struct AccessRoutes: Sendable {
    let services: APIServices

    func add(to router: inout Router) {
        router.inline(.get, "/api/namespaces") { request in
            let all = try services.access.namespaces(of: request.caller())
            return .json(["namespaces": .array(all.map { ["name": .string($0.name), "role": .string($0.role.rawValue)] })])
        }
        router.on(.post, "/api/namespaces") { request in
            try request.caller().requireAdmin("create namespace")
            let name = try await request.json().text("name", "create namespace")
            // The object makes the namespace, so that both are there or neither.
            guard let kind = services.resources.kinds.definition("namespaces"), let version = kind.storedVersion else {
                throw MonoflowError(.internalError, "create namespace", name, "the kind is not served")
            }
            let object: JSON = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]
            do {
                _ = try await services.resources.create(KindReference(kind, version), namespace: "", object, WriteOptions(manager: "monoflow"))
            } catch let error as InvalidResource {
                throw MonoflowError(.invalidArgument, "create namespace", name, error.errors.map(\.description).joined(separator: "; "))
            }
            return .json(["name": .string(name), "role": "owner"], status: .created)
        }
        router.on(.get, "/api/namespaces/{name}") { request in
            let name = try request.parameter("name")
            try request.caller().require(.read, in: name)
            return .json([
                "name": .string(name), "network": .bool(services.access.settings(of: name)?.network ?? false),
                "phase": services.access.isTerminating(name) ? "Terminating" : "Active",
            ])
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
        router.on(.delete, "/api/namespaces/{name}") { request in
            try request.caller().requireAdmin("delete namespace")
            let name = try request.parameter("name")
            guard let kind = services.resources.kinds.definition("namespaces"), let version = kind.storedVersion else {
                throw MonoflowError(.internalError, "delete namespace", name, "the kind is not served")
            }
            // It goes when it is empty.
            _ = try await services.resources.delete(KindReference(kind, version), namespace: "", name: name, DeleteOptions())
            return .json(["name": .string(name), "phase": "Terminating"], status: .accepted)
        }
        router.on(.get, "/api/users") { request in
            try request.caller().requireAdmin("list users")
            return .json(["users": .array(try await services.access.users().map(Self.json))])
        }
        router.on(.post, "/api/users") { request in
            try request.caller().requireAdmin("create user")
            let body = try await request.json()
            let user = try await services.access.createUser(
                name: body.text("name", "create user"), homeNamespace: body.text("home_namespace", "create user"),
                isAdmin: body["is_admin"]?.boolValue ?? false, roles: roles(body))
            return .json(Self.json(user), status: .created)
        }
        router.on(.delete, "/api/users/{name}") { request in
            try request.caller().requireAdmin("delete user")
            try await services.access.deleteUser(request.parameter("name"))
            return HTTPResponse(.noContent)
        }
        MemberRoutes(access: services.access).add(to: &router)
        GroupRoutes(access: services.access).add(to: &router)
        TokenRoutes(access: services.access).add(to: &router)
        AuditRoutes(audit: services.access.audit).add(to: &router)
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
}

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
            try await NamespaceCreation.create(name, services.resources)
            return .json(["name": .string(name), "role": "owner"], status: .created)
        }
        router.on(.get, "/api/namespaces/{name}") { request in
            let name = try request.parameter("name")
            try request.caller().require(.read, in: name)
            return .json(Self.json(name, services.access.settings(of: name) ?? NamespaceSettings(network: false, egress: false), services.access.isTerminating(name)))
        }
        router.on(.patch, "/api/namespaces/{name}") { request in
            let name = try request.parameter("name")
            try request.caller().require(.administer, in: name)
            let body = try await request.json()
            var settings = services.access.settings(of: name) ?? NamespaceSettings()
            guard body["network"] != nil || body["egress"] != nil else {
                throw MonoflowError(.invalidArgument, "update namespace", name, "nothing to change", hint: "give network or egress, true or false")
            }
            settings.network = try Self.flag(body, "network") ?? settings.network
            settings.egress = try Self.flag(body, "egress") ?? settings.egress
            try await services.access.updateNamespace(name, settings)
            return .json(Self.json(name, settings, services.access.isTerminating(name)))
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
        IdentityRoutes(access: services.access).add(to: &router)
        GroupRoutes(access: services.access).add(to: &router)
        TokenRoutes(access: services.access).add(to: &router)
        AuditRoutes(audit: services.access.audit).add(to: &router)
        SecretRoutes(resources: services.resources).add(to: &router)
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

    private static func json(_ name: String, _ settings: NamespaceSettings, _ isTerminating: Bool) -> JSON {
        [
            "name": .string(name), "network": .bool(settings.network), "egress": .bool(settings.egress), "phase": isTerminating ? "Terminating" : "Active",
        ]
    }

    private static func flag(_ body: JSON, _ name: String) throws(MonoflowError) -> Bool? {
        guard let value = body[name] else { return nil }
        guard let flag = value.boolValue else { throw MonoflowError(.invalidArgument, "update namespace", name, "must be true or false") }
        return flag
    }

    private static func json(_ user: UserRecord) -> JSON {
        [
            "name": .string(user.name), "home_namespace": .string(user.homeNamespace), "is_admin": .bool(user.isAdmin),
            "roles": .array(user.roles.sorted { $0.key < $1.key }.map { ["namespace": .string($0.key), "role": .string($0.value.rawValue)] }),
        ]
    }
}

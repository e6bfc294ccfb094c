import Access
import Core
import HTTP

/// Who has which role in a namespace.
struct MemberRoutes: Sendable {
    let access: AccessService

    func add(to router: inout Router) {
        router.on(.get, "/api/namespaces/{name}/members") { request in
            let namespace = try request.parameter("name")
            try request.caller().require(.read, in: namespace)
            return .json(["members": .array(try await access.members(of: namespace).map { Self.json($0.user, $0.role) })])
        }
        router.on(.put, "/api/namespaces/{name}/members/{user}") { request in
            let (caller, namespace, user) = try administrator(request)
            guard let role = try await request.json()["role"]?.stringValue.flatMap(Role.init) else {
                throw MonoflowError(.invalidArgument, "set role", "role", "is missing or unknown", hint: "roles are \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            // Nobody gives what it has not.
            for permission in Permission.allCases where role.allows(permission) { try caller.require(permission, in: namespace) }
            try await access.setRole(user: user, namespace: namespace, role, keepsOwner: !caller.isAdmin)
            return .json(Self.json(user, role))
        }
        router.on(.delete, "/api/namespaces/{name}/members/{user}") { request in
            let (caller, namespace, user) = try administrator(request)
            try await access.setRole(user: user, namespace: namespace, nil, keepsOwner: !caller.isAdmin)
            return HTTPResponse(.noContent)
        }
    }

    private func administrator(_ request: HTTPRequest) throws -> (caller: Principal, namespace: String, user: String) {
        let caller = try request.caller(), namespace = try request.parameter("name")
        try caller.require(.administer, in: namespace)
        return (caller, namespace, try request.parameter("user"))
    }

    private static func json(_ user: String, _ role: Role) -> JSON { ["user": .string(user), "role": .string(role.rawValue)] }
}

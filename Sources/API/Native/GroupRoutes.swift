import Access
import Core
import HTTP

/// Groups of users, and their roles in namespaces.
struct GroupRoutes: Sendable {
    let access: AccessService

    func add(to router: inout Router) {
        router.on(.get, "/api/groups") { request in
            try request.caller().requireAdmin("list groups")
            return .json(["groups": .array(try await access.groups().map(Self.json))])
        }
        router.on(.post, "/api/groups") { request in
            try request.caller().requireAdmin("create group")
            let name = try await request.json().text("name", "create group")
            try await access.createGroup(name)
            return .json(["name": .string(name), "members": []], status: .created)
        }
        router.on(.delete, "/api/groups/{group}") { request in
            try request.caller().requireAdmin("delete group")
            try await access.deleteGroup(request.parameter("group"))
            return HTTPResponse(.noContent)
        }
        router.on(.put, "/api/groups/{group}/members/{user}") { request in
            try request.caller().requireAdmin("change group")
            try await access.setGroupMember(group: request.parameter("group"), user: request.parameter("user"), true)
            return HTTPResponse(.noContent)
        }
        router.on(.delete, "/api/groups/{group}/members/{user}") { request in
            try request.caller().requireAdmin("change group")
            try await access.setGroupMember(group: request.parameter("group"), user: request.parameter("user"), false)
            return HTTPResponse(.noContent)
        }
        router.on(.get, "/api/namespaces/{name}/groups") { request in
            let namespace = try request.parameter("name")
            try request.caller().require(.read, in: namespace)
            let bound = try await access.boundRoles(in: namespace).filter { $0.subject.kind == .group }
            return .json(["groups": .array(bound.map { ["group": .string($0.subject.name), "role": .string($0.role.rawValue)] })])
        }
        router.on(.put, "/api/namespaces/{name}/groups/{group}") { request in
            let caller = try request.caller(), namespace = try request.parameter("name"), group = try request.parameter("group")
            try caller.require(.administer, in: namespace)
            guard let role = try await request.json()["role"]?.stringValue.flatMap(Role.init) else {
                throw MonoflowError(
                    .invalidArgument, "set role", "role", "is missing or unknown", hint: "roles are \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            // Nobody gives what it has not.
            for permission in Permission.allCases where role.allows(permission) { try caller.require(permission, in: namespace) }
            try await access.setGroupRole(group: group, namespace: namespace, role, keepsOwner: !caller.isAdmin)
            return .json(["group": .string(group), "role": .string(role.rawValue)])
        }
        router.on(.delete, "/api/namespaces/{name}/groups/{group}") { request in
            let caller = try request.caller(), namespace = try request.parameter("name")
            try caller.require(.administer, in: namespace)
            try await access.setGroupRole(group: request.parameter("group"), namespace: namespace, nil, keepsOwner: !caller.isAdmin)
            return HTTPResponse(.noContent)
        }
    }

    private static func json(_ group: GroupRecord) -> JSON { ["name": .string(group.name), "members": .array(group.members.map { .string($0) })] }
}

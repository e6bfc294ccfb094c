import Core

enum GroupDescriptions {
    private static let role = Schema.word("owner", "editor", "viewer", "predict")

    static var group: RouteGroup {
        RouteGroup("Groups", "Groups of users, their roles, and users' identities at a provider.") {
            RouteGroup.Component("UserGroup", Schema.object(["name": Schema.text, "members": Schema.list(Schema.text)]))
            RouteGroup.Component("UserGroupList", Schema.object(["groups": Schema.list("UserGroup")]))
            RouteGroup.Component("UserGroupRequest", Schema.object(["name": Schema.text]))
            RouteGroup.Component("GroupRole", Schema.object(["group": Schema.text, "role": role]))
            RouteGroup.Component("GroupRoleList", Schema.object(["groups": Schema.list("GroupRole")]))
            RouteGroup.Component("GroupRoleRequest", Schema.object(["role": role]))
            RouteGroup.Component("Identity", Schema.object(
                ["issuer": Schema.text, "subject": Schema.text, "user": Schema.text], optional: ["created_at": Schema.time, "last_login_at": Schema.time]))
            RouteGroup.Component("IdentityList", Schema.object(["identities": Schema.list("Identity")]))
            RouteGroup.Component("IdentityRequest", Schema.object(["issuer": Schema.text, "subject": Schema.text]))
        } routes: {
            RouteDescription(.get, "/api/groups", "listGroupsOfUsers", "All groups. For administrators.", .json("UserGroupList"))
            RouteDescription(
                .post, "/api/groups", "createGroup", "Makes a group. For administrators.", body: .json("UserGroupRequest"), .json("UserGroup", 201),
                failures: [409, 415])
            RouteDescription(.delete, "/api/groups/{group}", "deleteGroup", "Ends a group with its roles. For administrators.", .noContent)
            RouteDescription(.put, "/api/groups/{group}/members/{user}", "addGroupMember", "Takes a user in. For administrators.", .noContent)
            RouteDescription(.delete, "/api/groups/{group}/members/{user}", "removeGroupMember", "Takes a user out. For administrators.", .noContent)
            RouteDescription(.get, "/api/namespaces/{name}/groups", "listGroupRoles", "Which groups have which role.", .json("GroupRoleList"))
            RouteDescription(
                .put, "/api/namespaces/{name}/groups/{group}", "setGroupRole", "Gives a group a role. For owners.", body: .json("GroupRoleRequest"),
                .json("GroupRole"), failures: [415])
            RouteDescription(.delete, "/api/namespaces/{name}/groups/{group}", "removeGroupRole", "Takes a group's role. For owners.", .noContent)
            RouteDescription(
                .get, "/api/users/{name}/identities", "listIdentities", "Whom of a provider the user is. For administrators.", .json("IdentityList"))
            RouteDescription(
                .post, "/api/users/{name}/identities", "linkIdentity", "Links the user to an identity. For administrators.", body: .json("IdentityRequest"),
                .json("Identity", 201), failures: [409, 415])
            RouteDescription(
                .delete, "/api/users/{name}/identities", "unlinkIdentity", "Ends the link and its sessions. For administrators.", query: [
                    .text("issuer", "The provider.", isRequired: true), .text("subject", "The user there.", isRequired: true),
                ], .noContent)
        }
    }
}

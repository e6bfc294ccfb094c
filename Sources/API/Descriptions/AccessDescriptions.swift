import Core

enum AccessDescriptions {
    private static let role = Schema.word("owner", "editor", "viewer", "predict")
    private static let limits: KeyValuePairs<String, JSON> = [
        "expires_at": Schema.time, "namespaces": Schema.list(Schema.text), "role": Schema.word("editor", "viewer", "predict"), "read_only": Schema.flag,
        "requests_per_minute": ["type": "integer", "minimum": 1, "maximum": 1_000_000],
    ]

    static var group: RouteGroup {
        RouteGroup("Access", "Namespaces, users, members, tokens, and the audit log.", components: components, routes: routes)
    }

    @ListBuilder<RouteGroup.Component>
    private static func components() -> [RouteGroup.Component] {
        RouteGroup.Component("NamespaceRole", Schema.object(["name": Schema.text, "role": role]))
        RouteGroup.Component("NamespaceList", Schema.object(["namespaces": Schema.list("NamespaceRole")]))
        RouteGroup.Component("NamespaceRequest", Schema.object(["name": Schema.text]))
        RouteGroup.Component("Namespace", Schema.object([
            "name": Schema.text, "network": Schema.flag, "egress": Schema.flag, "phase": Schema.word("Active", "Terminating"),
        ]))
        RouteGroup.Component("NamespaceSettingsRequest", Schema.object([:], optional: ["network": Schema.flag, "egress": Schema.flag]))
        RouteGroup.Component("TerminatingNamespace", Schema.object(["name": Schema.text, "phase": Schema.word("Terminating")]))
        RouteGroup.Component("RoleInNamespace", Schema.object(["namespace": Schema.text, "role": role]))
        RouteGroup.Component("User", Schema.object([
            "name": Schema.text, "home_namespace": Schema.text, "is_admin": Schema.flag, "roles": Schema.list("RoleInNamespace"),
        ]))
        RouteGroup.Component("UserList", Schema.object(["users": Schema.list("User")]))
        RouteGroup.Component("UserRequest", Schema.object(
            ["name": Schema.text, "home_namespace": Schema.text], optional: ["is_admin": Schema.flag, "roles": Schema.list("RoleInNamespaceRequest")]))
        RouteGroup.Component("RoleInNamespaceRequest", Schema.object(["namespace": Schema.text, "role": role]))
        RouteGroup.Component("Member", Schema.object(["user": Schema.text, "role": role]))
        RouteGroup.Component("MemberList", Schema.object(["members": Schema.list("Member")]))
        RouteGroup.Component("MemberRequest", Schema.object(["role": role]))
        RouteGroup.Component("TokenRequest", Schema.object(["user": Schema.text, "name": Schema.text], optional: limits))
        RouteGroup.Component("OwnTokenRequest", Schema.object(["name": Schema.text], optional: limits))
        RouteGroup.Component("Token", Schema.object(
            ["id": Schema.text, "user": Schema.text, "name": Schema.text, "created_at": Schema.time],
            optional: [
                "token": Schema.text, "expires_at": Schema.time, "revoked_at": Schema.time, "last_used_at": Schema.time, "namespaces": Schema.list(Schema.text),
                "role": Schema.word("editor", "viewer", "predict"), "read_only": Schema.flag, "requests_per_minute": Schema.integer,
            ]))
        RouteGroup.Component("TokenList", Schema.object(["tokens": Schema.list("Token")]))
        RouteGroup.Component("AuditEntry", Schema.object(
            [
                "id": Schema.integer, "time": Schema.time, "method": Schema.text, "route": Schema.text, "path": Schema.text, "status": Schema.integer,
                "peer": Schema.text,
            ],
            optional: ["user": Schema.text, "token_id": Schema.text, "namespace": Schema.text, "request_id": Schema.text, "dropped": Schema.integer]))
        RouteGroup.Component("AuditPage", Schema.object(["entries": Schema.list("AuditEntry")], optional: ["next": Schema.integer]))
    }

    @ListBuilder<RouteDescription>
    private static func routes() -> [RouteDescription] {
        RouteDescription(.get, "/api/namespaces", "listNamespaces", "The caller's namespaces, with its role in each.", .json("NamespaceList"))
        RouteDescription(
            .post, "/api/namespaces", "createNamespace", "Makes a namespace. For administrators.", body: .json("NamespaceRequest"), .json("NamespaceRole", 201),
            failures: [409, 415])
        RouteDescription(.get, "/api/namespaces/{name}", "getNamespace", "A namespace's settings.", .json("Namespace"))
        RouteDescription(
            .patch, "/api/namespaces/{name}", "updateNamespace", "Changes a namespace's settings. For its owners.", body: .json("NamespaceSettingsRequest"),
            .json("Namespace"), failures: [415])
        RouteDescription(
            .delete, "/api/namespaces/{name}", "deleteNamespace", "Empties a namespace, then ends it. For administrators.", .json("TerminatingNamespace", 202),
            failures: [409])
        RouteDescription(.get, "/api/namespaces/{name}/members", "listMembers", "Who has which role.", .json("MemberList"))
        RouteDescription(
            .put, "/api/namespaces/{name}/members/{user}", "setMember", "Gives a user a role. For owners.", body: .json("MemberRequest"), .json("Member"),
            failures: [415])
        RouteDescription(.delete, "/api/namespaces/{name}/members/{user}", "removeMember", "Takes a user's role. For owners.", .noContent)
        RouteDescription(.get, "/api/users", "listUsers", "All users. For administrators.", .json("UserList"))
        RouteDescription(
            .post, "/api/users", "createUser", "Makes a user. For administrators.", body: .json("UserRequest"), .json("User", 201), failures: [409, 415])
        RouteDescription(.delete, "/api/users/{name}", "deleteUser", "Ends a user, its tokens and sessions. For administrators.", .noContent)
        RouteDescription(.get, "/api/tokens", "listTokens", "Everybody's tokens, without their text. For administrators.", .json("TokenList"))
        RouteDescription(
            .post, "/api/tokens", "createToken", "Makes a token for a user; the answer shows its text this once. For administrators.",
            body: .json("TokenRequest"),
            .json("Token", 201), failures: [415])
        RouteDescription(.delete, "/api/tokens/{id}", "revokeToken", "Ends a token and the sessions opened with it. For administrators.", .noContent)
        RouteDescription(.get, "/api/me/tokens", "listOwnTokens", "The caller's tokens, without their text.", .json("TokenList"))
        RouteDescription(
            .post, "/api/me/tokens", "createOwnToken", "Makes a token for the caller, no wider than the one that asks.", body: .json("OwnTokenRequest"),
            .json("Token", 201), failures: [415])
        RouteDescription(.delete, "/api/me/tokens/{id}", "revokeOwnToken", "Ends one of the caller's tokens.", .noContent)
        RouteDescription(
            .get, "/api/audit", "listAudit", "Writes and denied requests, newest first: of a namespace for its owners, all for administrators.",
            query: [
                .text("namespace", "Entries of this namespace."), .text("user", "Entries of this user."),
                .integer("before", 0...Int64.max, "Entries before this one."),
                .integer("limit", 1...1000, "At most so many; 100 where left out."),
            ], .json("AuditPage"))
    }
}

import Core
import Database
import GRDB

/// Users, namespaces, roles and tokens. Whether the caller may is checked by who calls these.
extension AccessService {
    /// Creates an empty namespace.
    /// - Throws: `invalidArgument` for a bad name, `alreadyExists`.
    public func createNamespace(_ name: String) async throws(MonoflowError) {
        try AccessNames.checkNamespace(name)
        let now = clock.now()
        try await database.write { try AccessStore.insertNamespace($0, name, at: now) }
        namespaceIndex.set(name, NamespaceSettings())
    }

    /// The settings of a namespace; nil where there is none. Reads memory only.
    public func settings(of namespace: String) -> NamespaceSettings? { namespaceIndex[namespace] }

    /// They count for tasks that start from now on.
    /// - Throws: `notFound`.
    public func updateNamespace(_ name: String, _ settings: NamespaceSettings) async throws(MonoflowError) {
        guard try await database.write({ try AccessStore.update($0, namespace: name, settings) }) else {
            throw MonoflowError(.notFound, "update namespace", name, "there is no such namespace")
        }
        namespaceIndex.set(name, settings)
    }

    /// The namespaces in which the caller has a role, by name; an admin is an owner of all.
    public func namespaces(of principal: Principal) -> [NamespaceAccess] {
        guard principal.isAdmin else {
            return principal.roles.map { NamespaceAccess(name: $0.key, role: $0.value) }.sorted { $0.name < $1.name }
        }
        return namespaceIndex.names.map { NamespaceAccess(name: $0, role: .owner) }
    }

    /// - Parameter roles: by namespace; one of them must be the home namespace, unless the user is an admin.
    /// - Throws: `invalidArgument`, `alreadyExists`, `failedPrecondition` where a namespace is missing.
    public func createUser(name: String, homeNamespace: String, isAdmin: Bool, roles: [String: Role]) async throws(MonoflowError) -> UserRecord {
        try AccessNames.checkName(name, of: "user")
        guard isAdmin || roles[homeNamespace] != nil else {
            throw MonoflowError(.invalidArgument, "create user", name, "has no role in the home namespace \(homeNamespace)", hint: "give one in roles")
        }
        let user = UserRecord(
            id: identifiers.next(), name: name, homeNamespace: homeNamespace, isAdmin: isAdmin, roles: roles, createdAt: clock.now())
        try await database.write { try AccessStore.insert($0, user) }
        return user
    }

    /// By name.
    public func users() async throws(MonoflowError) -> [UserRecord] { try await database.read(AccessStore.users) }

    /// Gives the role, or takes it away where nil; it counts from the caller's next request on.
    /// - Throws: `notFound` where there is no such user or namespace.
    public func setRole(user name: String, namespace: String, _ role: Role?) async throws(MonoflowError) {
        try await database.write { db in
            let user = try Self.require(db, user: name, "set role")
            guard try AccessStore.namespaceExists(db, namespace) else {
                throw MonoflowError(.notFound, "set role", "namespace \(namespace)", "there is no such namespace")
            }
            try AccessStore.setRole(db, userID: user.id, namespace: namespace, role)
        }
        cache.removeAll()
    }

    /// Removes the user with its tokens and sessions.
    /// - Throws: `notFound`; `failedPrecondition` for the last admin.
    public func deleteUser(_ name: String) async throws(MonoflowError) {
        try await database.write { db in
            let user = try Self.require(db, user: name, "delete user")
            guard try !user.isAdmin || AccessStore.adminCount(db) > 1 else {
                throw MonoflowError(.failedPrecondition, "delete user", name, "is the last admin", hint: "create another admin first")
            }
            try AccessStore.delete(db, userID: user.id)
        }
        cache.removeAll()
    }

    /// Makes a token that stands for the user.
    /// - Throws: `notFound` where there is no such user; `invalidArgument` for a bad name or an end that has passed.
    public func createToken(user name: String, name tokenName: String, expiresAt: Timestamp? = nil) async throws(MonoflowError) -> IssuedToken {
        try AccessNames.checkName(tokenName, of: "token")
        let now = clock.now()
        if let expiresAt, expiresAt <= now {
            throw MonoflowError(.invalidArgument, "create token", "expires_at", "\(expiresAt.rfc3339()) has passed")
        }
        let text = Secret.make(prefix: Secret.tokenPrefix), hash = Secret.hash(text, prefix: Secret.tokenPrefix) ?? []
        let record = TokenRecord(id: identifiers.next(), user: name, name: tokenName, createdAt: now, expiresAt: expiresAt)
        try await database.write { db in
            try TokenStore.insert(db, record, userID: try Self.require(db, user: name, "create token").id, hash: hash)
        }
        return IssuedToken(record: record, text: text)
    }

    /// All tokens, newest first, revoked ones too.
    public func tokens() async throws(MonoflowError) -> [TokenRecord] { try await database.read(TokenStore.list) }

    /// Ends the token and the sessions opened with it, at once. A revoked one is left as it is.
    /// - Throws: `notFound`.
    public func revokeToken(id: String) async throws(MonoflowError) {
        let now = clock.now()
        let found = try await database.write { try TokenStore.revoke($0, id: id, at: now) }
        cache.removeAll()
        guard found else { throw MonoflowError(.notFound, "revoke token", id, "there is no such token") }
    }

    private static func require(_ db: GRDB.Database, user name: String, _ operation: String) throws -> UserRecord {
        guard let user = try AccessStore.find(db, name: name) else {
            throw MonoflowError(.notFound, operation, "user \(name)", "there is no such user")
        }
        return user
    }
}

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

    /// Creates an empty namespace in the caller's transaction; `namespaceAdded` follows once that is committed.
    /// - Throws: `invalidArgument` for a bad name, `alreadyExists`.
    public func addNamespace(_ db: GRDB.Database, _ name: String) throws {
        try AccessNames.checkNamespace(name)
        try AccessStore.insertNamespace(db, name, at: clock.now())
    }

    public func namespaceAdded(_ name: String) { namespaceIndex.set(name, NamespaceSettings()) }

    /// Every namespace, in alphabetical order.
    public var namespaceNames: [String] { namespaceIndex.names }

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
        let names = principal.isEverywhere ? namespaceIndex.names : principal.roles.keys.sorted()
        return names.compactMap { name in principal.role(in: name).map { NamespaceAccess(name: name, role: $0) } }
    }

    /// - Parameter roles: by namespace; one of them must be the home namespace, unless the user is an admin.
    /// - Throws: `invalidArgument`, `alreadyExists`, `failedPrecondition` where a namespace is missing.
    public func createUser(name: String, homeNamespace: String, isAdmin: Bool, roles: [String: Role]) async throws(MonoflowError) -> UserRecord {
        try AccessNames.checkName(name, of: "user")
        // What requests of service accounts are shown as.
        if name.hasPrefix("system:") { throw MonoflowError(.invalidArgument, "create user", name, "names that begin with system: are the server's own") }
        let user = UserRecord(
            id: identifiers.next(), name: name, homeNamespace: homeNamespace, isAdmin: isAdmin, roles: roles, createdAt: clock.now())
        return try await database.write { [self] db in
            // Roles may have been given to the name before.
            guard try isAdmin || roles[homeNamespace] != nil || BindingStore.role(db, .user(name), namespace: homeNamespace) != nil else {
                throw MonoflowError(.invalidArgument, "create user", name, "has no role in the home namespace \(homeNamespace)", hint: "give one in roles")
            }
            try AccessStore.insert(db, user)
            for (namespace, role) in roles.sorted(by: { $0.key < $1.key }) { try project(db, namespace, .user(name), role) }
            return try Self.require(db, user: name, "create user")
        }
    }

    /// By name.
    public func users() async throws(MonoflowError) -> [UserRecord] { try await database.read(AccessStore.users) }

    /// Those who have a role in the namespace, by name. Admins are not listed for being admins.
    public func members(of namespace: String) async throws(MonoflowError) -> [Member] {
        try await database.read { try AccessStore.members($0, namespace: namespace) }
    }

    /// Gives the role, or takes it away where nil; it counts from the caller's next request on.
    /// - Parameter keepsOwner: refuses to take the last owner from the namespace.
    /// - Throws: `notFound` where there is no such user or namespace; `failedPrecondition` for the last owner.
    public func setRole(user name: String, namespace: String, _ role: Role?, keepsOwner: Bool = false) async throws(MonoflowError) {
        try await database.write { [self] db in
            _ = try Self.require(db, user: name, "set role")
            try setRole(db, .user(name), namespace: namespace, role, keepsOwner: keepsOwner)
        }
        cache.removeAll()
    }

    /// Removes the user with its tokens and sessions.
    /// - Throws: `notFound`; `failedPrecondition` for the last admin.
    public func deleteUser(_ name: String) async throws(MonoflowError) {
        try await database.write { [self] db in
            let user = try Self.require(db, user: name, "delete user")
            guard try !user.isAdmin || AccessStore.adminCount(db) > 1 else {
                throw MonoflowError(.failedPrecondition, "delete user", name, "is the last admin", hint: "create another admin first")
            }
            try AccessStore.delete(db, userID: user.id)
            for namespace in user.roles.keys.sorted() { try project(db, namespace, .user(name), nil, isForced: true) }
        }
        cache.removeAll()
    }

    static func require(_ db: GRDB.Database, user name: String, _ operation: String) throws -> UserRecord {
        guard let user = try AccessStore.find(db, name: name) else {
            throw MonoflowError(.notFound, operation, "user \(name)", "there is no such user")
        }
        return user
    }
}

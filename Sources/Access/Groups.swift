import Core
import Database
import GRDB

/// Groups of users, changed by admins. Whether the caller may is checked by who calls these.
extension AccessService {
    /// By name.
    public func groups() async throws(MonoflowError) -> [GroupRecord] { try await database.read(BindingStore.groups) }

    /// Creates a group without members. Roles that were given to a group of this name count for its members.
    /// - Throws: `invalidArgument` for a bad name, `alreadyExists`.
    public func createGroup(_ name: String) async throws(MonoflowError) {
        try AccessNames.checkName(name, of: "group")
        let now = clock.now()
        try await database.write { try BindingStore.insertGroup($0, name, at: now) }
    }

    /// Removes the group and its roles; its members stay.
    /// - Throws: `notFound`.
    public func deleteGroup(_ name: String) async throws(MonoflowError) {
        try await database.write { [self] db in
            guard try BindingStore.deleteGroup(db, name) else { throw Self.noGroup(name, "delete group") }
            for namespace in try BindingStore.roles(db, of: .group(name)).keys.sorted() {
                try BindingStore.set(db, .group(name), namespace: namespace, nil)
                try project(db, namespace, .group(name), nil, isForced: true)
            }
        }
        cache.removeAll()
    }

    /// Takes a user into the group, or out of it; the group's roles count from the user's next request on. What is so already stays.
    /// - Throws: `notFound` where there is no such group or user.
    public func setGroupMember(group: String, user name: String, _ isMember: Bool) async throws(MonoflowError) {
        try await database.write { db in
            guard try BindingStore.groupExists(db, group) else { throw Self.noGroup(group, "change group") }
            try BindingStore.setMember(db, group: group, userID: try Self.require(db, user: name, "change group").id, isMember)
        }
        cache.removeAll()
    }

    /// The user's own roles and those of its groups, the greater of each namespace; and the groups.
    func roles(_ db: GRDB.Database, of user: UserRecord, outside: [String] = []) throws -> (roles: [String: Role], groups: [String]) {
        let groups = Set(try BindingStore.groups(db, of: user.id)).union(outside).sorted()
        var roles = user.roles
        for group in groups {
            roles.merge(try BindingStore.roles(db, of: .group(group))) { own, given in own.greater(given) }
        }
        return (roles, groups)
    }

    private static func noGroup(_ name: String, _ operation: String) -> MonoflowError {
        MonoflowError(.notFound, operation, "group \(name)", "there is no such group")
    }
}

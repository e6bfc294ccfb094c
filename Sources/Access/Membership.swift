import Core
import Database
import GRDB
import Synchronization

/// Told of every change of a role that did not come through a binding, in its transaction: it writes the bindings that show the role.
/// - Parameter isForced: the subject is gone; nothing may keep its role.
public typealias MembershipProjection = @Sendable (_ db: GRDB.Database, _ namespace: String, _ subject: Subject, _ role: Role?, _ isForced: Bool) throws -> Void

/// Roles of users, groups and service accounts in namespaces. Whether the caller may is checked by who calls these.
extension AccessService {
    /// Before requests are answered.
    public func setMembershipProjection(_ projection: @escaping MembershipProjection) { projections.withLock { $0 = Projection(show: projection) } }

    /// Users, groups and service accounts with a role of their own in the namespace, by kind and name. A user may not exist yet.
    public func boundRoles(in namespace: String) async throws(MonoflowError) -> [BoundRole] {
        try await database.read { try BindingStore.bound($0, namespace: namespace) }
    }

    public func boundRoles(_ db: GRDB.Database, in namespace: String) throws -> [BoundRole] { try BindingStore.bound(db, namespace: namespace) }

    /// Gives the role, or takes it away where nil, in a transaction whose bindings say so already; `membershipChanged` follows once that is committed.
    public func setBoundRole(_ db: GRDB.Database, _ subject: Subject, in namespace: String, _ role: Role?) throws {
        try BindingStore.set(db, subject, namespace: namespace, role)
    }

    /// Callers are looked up anew.
    public func membershipChanged() { cache.removeAll() }

    /// Gives a group the role, or takes it away where nil; it counts from its members' next request on. The group may be one from outside.
    /// - Throws: `notFound` where there is no such namespace, or no role to take; `failedPrecondition` for the last owner.
    public func setGroupRole(group: String, namespace: String, _ role: Role?, keepsOwner: Bool = false) async throws(MonoflowError) {
        try AccessNames.checkName(group, of: "group")
        try await database.write { [self] db in try setRole(db, .group(group), namespace: namespace, role, keepsOwner: keepsOwner) }
        cache.removeAll()
    }

    /// - Throws: as `setGroupRole`.
    func setRole(_ db: GRDB.Database, _ subject: Subject, namespace: String, _ role: Role?, keepsOwner: Bool) throws {
        guard try AccessStore.namespaceExists(db, namespace) else {
            throw MonoflowError(.notFound, "set role", "namespace \(namespace)", "there is no such namespace")
        }
        let before = try BindingStore.role(db, subject, namespace: namespace), name = "\(subject.kind.rawValue.lowercased()) \(subject.name)"
        guard role != nil || before != nil else { throw MonoflowError(.notFound, "set role", name, "has no role in the namespace \(namespace)") }
        if keepsOwner, before == .owner, role != .owner, try !hasOwner(db, namespace: namespace, beside: subject) {
            throw MonoflowError(
                .failedPrecondition, "set role", name, "is the last owner of the namespace \(namespace)",
                hint: "make somebody else an owner first, or ask an admin")
        }
        try BindingStore.set(db, subject, namespace: namespace, role)
        try project(db, namespace, subject, role)
    }

    /// Whether a user or group beside this one owns the namespace.
    public func hasOwner(_ db: GRDB.Database, namespace: String, beside subject: Subject? = nil) throws -> Bool {
        try BindingStore.bound(db, namespace: namespace).contains { $0.role == .owner && $0.subject.kind != .account && $0.subject != subject }
    }

    func project(_ db: GRDB.Database, _ namespace: String, _ subject: Subject, _ role: Role?, isForced: Bool = false) throws {
        try projections.withLock { $0 }?.show(db, namespace, subject, role, isForced)
    }
}

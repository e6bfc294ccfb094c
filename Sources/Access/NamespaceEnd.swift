import Core
import Database
import GRDB

/// The end of a namespace: it is marked, emptied by who keeps what is in it, and removed. The steps join transactions of the object that stands for it.
extension AccessService {
    /// Marks the namespace as one that is being emptied; `namespaceTerminating` follows once that is committed.
    public func terminateNamespace(_ db: GRDB.Database, _ name: String) throws {
        try db.execute(sql: "UPDATE namespaces SET state = 1 WHERE name = ? AND state = 0", arguments: [name])
    }

    public func namespaceTerminating(_ name: String) { namespaceIndex.terminate(name) }

    /// Whether nothing may be made in the namespace any more. Reads memory only.
    public func isTerminating(_ name: String) -> Bool { namespaceIndex.isTerminating(name) }

    /// Those on their way out, by name. Reads memory only.
    public var terminatingNamespaces: [String] { namespaceIndex.terminating }

    /// For whoever makes something in a namespace.
    /// - Throws: `permissionDenied` where it is being deleted.
    public func checkOpen(_ namespace: String) throws(MonoflowError) {
        if namespaceIndex.isTerminating(namespace) { throw Self.terminating(namespace) }
    }

    /// The same inside a transaction: nothing is stored after the namespace was marked.
    /// - Throws: `permissionDenied`; `notFound` where there is no such namespace.
    public func checkOpen(_ db: GRDB.Database, _ namespace: String) throws {
        guard let state = try Int.fetchOne(db.cachedStatement(sql: "SELECT state FROM namespaces WHERE name = ?"), arguments: [namespace]) else {
            throw MonoflowError(.notFound, "find namespace", namespace, "namespaces \"\(namespace)\" not found")
        }
        if state != 0 { throw Self.terminating(namespace) }
    }

    /// All that was in the namespace is gone: it may be removed now.
    public func namespaceEmptied(_ name: String) async throws(MonoflowError) {
        try await database.write { try $0.execute(sql: "UPDATE namespaces SET state = 2 WHERE name = ? AND state = 1", arguments: [name]) }
    }

    /// Removes the namespace with its roles, out of the limits of tokens, and as anybody's home; its audit entries stay.
    /// Tokens that were limited to it alone are revoked.
    /// - Throws: `conflict` where it has not been emptied.
    public func removeNamespace(_ db: GRDB.Database, _ name: String, fallback: String = AdminBootstrap.namespace) throws {
        guard let state = try Int.fetchOne(db, sql: "SELECT state FROM namespaces WHERE name = ?", arguments: [name]) else { return }
        guard state == 2 else {
            throw MonoflowError(.conflict, "delete namespace", name, "what is in the namespace is being removed", hint: "wait for its end")
        }
        try TokenStore.removeNamespace(db, name, at: clock.now())
        // A home is the namespace of requests that name none; it gives no rights.
        try db.execute(
            sql: """
                UPDATE users SET home_namespace = coalesce(
                    (SELECT min(namespace) FROM roles WHERE user_id = users.id AND namespace <> ?1), ?2) WHERE home_namespace = ?1
                """, arguments: [name, fallback])
        try db.execute(sql: "DELETE FROM bound_roles WHERE kind = 'ServiceAccount' AND substr(name, 1, ?) = ?", arguments: [name.utf8.count + 1, name + ":"])
        try db.execute(sql: "DELETE FROM namespaces WHERE name = ?", arguments: [name])
    }

    public func namespaceRemoved(_ name: String) {
        namespaceIndex.remove(name)
        cache.removeAll()
    }

    static func terminating(_ name: String) -> MonoflowError {
        MonoflowError(
            .permissionDenied, "write namespace", name, "unable to create new content in namespace \(name) because it is being terminated")
    }
}

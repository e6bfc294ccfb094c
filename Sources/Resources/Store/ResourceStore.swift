import Core
import GRDB

/// What a change leaves in the store, ready to be written: all but its version.
public struct PreparedResource: Sendable {
    public var key: ResourceKey
    public var uid: String
    public var document: VersionedDocument
    public var selectable: Selectable
    /// The uids of its owners.
    public var owners: [String]

    public init(key: ResourceKey, uid: String, document: VersionedDocument, selectable: Selectable, owners: [String]) {
        self.key = key
        self.uid = uid
        self.document = document
        self.selectable = selectable
        self.owners = owners
    }

    var labels: [String: String] { Selectable.texts(selectable.labels) }
}

/// SQL of objects, their labels and owners. Functions take the transaction that they join.
public enum ResourceStore {
    public static func find(_ db: GRDB.Database, _ key: ResourceKey) throws -> StoredResource? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT * FROM resources WHERE kind = ? AND namespace = ? AND name = ?"), arguments: [key.kind, key.namespace, key.name]
        ).map(record)
    }

    public static func find(_ db: GRDB.Database, uid: String) throws -> StoredResource? {
        try Row.fetchOne(db.cachedStatement(sql: "SELECT * FROM resources WHERE uid = ?"), arguments: [uid]).map(record)
    }

    /// The version that the next change is after: what a list says of itself.
    public static func version(_ db: GRDB.Database) throws -> Int64 {
        try Int64.fetchOne(db.cachedStatement(sql: "SELECT seq FROM sqlite_sequence WHERE name = 'resource_events'")) ?? 0
    }

    /// - Returns: the version. - Throws: `alreadyExists`.
    @discardableResult
    public static func insert(_ db: GRDB.Database, _ resource: PreparedResource, at now: Timestamp) throws -> Int64 {
        let version = try EventLog.append(db, .added, resource.key, document: resource.document, before: nil, at: now)
        do {
            try db.cachedStatement(sql: "INSERT INTO resources (kind, namespace, name, uid, version, document) VALUES (?, ?, ?, ?, ?, ?)")
                .execute(arguments: [
                    resource.key.kind, resource.key.namespace, resource.key.name, resource.uid, version, resource.document.text(version: version),
                ])
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            throw MonoflowError(.alreadyExists, "create \(resource.key.kind)", resource.key.name, "already exists")
        }
        let id = db.lastInsertedRowID
        try insertLabels(db, id, resource)
        try insertOwners(db, id, resource.owners)
        return version
    }

    /// Writes a changed object over the one that was read.
    /// - Parameter before: what was read; nothing is written where the store holds another version by now.
    /// - Returns: the version; nil where another version is stored by now.
    public static func update(_ db: GRDB.Database, _ resource: PreparedResource, over before: PreparedResource, version read: Int64, at now: Timestamp) throws -> Int64? {
        guard let row = try current(db, resource.key), row.version == read else { return nil }
        let selectable = before.selectable != resource.selectable ? before : nil
        let version = try EventLog.append(db, .modified, resource.key, document: resource.document, before: selectable, at: now)
        try db.cachedStatement(sql: "UPDATE resources SET version = ?, document = ? WHERE id = ?")
            .execute(arguments: [version, resource.document.text(version: version), row.id])
        if before.selectable.labels != resource.selectable.labels {
            try deleteLabels(db, row.id, before)
            try insertLabels(db, row.id, resource)
        }
        if before.owners != resource.owners {
            try deleteOwners(db, row.id, before.owners)
            try insertOwners(db, row.id, resource.owners)
        }
        return version
    }

    /// - Parameters:
    ///   - resource: as watchers see it last.
    ///   - indexes: as it was stored.
    /// - Returns: the version of the removal; nil where another version is stored by now.
    public static func delete(_ db: GRDB.Database, _ resource: PreparedResource, indexes before: PreparedResource, version read: Int64, at now: Timestamp) throws -> Int64? {
        guard let row = try current(db, resource.key), row.version == read else { return nil }
        let selectable = before.selectable != resource.selectable ? before : nil
        let version = try EventLog.append(db, .deleted, resource.key, document: resource.document, before: selectable, at: now)
        try db.cachedStatement(sql: "DELETE FROM resources WHERE id = ?").execute(arguments: [row.id])
        try deleteLabels(db, row.id, before)
        try deleteOwners(db, row.id, before.owners)
        return version
    }

    /// Objects that name the owner, at most `limit` with a row after the one given.
    public static func dependents(_ db: GRDB.Database, of owner: String, after row: Int64 = 0, limit: Int) throws -> [(row: Int64, resource: StoredResource)] {
        let sql = "SELECT resources.* FROM resource_owners JOIN resources ON resources.id = resource_id WHERE owner_uid = ? AND resource_id > ? ORDER BY resource_id LIMIT ?"
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [owner, row, limit]).map { ($0["id"], record($0)) }
    }

    public static func hasDependents(_ db: GRDB.Database, of owner: String) throws -> Bool {
        try Bool.fetchOne(db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM resource_owners WHERE owner_uid = ?)"), arguments: [owner]) ?? false
    }

    public static func exists(_ db: GRDB.Database, uid: String) throws -> Bool {
        try Bool.fetchOne(db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM resources WHERE uid = ?)"), arguments: [uid]) ?? false
    }

    public static func exists(_ db: GRDB.Database, kind: String) throws -> Bool {
        try Bool.fetchOne(db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM resources WHERE kind = ?)"), arguments: [kind]) ?? false
    }

    /// The uids that need the garbage collector's look after a restart: owners that are gone, and objects that wait for their end. In their order, at
    /// most `limit` after the one given.
    public static func unfinished(_ db: GRDB.Database, after uid: String, limit: Int) throws -> [String] {
        try String.fetchAll(
            db, sql: """
                SELECT DISTINCT owner_uid AS uid FROM resource_owners WHERE owner_uid > ?1 AND NOT EXISTS (SELECT 1 FROM resources WHERE uid = owner_uid)
                UNION SELECT uid FROM resources WHERE uid > ?1 AND document LIKE '%"deletionTimestamp":"%' ORDER BY uid LIMIT ?2
                """, arguments: [uid, limit])
    }

    /// The kinds of which a namespace holds objects.
    public static func kinds(_ db: GRDB.Database, in namespace: String) throws -> [String] {
        try String.fetchAll(db, sql: "SELECT DISTINCT kind FROM resources WHERE namespace = ? ORDER BY kind", arguments: [namespace])
    }

    static func record(_ row: Row) -> StoredResource {
        StoredResource(
            key: ResourceKey(kind: row["kind"], namespace: row["namespace"], name: row["name"]), uid: row["uid"], version: row["version"], document: row["document"])
    }

    private static func current(_ db: GRDB.Database, _ key: ResourceKey) throws -> (id: Int64, version: Int64)? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT id, version FROM resources WHERE kind = ? AND namespace = ? AND name = ?"),
            arguments: [key.kind, key.namespace, key.name]
        ).map { ($0["id"], $0["version"]) }
    }

    private static func insertLabels(_ db: GRDB.Database, _ id: Int64, _ resource: PreparedResource) throws {
        let statement = try db.cachedStatement(sql: "INSERT INTO resource_labels (kind, key, value, resource_id) VALUES (?, ?, ?, ?)")
        for (key, value) in resource.labels { try statement.execute(arguments: [resource.key.kind, key, value, id]) }
    }

    private static func deleteLabels(_ db: GRDB.Database, _ id: Int64, _ resource: PreparedResource) throws {
        let statement = try db.cachedStatement(sql: "DELETE FROM resource_labels WHERE kind = ? AND key = ? AND value = ? AND resource_id = ?")
        for (key, value) in resource.labels { try statement.execute(arguments: [resource.key.kind, key, value, id]) }
    }

    private static func insertOwners(_ db: GRDB.Database, _ id: Int64, _ owners: [String]) throws {
        let statement = try db.cachedStatement(sql: "INSERT INTO resource_owners (owner_uid, resource_id) VALUES (?, ?) ON CONFLICT DO NOTHING")
        for owner in owners { try statement.execute(arguments: [owner, id]) }
    }

    private static func deleteOwners(_ db: GRDB.Database, _ id: Int64, _ owners: [String]) throws {
        let statement = try db.cachedStatement(sql: "DELETE FROM resource_owners WHERE owner_uid = ? AND resource_id = ?")
        for owner in owners { try statement.execute(arguments: [owner, id]) }
    }
}

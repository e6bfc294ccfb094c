import Core
import GRDB

/// One request that wrote, or that was denied.
public struct AuditEntry: Sendable, Equatable {
    /// Given by the database, ascending; 0 before that.
    public var id: Int64 = 0
    public var at: Timestamp
    /// Empty where the caller is unknown; `task ID` for services.
    public var user: String
    public var tokenID: String?
    public var method: String
    /// The route's pattern.
    public var route: String
    /// Without the query.
    public var path: String
    /// Empty where unknown.
    public var namespace: String
    public var status: Int
    /// The client's address.
    public var peer: String
    public var requestID: String?
    /// Entries that were lost before this one.
    public var dropped = 0

    /// Texts that come from the client are cut to what a row takes.
    public init(
        at: Timestamp, user: String, tokenID: String?, method: String, route: String, path: String, namespace: String, status: Int, peer: String,
        requestID: String?
    ) {
        self.at = at
        self.user = user
        self.tokenID = tokenID
        self.method = method
        self.route = route
        self.path = Self.cut(path, 1024)
        self.namespace = Self.cut(namespace, 253)
        self.status = status
        self.peer = peer
        self.requestID = requestID.map { Self.cut($0, 128) }
    }

    private static func cut(_ text: String, _ bytes: Int) -> String {
        text.utf8.count <= bytes ? text : String(decoding: text.utf8.prefix(bytes), as: UTF8.self)
    }
}

/// SQL of the audit log. Functions take the transaction that they join.
enum AuditStore {
    /// Rows that one transaction removes at most.
    static let chunk = 500

    static func insert(_ db: GRDB.Database, _ entries: ArraySlice<AuditEntry>) throws {
        let statement = try db.cachedStatement(sql: """
            INSERT INTO audit (at, user, token_id, method, route, path, namespace, status, peer, request_id, dropped)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        for entry in entries {
            try statement.execute(arguments: [
                entry.at.milliseconds, entry.user, entry.tokenID, entry.method, entry.route, entry.path, entry.namespace, entry.status, entry.peer,
                entry.requestID, entry.dropped,
            ])
        }
    }

    /// Newest first. - Parameter before: an id that the page ends before.
    static func page(_ db: GRDB.Database, namespace: String?, user: String?, before: Int64?, limit: Int) throws -> [AuditEntry] {
        var conditions: [String] = [], arguments = StatementArguments()
        for (condition, value) in [("namespace = ?", namespace), ("user = ?", user)] as [(String, String?)] {
            guard let value else { continue }
            conditions.append(condition)
            arguments += [value]
        }
        if let before {
            conditions.append("id < ?")
            arguments += [before]
        }
        arguments += [limit]
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        return try Row.fetchAll(db, sql: "SELECT * FROM audit\(filter) ORDER BY id DESC LIMIT ?", arguments: arguments).map(entry)
    }

    /// Rows of known callers, and of unknown ones.
    static func counts(_ db: GRDB.Database) throws -> (named: Int, unnamed: Int) {
        let all = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM audit") ?? 0
        let unnamed = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM audit WHERE user = ''") ?? 0
        return (all - unnamed, unnamed)
    }

    /// Removes the oldest. - Returns: how many were removed.
    static func remove(_ db: GRDB.Database, named: Bool, _ count: Int) throws -> Int {
        let test = named ? "user <> ''" : "user = ''"
        try db.execute(sql: "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE \(test) ORDER BY id LIMIT ?)", arguments: [min(count, chunk)])
        return db.changesCount
    }

    /// Removes at most `chunk` of those before the time. - Returns: how many were removed.
    static func remove(_ db: GRDB.Database, before time: Timestamp) throws -> Int {
        try db.execute(
            sql: "DELETE FROM audit WHERE id IN (SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT ?) WHERE at < ?)",
            arguments: [chunk, time.milliseconds])
        return db.changesCount
    }

    private static func entry(_ row: Row) -> AuditEntry {
        var entry = AuditEntry(
            at: Timestamp(milliseconds: row["at"]), user: row["user"], tokenID: row["token_id"], method: row["method"], route: row["route"],
            path: row["path"], namespace: row["namespace"], status: row["status"], peer: row["peer"], requestID: row["request_id"])
        entry.id = row["id"]
        entry.dropped = row["dropped"]
        return entry
    }
}

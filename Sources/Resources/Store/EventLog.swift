import Core
import GRDB

public enum ResourceEventType: Int, Sendable {
    case added = 1, modified = 2, deleted = 3
}

/// One change as the log holds it.
public struct LoggedEvent: Sendable {
    public var version: Int64
    public var type: ResourceEventType
    public var key: ResourceKey
    /// As it was after the change; of a deleted object as it was last.
    public var document: String
    /// What selectors saw before the change, where that differs.
    public var before: Selectable?
}

/// What selectors look at, beside name and namespace.
public struct Selectable: Sendable, Equatable {
    /// An object of texts; null where there are none.
    public var labels: JSON
    public var fields: [String: String]

    public init(labels: JSON, fields: [String: String]) {
        self.labels = labels
        self.fields = fields
    }

    var json: JSON { ["labels": labels, "fields": .object(JSONObject(uniqueKeysWithValues: fields.map { ($0.key, .string($0.value)) }))] }

    init(json: JSON) {
        labels = json["labels"] ?? .null
        fields = Self.texts(json["fields"])
    }

    /// The text members of an object; others are left out.
    static func texts(_ object: JSON?) -> [String: String] {
        var map: [String: String] = [:]
        for (key, value) in object?.objectValue ?? [:] { map[key] = value.stringValue }
        return map
    }
}

/// SQL of the log of changes.
public enum EventLog {
    static func append(
        _ db: GRDB.Database, _ type: ResourceEventType, _ key: ResourceKey, document: VersionedDocument, before: PreparedResource?, at now: Timestamp
    ) throws -> Int64 {
        // The document holds the version that the row is about to get: the sequence is read first. One writer, so nobody comes between.
        let version = try ResourceStore.version(db) + 1
        try db.cachedStatement(sql: "INSERT INTO resource_events (version, type, kind, namespace, name, document, before, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .execute(arguments: [
                version, type.rawValue, key.kind, key.namespace, key.name, document.text(version: version),
                before?.selectable.json.text(), now.milliseconds,
            ])
        return version
    }

    /// The changes after a version, oldest first.
    /// - Parameters:
    ///   - kind: nil for all kinds.
    ///   - bytes: of documents, after which no more are read.
    public static func events(
        _ db: GRDB.Database, after version: Int64, through last: Int64 = .max, kind: String? = nil, limit: Int, bytes: Int = .max
    ) throws -> [LoggedEvent] {
        let condition = kind == nil ? "" : " AND kind = ?"
        var arguments: StatementArguments = [version, last]
        if let kind { arguments += [kind] }
        arguments += [limit]
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT * FROM resource_events WHERE version > ? AND version <= ?\(condition) ORDER BY version LIMIT ?"), arguments: arguments)
        var events: [LoggedEvent] = [], size = 0
        while size < bytes, let row = try rows.next() {
            let event = try event(row)
            size += event.document.utf8.count
            events.append(event)
        }
        return events
    }

    private static func event(_ row: Row) throws -> LoggedEvent {
        guard let type = ResourceEventType(rawValue: row["type"]) else {
            throw MonoflowError(.dataLoss, "read resource events", "version \(row["version"] as Int64)", "unknown type \(row["type"] as Int)")
        }
        return LoggedEvent(
            version: row["version"], type: type, key: ResourceKey(kind: row["kind"], namespace: row["namespace"], name: row["name"]), document: row["document"],
            before: try (row["before"] as String?).map { Selectable(json: try JSONParser.parse($0)) })
    }

    /// The version after which the log is whole: a watch from an earlier one has missed something.
    public static func start(_ db: GRDB.Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT MIN(version) FROM resource_events").map { $0 - 1 } ?? ResourceStore.version(db)
    }

    /// Removes the oldest rows, at most `limit` at a time.
    /// - Parameters:
    ///   - time: rows from this time on are kept, unless there are more than `rows` of them.
    /// - Returns: how many were removed.
    public static func trim(_ db: GRDB.Database, before time: Timestamp, rows: Int, limit: Int) throws -> Int {
        let excess = try ResourceStore.version(db) - Int64(rows)
        let oldest = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT version, at FROM resource_events ORDER BY version LIMIT ?"), arguments: [limit])
        var last: Int64?
        while let row = try oldest.next() {
            let version: Int64 = row["version"], at: Int64 = row["at"]
            guard version <= excess || at < time.milliseconds else { break }
            last = version
        }
        guard let last else { return 0 }
        try db.cachedStatement(sql: "DELETE FROM resource_events WHERE version <= ?").execute(arguments: [last])
        return db.changesCount
    }
}

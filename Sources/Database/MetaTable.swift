import Core
import GRDB

/// Small facts of the data directory as text, in the table `meta` of migration 0001.
public enum MetaTable {
    public static func value(_ db: GRDB.Database, _ key: String) throws -> String? {
        try String.fetchOne(db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
    }

    /// Nil removes the key.
    public static func set(_ db: GRDB.Database, _ key: String, _ value: String?) throws {
        guard let value else { return try db.execute(sql: "DELETE FROM meta WHERE key = ?", arguments: [key]) }
        try db.execute(
            sql: "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", arguments: [key, value])
    }
}

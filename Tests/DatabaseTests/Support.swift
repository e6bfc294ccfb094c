import Core
import Database
import Foundation
import GRDB

/// A directory of its own, removed with the value's last user.
final class TemporaryDirectory: Sendable {
    let path: String
    init() throws {
        path = NSTemporaryDirectory() + "/monoflow-" + Identifiers.random()
        try Files.makeDirectory(path)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func put(_ name: String, _ text: String) throws {
        try Files.writeAtomically(Array(text.utf8), to: path + "/" + name)
    }
}

extension MetadataDatabase {
    /// A database with `items(id PRIMARY KEY, owner → owners)`.
    static func withItems(_ directory: TemporaryDirectory, maximumPendingWrites: Int = 10_000) throws -> MetadataDatabase {
        let database = try MetadataDatabase(directory: directory.path, maximumPendingWrites: maximumPendingWrites)
        try database.writeBlocking { db in
            try db.execute(sql: """
                CREATE TABLE owners (name TEXT PRIMARY KEY) STRICT;
                CREATE TABLE items (
                    id INTEGER PRIMARY KEY, owner TEXT REFERENCES owners(name), size INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0)
                ) STRICT
                """)
        }
        return database
    }
}

func insert(_ db: GRDB.Database, _ id: Int) throws {
    try db.execute(sql: "INSERT INTO items (id) VALUES (?)", arguments: [id])
}

func ids(_ db: GRDB.Database) throws -> [Int] { try Int.fetchAll(db, sql: "SELECT id FROM items ORDER BY id") }

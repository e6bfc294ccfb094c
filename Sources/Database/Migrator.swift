import Core
import Foundation
import GRDB

/// Brings a database to this release's schema by numbered SQL files, forward only. A file is never edited once a
/// release has run it: its checksum is kept in the database and compared at each start.
public struct Migrator: Sendable {
    struct Migration: Sendable, Equatable {
        var number: Int
        /// The file's name, `NNNN_noun.sql`.
        var name: String
        var sql: String
        var checksum: String
    }

    let migrations: [Migration]

    /// Reads `DIRECTORY/NNNN_noun.sql`; other kinds of files are left alone.
    /// - Throws: `failedPrecondition` where a number is missing or used twice, or an `.sql` file has another form of name.
    public init(directory: String) throws(MonoflowError) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".sql") }.sorted()
        } catch {
            throw MonoflowError(.notFound, "read migrations", directory, "no such directory", hint: "pass the release's migrations folder")
        }
        guard !names.isEmpty else { throw MonoflowError(.notFound, "read migrations", directory, "holds no migration") }
        var found: [Migration] = []
        for name in names {
            guard let number = Self.number(of: name) else {
                throw MonoflowError(.failedPrecondition, "read migrations", name, "the name must be NNNN_noun.sql")
            }
            if let last = found.last, last.number == number {
                throw MonoflowError(.failedPrecondition, "read migrations", name, "has the number of \(last.name)")
            }
            guard number == found.count + 1 else {
                throw MonoflowError(.failedPrecondition, "read migrations", name, "number \(found.count + 1) is missing before it")
            }
            let bytes = try Files.read(directory + "/" + name, limit: 4 << 20)
            guard let sql = String(validating: bytes, as: UTF8.self) else {
                throw MonoflowError(.failedPrecondition, "read migrations", name, "is not UTF-8 text")
            }
            found.append(Migration(number: number, name: name, sql: sql, checksum: Hashing.hex(Hashing.sha256(bytes))))
        }
        migrations = found
    }

    /// Runs what is new, each file in a transaction of its own together with its record: a crash leaves whole steps.
    /// - Returns: the names of the files that ran, in order.
    /// - Throws: `failedPrecondition` naming the file where a landed one was edited, renamed or is unknown to this
    ///   release, or where its SQL fails. Nothing has changed by the failing step.
    public func migrate(_ database: MetadataDatabase, now: Timestamp) throws(MonoflowError) -> [String] {
        let landed = try database.writeBlocking { db in
            try db.execute(sql: """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL
                ) STRICT
                """)
            return try Row.fetchAll(db, sql: "SELECT number, name, checksum FROM schema_migrations ORDER BY number")
                .map { (number: $0["number"] as Int, name: $0["name"] as String, checksum: $0["checksum"] as String) }
        }
        for (index, row) in landed.enumerated() {
            guard row.number <= migrations.count else {
                throw MonoflowError(
                    .failedPrecondition, "open data directory", row.name, "this release does not know the migration",
                    hint: "the data was written by a newer release: start that one")
            }
            guard row.number == index + 1 else {
                throw MonoflowError(.dataLoss, "open data directory", row.name, "migration \(index + 1) was never recorded")
            }
            let file = migrations[index]
            guard file.name == row.name, file.checksum == row.checksum else {
                throw MonoflowError(
                    .failedPrecondition, "open data directory", file.name, "differs from \(row.name) as this data was migrated with",
                    hint: "landed migrations are never edited: restore the file, and put the change into a new one")
            }
        }
        for migration in migrations.dropFirst(landed.count) { try apply(migration, database, now) }
        return migrations.dropFirst(landed.count).map(\.name)
    }

    private func apply(_ migration: Migration, _ database: MetadataDatabase, _ now: Timestamp) throws(MonoflowError) {
        do {
            try database.writeBlocking { db in
                try db.execute(sql: migration.sql)
                guard db.isInsideTransaction else {
                    throw MonoflowError(.failedPrecondition, "migrate", migration.name, "the file ends its own transaction")
                }
                try db.execute(
                    sql: "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (?, ?, ?, ?)",
                    arguments: [migration.number, migration.name, migration.checksum, now.milliseconds])
            }
        } catch {
            throw MonoflowError(.failedPrecondition, "migrate", migration.name, error.message, hint: error.hint)
        }
    }

    /// The number of `NNNN_noun.sql`; nil for another form.
    static func number(of name: String) -> Int? {
        let parts = name.dropLast(4).split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 4, parts[0].utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }),
            !parts[1].isEmpty, parts[1].utf8.allSatisfy({ ($0 >= 97 && $0 <= 122) || $0 == 95 || ($0 >= 48 && $0 <= 57) })
        else { return nil }
        return Int(parts[0])
    }
}

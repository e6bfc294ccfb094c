import Core
import Foundation
import GRDB
import Testing

@testable import Database

@Suite struct MigratorTests {
    private let now = Timestamp(milliseconds: 1_000)
    private let files: TemporaryDirectory
    private let database: MetadataDatabase
    private let data: TemporaryDirectory

    init() throws {
        files = try TemporaryDirectory()
        data = try TemporaryDirectory()
        database = try MetadataDatabase(directory: data.path)
        try files.put("0001_cats.sql", "CREATE TABLE cats (name TEXT) STRICT; INSERT INTO cats VALUES ('tom');")
        try files.put("0002_dogs.sql", "CREATE TABLE dogs (name TEXT) STRICT;")
        try files.put("README.md", "not a migration")
    }

    private func migrate() throws -> [String] { try Migrator(directory: files.path).migrate(database, now: now) }

    private func error(_ body: () throws -> Void) -> MonoflowError? {
        do { try body(); return nil } catch { return error as? MonoflowError }
    }

    @Test func runsEachFileOnceAndOnlyForward() throws {
        #expect(try migrate() == ["0001_cats.sql", "0002_dogs.sql"])
        #expect(try migrate() == [])
        try files.put("0003_birds.sql", "ALTER TABLE cats ADD COLUMN prey TEXT;")
        #expect(try migrate() == ["0003_birds.sql"])
        let rows = try database.readBlocking { try Row.fetchAll($0, sql: "SELECT * FROM schema_migrations ORDER BY number") }
        #expect(rows.map { $0["number"] as Int } == [1, 2, 3])
        #expect(rows.map { $0["applied_at"] as Int } == [1_000, 1_000, 1_000])
        #expect(rows[1]["checksum"] == Hashing.sha256Hex("CREATE TABLE dogs (name TEXT) STRICT;"))
        #expect(try database.readBlocking { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM cats") } == 1)
    }

    @Test func anEditedFileIsNamed() throws {
        _ = try migrate()
        try files.put("0001_cats.sql", "CREATE TABLE cats (name TEXT, age INTEGER) STRICT;")
        let error = try #require(error { _ = try migrate() })
        #expect(error.code == .failedPrecondition && error.subject == "0001_cats.sql")
    }

    @Test func aRenamedFileIsNamed() throws {
        _ = try migrate()
        try FileManager.default.moveItem(atPath: files.path + "/0002_dogs.sql", toPath: files.path + "/0002_hounds.sql")
        #expect(try #require(error { _ = try migrate() }).subject == "0002_hounds.sql")
    }

    @Test func dataOfANewerReleaseIsRefusedAndKept() throws {
        try files.put("0003_birds.sql", "CREATE TABLE birds (name TEXT) STRICT;")
        _ = try migrate()
        try FileManager.default.removeItem(atPath: files.path + "/0003_birds.sql")
        let error = try #require(error { _ = try migrate() })
        #expect(error.code == .failedPrecondition && error.subject == "0003_birds.sql")
        #expect(error.hint?.contains("newer release") == true)
        #expect(try database.readBlocking { try $0.tableExists("birds") })
    }

    @Test(arguments: [
        ("0004_birds.sql", "0004_birds.sql", "number 3 is missing"),
        ("0002_birds.sql", "0002_dogs.sql", "has the number of 0002_birds.sql"),
        ("birds.sql", "birds.sql", "NNNN_noun.sql"),
        ("003_birds.sql", "003_birds.sql", "NNNN_noun.sql"),
        ("0003_Birds.sql", "0003_Birds.sql", "NNNN_noun.sql"),
    ])
    func misnumberedFilesAreNamed(file: String, subject: String, message: String) throws {
        try files.put(file, "CREATE TABLE birds (name TEXT) STRICT;")
        let error = try #require(error { _ = try migrate() })
        #expect(error.subject == subject && error.message.contains(message))
        #expect(try database.readBlocking { try $0.tableExists("cats") } == false)
    }

    @Test func aFailingFileLeavesTheStepsBeforeItWhole() throws {
        try files.put("0003_birds.sql", "CREATE TABLE birds (name TEXT) STRICT; INSERT INTO nothing VALUES (1);")
        let failed = try #require(error { _ = try migrate() })
        #expect(failed.subject == "0003_birds.sql" && failed.message.contains("nothing"))
        let state = try database.readBlocking { db in
            (try db.tableExists("birds"), try Int.fetchOne(db, sql: "SELECT MAX(number) FROM schema_migrations"))
        }
        #expect(state == (false, 2))
        try files.put("0003_birds.sql", "CREATE TABLE birds (name TEXT) STRICT;")
        #expect(try migrate() == ["0003_birds.sql"])
    }

    @Test func aFileMayNotEndItsTransaction() throws {
        try files.put("0003_birds.sql", "CREATE TABLE birds (name TEXT) STRICT; COMMIT;")
        #expect(try #require(error { _ = try migrate() }).subject == "0003_birds.sql")
        #expect(try database.readBlocking { try Int.fetchOne($0, sql: "SELECT MAX(number) FROM schema_migrations") } == 2)
    }

    @Test func aMissingFolderIsNamed() throws {
        #expect(error { _ = try Migrator(directory: "/nowhere/migrations") }?.subject == "/nowhere/migrations")
    }
}

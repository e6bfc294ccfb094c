import Core
import Database
import Foundation
import GRDB
import Testing

@Suite struct MetadataDatabaseTests {
    @Test func opensWithTheSettingsThatDurabilityNeeds() async throws {
        let directory = try TemporaryDirectory()
        let database = try MetadataDatabase.withItems(directory)
        let settings = try await database.write { db in
            try ["journal_mode", "synchronous", "foreign_keys"].map { try String.fetchOne(db, sql: "PRAGMA \($0)") }
        }
        #expect(settings == ["wal", "2", "1"])
        for name in ["monoflow.db", "monoflow.db-wal", "monoflow.db-shm"] {
            let mode = try FileManager.default.attributesOfItem(atPath: directory.path + "/" + name)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
    }

    @Test func aFailingWriteUndoesOnlyItself() async throws {
        let directory = try TemporaryDirectory()
        let database = try MetadataDatabase.withItems(directory)
        let outcomes = await withTaskGroup(of: (Int, MonoflowError?).self) { group in
            for id in 0..<200 {
                group.addTask {
                    do {
                        try await database.write { db in
                            try insert(db, id)
                            if id % 3 == 0 { throw MonoflowError(.invalidArgument, "insert", "\(id)", "refused") }
                        }
                        return (id, nil)
                    } catch { return (id, error as? MonoflowError) }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(outcomes.count == 67 && outcomes.allSatisfy { $0.value.code == .invalidArgument && $0.value.subject == "\($0.key)" })
        #expect(try await database.read(ids) == (0..<200).filter { $0 % 3 != 0 })
    }

    @Test func whatReturnedIsThereAfterReopening() async throws {
        let directory = try TemporaryDirectory()
        let database = try MetadataDatabase.withItems(directory)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<32 {
                group.addTask {
                    for turn in 0..<50 {
                        let id = worker * 50 + turn
                        try await database.write(lane: turn % 2 == 0 ? .transitions : .bulk) { try insert($0, id) }
                        // A write that has returned is seen by every later read.
                        let seen = try await database.read { try Int.fetchOne($0, sql: "SELECT id FROM items WHERE id = ?", arguments: [id]) }
                        #expect(seen == id)
                    }
                }
            }
            try await group.waitForAll()
        }
        try await database.close()
        try await database.close()
        let log = try FileManager.default.attributesOfItem(atPath: directory.path + "/monoflow.db-wal")
        #expect(log[.size] as? Int == 0)
        let again = try MetadataDatabase(directory: directory.path)
        #expect(try await again.read(ids) == Array(0..<1600))
    }

    @Test func aClosedDatabaseRefuses() async throws {
        let directory = try TemporaryDirectory()
        let database = try MetadataDatabase.withItems(directory)
        try await database.close()
        await #expect { try await database.write { try insert($0, 1) } } throws: { ($0 as? MonoflowError)?.code == .unavailable }
        await #expect { try await database.read(ids) } throws: { ($0 as? MonoflowError)?.code == .unavailable }
    }

    @Test func aCancelledTaskWedgesNothing() async throws {
        let directory = try TemporaryDirectory()
        let database = try MetadataDatabase.withItems(directory)
        await withTaskGroup(of: Void.self) { group in
            for id in 0..<100 {
                group.addTask {
                    _ = try? await database.read { try ids($0) }
                    // An accepted write is done although its task is cancelled.
                    try? await database.write { try insert($0, id) }
                }
            }
            group.cancelAll()
        }
        let code = await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            do { _ = try await database.read(ids); return nil } catch { return (error as? MonoflowError)?.code }
        }.value as MonoflowError.Code?
        #expect(code == .cancelled)
        #expect(try await database.read(ids).count == 100)
    }

    @Test(arguments: [
        ("INSERT INTO items (id) VALUES (1)", MonoflowError.Code.alreadyExists),
        ("INSERT INTO items (id, owner) VALUES (2, 'nobody')", .failedPrecondition),
        ("INSERT INTO items (id, size) VALUES (2, -1)", .invalidArgument),
        ("INSERT INTO items (id, size) VALUES (2, NULL)", .invalidArgument),
        ("INSERT INTO nothing VALUES (1)", .internalError),
    ])
    func resultCodesBecomeErrorCodes(sql: String, code: MonoflowError.Code) async throws {
        let directory = try TemporaryDirectory()
        let database = try MetadataDatabase.withItems(directory)
        try await database.write { try insert($0, 1) }
        await #expect { try await database.write { try $0.execute(sql: sql) } } throws: { ($0 as? MonoflowError)?.code == code }
        #expect(try await database.read(ids) == [1])
    }

    @Test func aFullFileFailsItsWriteAndLeavesTheRest() async throws {
        let directory = try TemporaryDirectory()
        let database = try MetadataDatabase.withItems(directory)
        try await database.write { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "CREATE TABLE big (body BLOB)")
            _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages + 4)")
        }
        await #expect { try await database.write { try $0.execute(sql: "INSERT INTO big VALUES (zeroblob(1000000))") } } throws: {
            ($0 as? MonoflowError)?.code == .resourceExhausted
        }
        try await database.write { try insert($0, 1) }
        #expect(try await database.read(ids) == [1])
    }

    @Test func aFileThatIsNoDatabaseIsNamed() throws {
        let directory = try TemporaryDirectory()
        try directory.put("monoflow.db", String(repeating: "not a database ", count: 100))
        #expect { try MetadataDatabase(directory: directory.path) } throws: {
            ($0 as? MonoflowError).map { $0.code == .dataLoss && $0.subject.hasSuffix("monoflow.db") } ?? false
        }
    }
}

import Core
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Database

/// The order in which bodies ran, and a clock that only they move.
private final class Journal: Sendable {
    let names = Mutex<[String]>([])
    let nanoseconds = Mutex<UInt64>(0)
    let commits = Mutex<[[String]]>([])
}

@Suite struct WriteQueueTests {
    private let directory: TemporaryDirectory
    private let pool: DatabasePool
    private let journal = Journal()
    private let queue: WriteQueue

    init() throws {
        directory = try TemporaryDirectory()
        pool = try DatabasePool(path: directory.path + "/queue.db")
        try pool.write { try $0.execute(sql: "CREATE TABLE items (id INTEGER PRIMARY KEY) STRICT") }
        let journal = journal
        queue = WriteQueue(pool: pool, capacity: 100) { journal.nanoseconds.withLock { $0 } }
    }

    private func submit(
        _ name: String, _ lane: WriteLane, takes: UInt64 = 0, _ more: @escaping @Sendable (GRDB.Database) throws -> Void = { _ in }
    ) {
        let journal = journal
        queue.submit(PendingWrite({ db in
            journal.names.withLock { $0.append(name) }
            journal.nanoseconds.withLock { $0 += takes }
            try more(db)
        }, resume: { (_: Result<Void, MonoflowError>) in }), lane: lane)
    }

    /// Keeps the writer's queue busy until the body has submitted everything, so that the order is the queue's own.
    private func whileHeld(_ body: () -> Void) async {
        let gate = DispatchSemaphore(value: 0)
        pool.asyncWriteWithoutTransaction { _ in gate.wait() }
        body()
        gate.signal()
        await withCheckedContinuation { done in pool.asyncWriteWithoutTransaction { _ in done.resume() } }
    }

    @Test func transitionsPassBulkWorkThatWaits() async {
        await whileHeld {
            for index in 0..<3 { submit("bulk \(index)", .bulk, takes: WriteQueue.bulkSliceNanoseconds) }
            for index in 0..<2 { submit("step \(index)", .transitions) }
        }
        #expect(journal.names.withLock { $0 } == ["step 0", "step 1", "bulk 0", "bulk 1", "bulk 2"])
    }

    @Test func aTransitionWaitsForOneBulkSliceAtMost() async {
        let queue = queue, journal = journal
        await whileHeld {
            for index in 0..<4 {
                // Two bulk writes fill a slice; a transition that comes in its first must run right after its second.
                submit("bulk \(index)", .bulk, takes: WriteQueue.bulkSliceNanoseconds / 2) { _ in
                    guard index % 2 == 0 else { return }
                    queue.submit(PendingWrite({ _ in journal.names.withLock { $0.append("step \(index)") } }, resume: { _ in }), lane: .transitions)
                }
            }
        }
        #expect(journal.names.withLock { $0 } == ["bulk 0", "bulk 1", "step 0", "bulk 2", "bulk 3", "step 2"])
    }

    @Test func bulkWorkIsNotStarvedByTransitions() async {
        let count = WriteQueue.maximumBatch
        let queue = WriteQueue(pool: pool, capacity: 3 * count)
        let order = Mutex<[WriteLane]>([])
        let shared = Shared(order)
        let gate = DispatchSemaphore(value: 0)
        pool.asyncWriteWithoutTransaction { _ in gate.wait() }
        for _ in 0..<2 * count {
            queue.submit(PendingWrite({ _ in shared.append(.transitions) }, resume: { (_: Result<Void, MonoflowError>) in }), lane: .transitions)
        }
        queue.submit(PendingWrite({ _ in shared.append(.bulk) }, resume: { (_: Result<Void, MonoflowError>) in }), lane: .bulk)
        gate.signal()
        await queue.close()
        #expect(shared.values.firstIndex(of: .bulk) == count)
        #expect(shared.values.count == 2 * count + 1)
    }

    @Test func writesThatWaitShareOneCommit() async {
        let versions = Versions()
        pool.add(transactionObserver: versions, extent: .databaseLifetime)
        await whileHeld {
            for index in 0..<50 {
                queue.submit(PendingWrite({ db in
                    try db.execute(sql: "INSERT INTO items VALUES (?)", arguments: [index])
                }, resume: { (_: Result<Void, MonoflowError>) in versions.count.withLock { $0 += 1 } }), lane: .transitions)
            }
        }
        #expect(versions.count.withLock { $0 } == 50)
        #expect(versions.commits.withLock { $0 } == 1)
    }

    @Test func aWriteThatEndsTheTransactionFailsItsBatchAndNothingIsAcknowledged() async throws {
        let outcomes = Shared(Mutex<[MonoflowError.Code?]>([]))
        func add(_ body: @escaping @Sendable (GRDB.Database) throws -> Void) {
            queue.submit(PendingWrite(body, resume: { (result: Result<Void, MonoflowError>) in
                if case .failure(let error) = result { outcomes.append(error.code) } else { outcomes.append(nil) }
            }), lane: .transitions)
        }
        await whileHeld {
            add { try $0.execute(sql: "INSERT INTO items VALUES (1)") }
            add { try $0.execute(sql: "ROLLBACK") }
            add { try $0.execute(sql: "INSERT INTO items VALUES (3)") }
        }
        let codes = outcomes.values
        #expect(codes.count == 3 && codes[0] == .unavailable && codes[1] != nil && codes[2] == nil)
        #expect(try await pool.read { try Int.fetchAll($0, sql: "SELECT id FROM items") } == [3])
    }

    @Test func aFullLaneRefusesAtOnceAndTheOtherIsOpen() async {
        let refused = Shared(Mutex<[MonoflowError.Code]>([]))
        await whileHeld {
            for _ in 0..<100 { submit("bulk", .bulk) }
            queue.submit(PendingWrite({ _ in }, resume: { (result: Result<Void, MonoflowError>) in
                if case .failure(let error) = result { refused.append(error.code) }
            }), lane: .bulk)
            #expect(refused.values == [.resourceExhausted])
            submit("step", .transitions)
        }
        #expect(journal.names.withLock { $0.filter { $0 == "step" }.count } == 1)
        #expect(journal.names.withLock { $0.count } == 101)
    }
}

private final class Versions: TransactionObserver, Sendable {
    let commits = Mutex(0)
    let count = Mutex(0)
    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ db: GRDB.Database) { commits.withLock { $0 += 1 } }
    func databaseDidRollback(_ db: GRDB.Database) {}
}

/// A list that several threads append to.
private final class Shared<Element: Sendable>: Sendable {
    private let list: Mutex<[Element]>
    init(_ list: consuming Mutex<[Element]>) { self.list = list }
    func append(_ element: Element) { list.withLock { $0.append(element) } }
    var values: [Element] { list.withLock { $0 } }
}

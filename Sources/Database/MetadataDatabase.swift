import Core
import Foundation
import GRDB
import Synchronization

/// Which queue to the one writer a write waits in.
public enum WriteLane: String, Sendable, CaseIterable {
    /// State changes that somebody waits for: served first.
    case transitions
    /// Audit, last-use times, logged metrics: served between the batches of transitions, at most ~5 ms at a time.
    case bulk
}

/// The one SQLite file of a data directory: a single writer with group commit, and readers that each see one
/// committed snapshot. A write that has returned survives a power cut.
///
/// Bodies run on the database's own threads with a connection that is inside a transaction: they may use any
/// statement but BEGIN, COMMIT and ROLLBACK, must not block on other work, and must not keep the connection.
public final class MetadataDatabase: Sendable {
    public static let fileName = "monoflow.db"
    /// Pending reads beyond this are refused.
    package static let maximumPendingReads = 10_000

    public let path: String
    private let pool: DatabasePool
    private let writes: WriteQueue
    private let pendingReads = Atomic<Int>(0)
    private let closed = Atomic<Bool>(false)

    /// Opens or creates `DIRECTORY/monoflow.db` with mode 0600, its directory with 0700 where it is missing.
    /// - Parameter maximumPendingWrites: writes of one lane beyond this are refused with `resourceExhausted`.
    /// - Throws: `dataLoss` where the file is no database, `unavailable` where it cannot be opened.
    public init(directory: String, maximumPendingWrites: Int = 10_000) throws(MonoflowError) {
        path = directory + "/" + Self.fileName
        try Files.makeDirectory(directory)
        // SQLite gives its -wal and -shm files the mode of the main file, so this one decides for all three.
        let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard fd >= 0 else { throw Files.failure("open database", path) }
        Foundation.close(fd)
        do {
            pool = try DatabasePool(path: path, configuration: Self.configuration())
            // GRDB lowers this to NORMAL when it turns WAL on; FULL syncs the log at each commit.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        } catch {
            throw DatabaseErrors.map(error, "open database", path)
        }
        writes = WriteQueue(pool: pool, capacity: maximumPendingWrites)
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.label = "monoflow.database"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = max(4, ProcessInfo.processInfo.activeProcessorCount)
        configuration.prepareDatabase { db in
            try db.execute(sql: """
                PRAGMA mmap_size = 268435456;
                PRAGMA cache_size = -16384;
                PRAGMA journal_size_limit = 67108864;
                PRAGMA trusted_schema = OFF;
                """)
        }
        return configuration
    }

    /// Runs the body in the writer's next transaction of the lane and returns once that is committed and synced.
    /// Bodies that wait together share one commit; each has its own savepoint, so a body that throws undoes only
    /// itself. Once accepted a write runs to its end, also when the calling task is cancelled.
    /// - Throws: what the body threw, if a `MonoflowError`; a SQLite failure by its result code (`DatabaseErrors`);
    ///   `resourceExhausted` when the lane is full; `unavailable` after `close`.
    public func write<T: Sendable>(
        lane: WriteLane = .transitions, _ body: @escaping @Sendable (GRDB.Database) throws -> T
    ) async throws(MonoflowError) -> T {
        let result: Result<T, MonoflowError> = await withCheckedContinuation { continuation in
            writes.submit(PendingWrite(body) { continuation.resume(returning: $0) }, lane: lane)
        }
        return try result.get()
    }

    /// The same on the calling thread, which is blocked meanwhile: for start-up, before anything is served.
    public func writeBlocking<T>(_ body: (GRDB.Database) throws -> T) throws(MonoflowError) -> T {
        do { return try pool.write(body) } catch { throw DatabaseErrors.map(error) }
    }

    /// Runs the body on a reader that sees one committed snapshot, that of the last write that returned or a later
    /// one. The body cannot write.
    /// - Throws: `cancelled` where the calling task is cancelled; `resourceExhausted` when too many reads wait.
    public func read<T: Sendable>(_ body: @escaping @Sendable (GRDB.Database) throws -> T) async throws(MonoflowError) -> T {
        guard !closed.load(ordering: .acquiring) else {
            throw MonoflowError(.unavailable, "read database", "", "the database is closed")
        }
        let pending = pendingReads.add(1, ordering: .relaxed).newValue
        defer { pendingReads.subtract(1, ordering: .relaxed) }
        guard pending <= Self.maximumPendingReads else {
            throw MonoflowError(.resourceExhausted, "read database", "", "\(pending - 1) reads are waiting", hint: "try again later")
        }
        do { return try await pool.read(body) } catch { throw DatabaseErrors.map(error, "read database") }
    }

    /// The same on the calling thread, which is blocked meanwhile: for start-up.
    public func readBlocking<T>(_ body: (GRDB.Database) throws -> T) throws(MonoflowError) -> T {
        do { return try pool.read(body) } catch { throw DatabaseErrors.map(error, "read database") }
    }

    /// Calls back after each commit that added rows to the table, also by a trigger, until the database is closed. On the writer's own thread: it must
    /// only signal.
    public func observeCommits(to table: String, _ notify: @escaping @Sendable () -> Void) {
        pool.add(transactionObserver: CommitObserver(table: table, notify: notify), extent: .databaseLifetime)
    }

    /// Refuses new writes, waits for the accepted ones, folds the log into the main file and closes. A second call does nothing.
    public func close() async throws(MonoflowError) {
        guard !closed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        await writes.close()
        // Best effort: what a reader still holds back stays in the log, which the next start reads.
        _ = try? await pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        do { try pool.close() } catch { throw DatabaseErrors.map(error, "close database", path) }
    }
}

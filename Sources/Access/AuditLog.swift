import Core
import Database
import GRDB
import Logging
import Synchronization

/// How much of the audit log is kept, and how it is written.
public struct AuditLimits: Sendable {
    /// Entries that may wait for the database; more are dropped and counted.
    public var queue = 10_000
    /// Of these, entries without a known caller: whoever has no token must not push out the others.
    public var unnamedQueue = 500
    /// How long an entry waits for others to share its transaction.
    public var delay = Duration.milliseconds(100)
    /// Rows of known callers that are kept.
    public var named = 1_000_000
    /// The same of unknown ones.
    public var unnamed = 100_000
    public var ageMilliseconds: Int64 = 90 * 86_400_000
    /// Old rows are looked for at most this often.
    public var trimMilliseconds: Int64 = 60_000

    public init() {}
}

/// Who wrote what, and who was denied. Entries are taken at once and written behind the requests, in the database's bulk lane.
public final class AuditLog: Sendable {
    /// Entries of one transaction: a few milliseconds' work.
    private static let batch = 256

    private struct State {
        var entries: [AuditEntry] = []
        var unnamed = 0
        /// Since the last entry that was taken.
        var dropped = 0
        var droppedTotal = 0
        var writer: Task<Void, Never>?
        var trimmedAt: Timestamp?
    }

    private let database: MetadataDatabase
    private let clock: WallClock
    private let logger: Logger
    private let limits: AuditLimits
    private let state = Mutex(State())

    public init(database: MetadataDatabase, clock: WallClock, logger: Logger, limits: AuditLimits = AuditLimits()) {
        self.database = database
        self.clock = clock
        self.logger = logger
        self.limits = limits
    }

    public var now: Timestamp { clock.now() }

    /// Entries lost since the start: the queue was full, or the database did not take them.
    public var dropped: Int { state.withLock { $0.droppedTotal } }

    /// Does not wait; also for event loops.
    public func add(_ entry: AuditEntry) {
        state.withLock { state in
            let isUnnamed = entry.user.isEmpty
            guard state.entries.count < limits.queue, !isUnnamed || state.unnamed < limits.unnamedQueue else {
                state.dropped += 1
                state.droppedTotal += 1
                return
            }
            var entry = entry
            entry.dropped = state.dropped
            state.dropped = 0
            if isUnnamed { state.unnamed += 1 }
            state.entries.append(entry)
            guard state.writer == nil else { return }
            state.writer = Task { [self] in
                try? await Task.sleep(for: limits.delay)
                repeat { await write() } while !isIdle()
                await trim()
            }
        }
    }

    /// Returns when what was added before is written.
    public func flush() async {
        if let writer = state.withLock({ $0.writer }) { await writer.value }
    }

    /// Newest first. - Parameters:
    ///   - before: an entry's id; the page begins with the one before it.
    ///   - limit: of entries.
    public func entries(namespace: String? = nil, user: String? = nil, before: Int64? = nil, limit: Int) async throws(MonoflowError) -> [AuditEntry] {
        try await database.read { try AuditStore.page($0, namespace: namespace, user: user, before: before, limit: limit) }
    }

    // MARK: Writing

    /// Whether nothing waits; the next entry then starts a writer of its own.
    private func isIdle() -> Bool {
        state.withLock { state in
            if state.entries.isEmpty { state.writer = nil }
            return state.entries.isEmpty
        }
    }

    private func write() async {
        let entries = state.withLock { state in
            defer { (state.entries, state.unnamed) = ([], 0) }
            return state.entries
        }
        for start in stride(from: 0, to: entries.count, by: Self.batch) {
            let slice = entries[start..<min(start + Self.batch, entries.count)]
            do {
                try await database.write(lane: .bulk) { try AuditStore.insert($0, slice) }
            } catch {
                let lost = slice.reduce(slice.count) { $0 + $1.dropped }
                state.withLock { state in
                    state.dropped += lost
                    state.droppedTotal += slice.count
                }
                logger.error("audit log: \(slice.count) entries were lost", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Removes what is too old or too much, a small transaction at a time.
    private func trim() async {
        let now = clock.now(), limits = limits
        let isDue = state.withLock { state in
            if let last = state.trimmedAt, now.milliseconds - last.milliseconds < limits.trimMilliseconds { return false }
            state.trimmedAt = now
            return true
        }
        guard isDue else { return }
        do {
            let cutoff = Timestamp(milliseconds: now.milliseconds - limits.ageMilliseconds)
            while try await database.write(lane: .bulk, { try AuditStore.remove($0, before: cutoff) }) == AuditStore.chunk {}
            let counts = try await database.read { try AuditStore.counts($0) }
            for (named, count, limit) in [(true, counts.named, limits.named), (false, counts.unnamed, limits.unnamed)] {
                var left = count - limit
                while left > 0 {
                    let (asked, removed) = (left, try await database.write(lane: .bulk) { [left] in try AuditStore.remove($0, named: named, left) })
                    left = removed == 0 ? 0 : asked - removed
                }
            }
        } catch {
            // The server is stopping: the next one goes on.
            if MonoflowError.wrap(error, "trim").code == .unavailable { return }
            logger.warning("audit log: old entries were not removed", metadata: ["error": "\(error)"])
        }
    }
}

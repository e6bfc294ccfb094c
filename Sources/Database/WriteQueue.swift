import Core
import DequeModule
import Dispatch
import GRDB
import Synchronization

/// One write that waits for the writer: what it does, and how its caller is told.
package struct PendingWrite: Sendable {
    /// Tells the caller: with the body's own outcome, or with why the transaction round it was undone.
    package typealias Completion = @Sendable (_ undone: MonoflowError?) -> Void
    fileprivate let attempt: @Sendable (GRDB.Database) -> Completion
    fileprivate let refuse: @Sendable (MonoflowError) -> Void

    package init<T: Sendable>(
        _ body: @escaping @Sendable (GRDB.Database) throws -> T, resume: @escaping @Sendable (Result<T, MonoflowError>) -> Void
    ) {
        refuse = { resume(.failure($0)) }
        attempt = { db in
            do {
                var value: [T] = []
                try db.inSavepoint {
                    value.append(try body(db))
                    return .commit
                }
                let answer = value[0]
                return { resume($0.map { .failure($0) } ?? .success(answer)) }
            } catch {
                let own = DatabaseErrors.map(error)
                return { _ in resume(.failure(own)) }
            }
        }
    }
}

/// Group commit over the pool's writer. A write is submitted to one of two bounded lanes; a drain, started on the
/// writer's own queue when there is none, alternates one batch of transitions with one slice of bulk work until both
/// lanes are empty. A batch is one transaction, and while its commit syncs the next one gathers.
package final class WriteQueue: Sendable {
    /// Writes of one transaction of the transitions lane: bounds how long the first waits for the last.
    package static let maximumBatch = 512
    /// After this much bulk work its transaction is committed. One body that takes longer cannot be split.
    package static let bulkSliceNanoseconds: UInt64 = 5_000_000

    private struct State {
        var lanes: [WriteLane: Deque<PendingWrite>] = [.transitions: [], .bulk: []]
        var draining = false
        var closed = false
    }

    private let pool: DatabasePool
    private let capacity: Int
    private let clock: @Sendable () -> UInt64
    private let state = Mutex(State())

    /// - Parameters:
    ///   - capacity: writes that may wait in one lane.
    ///   - clock: monotonic nanoseconds.
    package init(
        pool: DatabasePool, capacity: Int,
        clock: @escaping @Sendable () -> UInt64 = { DispatchTime.now().uptimeNanoseconds }
    ) {
        self.pool = pool
        self.capacity = capacity
        self.clock = clock
    }

    /// Takes the write, or refuses it at once: `resourceExhausted` when the lane is full, `unavailable` when closed.
    package func submit(_ write: PendingWrite, lane: WriteLane) {
        let (refusal, starts) = state.withLock { state -> (MonoflowError?, Bool) in
            if state.closed {
                return (MonoflowError(.unavailable, "write database", "", "the database is closed"), false)
            }
            guard state.lanes[lane, default: []].count < capacity else {
                let message = "\(capacity) writes are waiting in the \(lane.rawValue) lane"
                return (MonoflowError(.resourceExhausted, "write database", "", message, hint: "try again later"), false)
            }
            state.lanes[lane, default: []].append(write)
            defer { state.draining = true }
            return (nil, !state.draining)
        }
        if let refusal { write.refuse(refusal) }
        if starts { pool.asyncWriteWithoutTransaction { self.drain($0) } }
    }

    /// Refuses new writes and returns when the accepted ones are done.
    package func close() async {
        state.withLock { $0.closed = true }
        // The writer's queue is first in, first out: this runs after a drain that is under way.
        await withCheckedContinuation { done in pool.asyncWriteWithoutTransaction { _ in done.resume() } }
    }

    private func drain(_ db: GRDB.Database) {
        while true {
            for lane in WriteLane.allCases {
                if let first = next(lane) { runBatch(lane, first, db) }
            }
            let finished = state.withLock { state in
                state.draining = state.lanes.values.contains { !$0.isEmpty }
                return !state.draining
            }
            if finished { return }
        }
    }

    private func next(_ lane: WriteLane) -> PendingWrite? {
        state.withLock { $0.lanes[lane]?.popFirst() }
    }

    private func runBatch(_ lane: WriteLane, _ first: PendingWrite, _ db: GRDB.Database) {
        var completions: [PendingWrite.Completion] = []
        var undone: MonoflowError?
        let start = clock()
        do {
            try db.inTransaction(.immediate) {
                var current: PendingWrite? = first
                while let write = current {
                    completions.append(write.attempt(db))
                    // A full disk, an I/O error or a stray ROLLBACK ends the whole transaction, not the savepoint alone.
                    guard db.isInsideTransaction else {
                        throw MonoflowError(
                            .unavailable, "write database", "", "a failure in the same transaction undid this write", hint: "try again")
                    }
                    let isFull = switch lane {
                    case .transitions: completions.count >= Self.maximumBatch
                    case .bulk: clock() - start >= Self.bulkSliceNanoseconds
                    }
                    current = isFull ? nil : next(lane)
                }
                return .commit
            }
        } catch {
            undone = DatabaseErrors.map(error)
        }
        if completions.isEmpty, let undone { first.refuse(undone) }
        for complete in completions { complete(undone) }
    }
}

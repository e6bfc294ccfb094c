import Core
import DequeModule
import Synchronization

/// What a controller is to look at.
enum WorkItem: Hashable, Sendable {
    case job(uid: String)
    case cronJob(uid: String)
    case claim(namespace: String, name: String)
    /// Pods that ended long ago.
    case finishedPods
}

/// Level-triggered work: each item waits once, however often it was added, so that the queue is no longer than there are objects. What comes in
/// while an item is looked at has it looked at again.
final class WorkQueue: Sendable {
    private struct State {
        var ready: Deque<WorkItem> = []
        var waiting: Set<WorkItem> = []
        /// Items for a time.
        var times: [WorkItem: Timestamp] = [:]
        var failures: [WorkItem: Int] = [:]
    }
    private let clock: WallClock
    private let state = Mutex(State())
    private let signal: AsyncStream<Void>.Continuation
    private let signals: AsyncStream<Void>
    private static let longestDelay: Double = 60

    init(clock: WallClock) {
        self.clock = clock
        (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func add(_ item: WorkItem) {
        state.withLock { state in if state.waiting.insert(item).inserted { state.ready.append(item) } }
        signal.yield()
    }

    /// An earlier time for the same item stays.
    func add(_ item: WorkItem, at time: Timestamp) {
        state.withLock { state in state.times[item] = min(state.times[item] ?? time, time) }
        signal.yield()
    }

    /// Looks at the times again: the clock was changed.
    func wake() { signal.yield() }

    func close() { signal.finish() }

    /// Runs until the queue is closed.
    /// - Parameter handle: returns when the item is to be looked at again.
    func run(_ handle: @escaping @Sendable (WorkItem) async throws -> Timestamp?, failed: @escaping @Sendable (WorkItem, any Error) -> Void) async {
        var timer: Task<Void, Never>?
        defer { timer?.cancel() }
        for await _ in signals {
            while !Task.isCancelled, let item = take() {
                do {
                    let next = try await handle(item)
                    state.withLock { _ = $0.failures.removeValue(forKey: item) }
                    if let next { add(item, at: next) }
                } catch {
                    if Task.isCancelled { return }
                    failed(item, error)
                    let count = state.withLock { state in
                        state.failures[item, default: 0] += 1
                        return state.failures[item] ?? 1
                    }
                    add(item, at: clock.now().advanced(seconds: min(0.1 * Double(1 << min(count, 12)), Self.longestDelay)))
                }
            }
            timer?.cancel()
            guard let next = state.withLock({ $0.times.values.min() }) else { continue }
            let milliseconds = max(next.milliseconds - clock.now().milliseconds, 1)
            timer = Task { [signal] in
                try? await Task.sleep(for: .milliseconds(milliseconds))
                if !Task.isCancelled { signal.yield() }
            }
        }
    }

    private func take() -> WorkItem? {
        let now = clock.now()
        return state.withLock { state in
            for (item, time) in state.times where time <= now {
                state.times[item] = nil
                if state.waiting.insert(item).inserted { state.ready.append(item) }
            }
            guard let item = state.ready.popFirst() else { return nil }
            state.waiting.remove(item)
            return item
        }
    }
}

import Synchronization

/// Tells watchers that a run has changed. A watcher that is slow misses steps in between, never the last one.
public final class RunWatch: Sendable {
    private struct State {
        var version = 0
        var watchers: [String: [Int: AsyncStream<Int>.Continuation]] = [:]
        var nextWatcher = 0
        var isClosed = false
    }
    private let state = Mutex(State())

    public init() {}

    func changed(_ runID: String) {
        let (version, watchers) = state.withLock { state in
            state.version += 1
            return (state.version, state.watchers[runID].map { Array($0.values) } ?? [])
        }
        for watcher in watchers { watcher.yield(version) }
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Ends every stream, so that the requests which follow runs end when the server stops.
    public func close() {
        let all = state.withLock { state in
            state.isClosed = true
            defer { state.watchers = [:] }
            return state.watchers.values.flatMap { $0.values }
        }
        for watcher in all { watcher.finish() }
    }

    /// A number that grows with each change of the run; one element is given at once. Ends with its consumer.
    public func changes(of runID: String) -> AsyncStream<Int> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
        let (version, watcher) = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[runID, default: [:]][state.nextWatcher] = continuation
            return (state.version, state.nextWatcher)
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.watchers[runID]?[watcher] = nil
                if state.watchers[runID]?.isEmpty == true { state.watchers[runID] = nil }
            }
        }
        continuation.yield(version)
        if isClosed { continuation.finish() }
        return stream
    }
}

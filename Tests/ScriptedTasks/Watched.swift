import Synchronization

/// State that tests wait on: `until` returns when an update has made the predicate true.
public final class Watched<State: Sendable>: Sendable {
    private struct Inner {
        var state: State
        var waiting: [(holds: @Sendable (State) -> Bool, resume: CheckedContinuation<Void, Never>)] = []
    }
    private let inner: Mutex<Inner>

    public init(_ state: State) { inner = Mutex(Inner(state: state)) }

    public var value: State { inner.withLock { $0.state } }

    @discardableResult
    public func update<T: Sendable>(_ change: @Sendable (inout State) -> T) -> T {
        let (result, ready) = inner.withLock { inner in
            let result = change(&inner.state)
            let state = inner.state
            let ready = inner.waiting.filter { $0.holds(state) }.map(\.resume)
            inner.waiting.removeAll { $0.holds(state) }
            return (result, ready)
        }
        for continuation in ready { continuation.resume() }
        return result
    }

    public func until(_ holds: @escaping @Sendable (State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isTrue = inner.withLock { inner in
                if holds(inner.state) { return true }
                inner.waiting.append((holds, continuation))
                return false
            }
            if isTrue { continuation.resume() }
        }
    }
}

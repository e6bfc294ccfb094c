import Core
import Synchronization

/// A result that one task waits for and that the first of several events gives; what comes later is ignored.
public final class Promise<Value: Sendable>: Sendable {
    private struct State {
        var result: Result<Value, any Error>?
        var waiter: CheckedContinuation<Value, any Error>?
    }

    private let state = Mutex(State())

    public init() {}

    public var isFulfilled: Bool { state.withLock { $0.result != nil } }

    /// - Returns: false where there was a result already; a resource in `result` is then still the caller's to close.
    @discardableResult
    public func fulfil(_ result: Result<Value, any Error>) -> Bool {
        let (isFirst, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Value, any Error>?) in
            guard state.result == nil else { return (false, nil) }
            state.result = result
            defer { state.waiter = nil }
            return (true, state.waiter)
        }
        waiter?.resume(with: result)
        return isFirst
    }

    /// The result, once it is there; for one task. A task that is cancelled before fulfils the promise with `CancellationError`.
    public func value() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Value, any Error>? in
                    if state.result == nil { state.waiter = continuation }
                    return state.result
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            fulfil(.failure(CancellationError()))
        }
    }

    /// As `value()`, with `error` where nothing has come within `limit`.
    public func value(within limit: Duration, else error: MonoflowError) async throws -> Value {
        let timer = Task { [weak self] in
            try await Task.sleep(for: limit)
            self?.fulfil(.failure(error))
        }
        defer { timer.cancel() }
        return try await value()
    }
}

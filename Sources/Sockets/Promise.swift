import Core
import Synchronization

/// A result that one task waits for and that the first of several events gives; what comes later is ignored.
public final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, any Error>)
        case fulfilled(Result<Value, any Error>)
        /// Handed over, and not held here any more.
        case taken
    }

    private let state = Mutex(State.open)

    public init() {}

    public var isFulfilled: Bool {
        state.withLock { state in
            switch state {
            case .open, .awaited: false
            case .fulfilled, .taken: true
            }
        }
    }

    /// - Returns: false where there was a result already; a resource in `result` is then still the caller's to close.
    @discardableResult
    public func fulfil(_ result: Result<Value, any Error>) -> Bool {
        let (isFirst, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Value, any Error>?) in
            switch state {
            case .open:
                state = .fulfilled(result)
                return (true, nil)
            case .awaited(let waiter):
                state = .taken
                return (true, waiter)
            case .fulfilled, .taken: return (false, nil)
            }
        }
        waiter?.resume(with: result)
        return isFirst
    }

    /// The result, once it is there; to be called once. A task that is cancelled before fulfils the promise with `CancellationError`.
    public func value() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state -> Result<Value, any Error>? in
                    switch state {
                    case .open:
                        state = .awaited(continuation)
                        return nil
                    case .fulfilled(let result):
                        state = .taken
                        return result
                    case .awaited, .taken:
                        return .failure(MonoflowError(.internalError, "await", "", "two waits for one result"))
                    }
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

import Core
import Synchronization

/// The bounded hand-over of body chunks from a connection's loop to the one task that reads them.
///
/// The loop puts chunks in and stops reading the socket while `highWater` bytes wait; the reader's `next` starts it
/// again. At most one reader waits at a time.
final class BodyStream: Sendable {
    static let highWater = 256 << 10

    let length: Int64?
    /// Called (on any thread) when the reader first asks, and whenever the buffer has become empty enough again.
    private let onDemand: @Sendable () -> Void
    /// Called when nobody holds the stream any more.
    private let onRelease: (@Sendable () -> Void)?
    private let state = Mutex(State())

    private struct State {
        var chunks: [[UInt8]] = []
        var buffered = 0
        var ended = false
        var failure: MonoflowError?
        var trailers = HTTPHeaders()
        var waiter: CheckedContinuation<[UInt8]?, any Error>?
        var asked = false
        var full = false
    }

    init(length: Int64?, onDemand: @escaping @Sendable () -> Void, onRelease: (@Sendable () -> Void)? = nil) {
        self.length = length
        self.onDemand = onDemand
        self.onRelease = onRelease
    }

    deinit { onRelease?() }

    /// - Returns: whether the producer may go on; after false it waits for `onDemand`.
    func push(_ chunk: [UInt8]) -> Bool {
        let (waiter, more) = state.withLock { state -> (CheckedContinuation<[UInt8]?, any Error>?, Bool) in
            if let waiter = state.waiter {
                state.waiter = nil
                return (waiter, true)
            }
            // Small chunks are joined, so that the number of arrays has a bound too.
            if let last = state.chunks.indices.last, state.chunks[last].count + chunk.count <= 64 << 10 {
                state.chunks[last].append(contentsOf: chunk)
            } else {
                state.chunks.append(chunk)
            }
            state.buffered += chunk.count
            if state.buffered >= Self.highWater { state.full = true }
            return (nil, !state.full)
        }
        waiter?.resume(returning: chunk)
        return more
    }

    /// Whether the reader is behind, so that the socket is not read.
    var isFull: Bool { state.withLock { $0.full && !$0.ended } }

    var trailers: HTTPHeaders { state.withLock { $0.trailers } }

    /// Ends the stream; with an error, chunks that were not read yet are dropped. Later calls do nothing.
    func end(_ failure: MonoflowError? = nil, trailers: HTTPHeaders = HTTPHeaders()) {
        let waiter = state.withLock { state -> CheckedContinuation<[UInt8]?, any Error>? in
            guard !state.ended else { return nil }
            state.ended = true
            state.failure = failure
            state.trailers = trailers
            if failure != nil { state.chunks.removeAll() }
            defer { state.waiter = nil }
            return state.waiter
        }
        if let failure { waiter?.resume(throwing: failure) } else { waiter?.resume(returning: nil) }
    }

    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                var demand = false
                let ready = state.withLock { state -> Result<[UInt8]?, any Error>? in
                    if !state.asked {
                        state.asked = true
                        demand = true
                    }
                    if !state.chunks.isEmpty {
                        let chunk = state.chunks.removeFirst()
                        state.buffered -= chunk.count
                        if state.full && state.buffered <= Self.highWater / 2 {
                            state.full = false
                            demand = true
                        }
                        return .success(chunk)
                    }
                    if let failure = state.failure { return .failure(failure) }
                    if state.ended { return .success(nil) }
                    if state.waiter != nil {
                        return .failure(MonoflowError(.internalError, "read body", "", "two readers of one body"))
                    }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.waiter = continuation
                    return nil
                }
                if demand { onDemand() }
                if let ready { continuation.resume(with: ready) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(throwing: CancellationError())
        }
    }
}

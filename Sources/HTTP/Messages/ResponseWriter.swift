import Core
import Synchronization

/// Writes a body that is sent as it is made: of a response, of a client's request, or one direction of a tunnel. Usable from one task at a time.
public final class ResponseWriter: Sendable {
    /// Bytes handed over but not yet taken by the kernel, above which `write` waits, and below which it goes on.
    static let highWater = 256 << 10
    static let lowWater = 64 << 10

    private struct State {
        var pending: [[UInt8]] = []
        var trailers: HTTPHeaders?
        var outstanding = 0
        var scheduled = false
        var closed = false
        var waiter: CheckedContinuation<Void, any Error>?
        /// Outstanding bytes at which the waiter goes on.
        var room = ResponseWriter.lowWater
    }

    private let state = Mutex(State())
    /// Asks the connection's loop to call `take`.
    private let wake: @Sendable () -> Void

    /// The coding of the body, from `encode(with:)` on.
    private let coding = Mutex<DeflaterLease?>(nil)

    /// What a write throws after the end.
    private let gone: MonoflowError

    init(
        wake: @escaping @Sendable () -> Void, gone: MonoflowError = MonoflowError(.cancelled, "write response", "", "the client went away")
    ) {
        self.wake = wake
        self.gone = gone
    }

    /// Sends bytes; returns when they are queued, and waits while the receiver is more than 256 KiB behind.
    /// - Throws: `cancelled` when the receiver went away, or the task was cancelled.
    public func write(_ bytes: [UInt8]) async throws {
        if bytes.isEmpty { return }
        // Each piece can be read when it arrives: a log that is followed must not wait for more lines.
        try await send(try coded(bytes, .sync) ?? bytes)
    }

    /// Codes what is written from now on.
    func encode(with lease: DeflaterLease) { coding.withLock { $0 = lease } }

    /// Ends the coded body.
    func finishEncoding() async throws {
        if let last = try coded([], .finish) { try await send(last) }
        coding.withLock { $0 = nil }
    }

    /// Nil where the body is not coded.
    private func coded(_ bytes: [UInt8], _ flush: Deflater.Flush) throws -> [UInt8]? {
        try coding.withLock { lease in
            guard let lease else { return nil }
            var out: [UInt8] = []
            try lease.deflater.write(bytes, flush, into: &out)
            return out
        }
    }

    private func send(_ bytes: [UInt8]) async throws {
        if bytes.isEmpty { return }
        var schedule = false
        let mustWait = try state.withLock { state in
            if state.closed { throw gone }
            state.pending.append(bytes)
            state.outstanding += bytes.count
            schedule = !state.scheduled
            state.scheduled = true
            return state.outstanding > Self.highWater
        }
        if schedule { wake() }
        if mustWait { try await room(Self.lowWater) }
    }

    public func write(_ text: String) async throws { try await write(Array(text.utf8)) }

    /// Sets what is sent behind the body: trailers of HTTP/2, or of a chunked body. Dropped where the body has an announced length
    /// over HTTP/1.1, or the client speaks HTTP/1.0.
    public func trailers(_ headers: HTTPHeaders) { state.withLock { $0.trailers = headers } }

    /// One server-sent event; line ends in `data` make several data lines.
    public func event(_ name: String? = nil, data: String, id: String? = nil) async throws {
        var text = ""
        if let name { text += "event: \(name)\n" }
        if let id { text += "id: \(id)\n" }
        for line in data.split(separator: "\n", omittingEmptySubsequences: false) { text += "data: \(line)\n" }
        try await write(text + "\n")
    }

    /// Whether the receiver is gone; the task that writes is cancelled then, too.
    public var isClosed: Bool { state.withLock { $0.closed } }

    /// Returns when the kernel has taken all that was written. Over TLS what is written next begins a record of its own.
    /// - Throws: as `write`.
    public func flush() async throws { try await room(0) }

    private func room(_ most: Int) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let result = state.withLock { state -> Result<Void, any Error>? in
                    if state.closed || Task.isCancelled { return .failure(gone) }
                    if state.outstanding <= most { return .success(()) }
                    state.waiter = continuation
                    state.room = most
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            resumeWaiter(throwing: gone)
        }
    }

    private func resumeWaiter(throwing error: any Error) {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(throwing: error)
    }

    // The loop's side.

    /// All bytes written since the last call.
    func take() -> [[UInt8]] {
        state.withLock { state in
            state.scheduled = false
            defer { state.pending.removeAll() }
            return state.pending
        }
    }

    func takeTrailers() -> HTTPHeaders? { state.withLock { $0.trailers } }

    /// - Parameter queued: bytes of this response that still wait in the connection.
    func drained(queued: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            state.outstanding = queued + state.pending.reduce(0) { $0 + $1.count }
            guard state.outstanding <= state.room else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    func close() {
        state.withLock { $0.closed = true; $0.pending.removeAll() }
        resumeWaiter(throwing: gone)
    }
}

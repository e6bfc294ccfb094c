import HTTP
import Synchronization

/// Where the two tasks of a call meet: the HTTP handler's, which must answer with a head before a body can be written,
/// and the gRPC handler's, which may set metadata until its first message and may fail before it.
final class ServerExchange: Sendable {
    /// What the HTTP handler answers with.
    enum Head: Sendable {
        /// The call ended before any message.
        case trailersOnly(GRPCStatus)
        /// The one message of a call that has ended well.
        case whole([UInt8])
        /// Messages follow.
        case open
    }

    private struct State {
        var head: Head?
        var status: GRPCStatus?
        var writer: ResponseWriter?
        var task: Task<Void, Never>?
        var headWaiter: CheckedContinuation<Head, Never>?
        var statusWaiter: CheckedContinuation<GRPCStatus, Never>?
        var writerWaiters: [CheckedContinuation<ResponseWriter, any Error>] = []
        /// Called once, at the end.
        var onEnd: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    var isEnded: Bool { state.withLock { $0.status != nil } }

    // MARK: the gRPC handler's side

    /// Where messages go; the first call has the head sent. - Throws: the status with which the call has ended.
    func writer() async throws -> ResponseWriter {
        let (ready, waiter) = try state.withLock { state in
            if let status = state.status { throw Self.over(status) }
            if state.writer != nil || state.head != nil { return (state.writer, nil as CheckedContinuation<Head, Never>?) }
            state.head = .open
            defer { state.headWaiter = nil }
            return (nil, state.headWaiter)
        }
        if let ready { return ready }
        waiter?.resume(returning: .open)
        return try await withCheckedThrowingContinuation { continuation in
            let result = state.withLock { state -> Result<ResponseWriter, any Error>? in
                if let status = state.status { return .failure(Self.over(status)) }
                if let writer = state.writer { return .success(writer) }
                state.writerWaiters.append(continuation)
                return nil
            }
            if let result { continuation.resume(with: result) }
        }
    }

    /// Ends the call well with its one message, which goes out together with the head where that is still to come.
    func finish(_ frame: [UInt8]) async throws {
        let isOpen = state.withLock { $0.head != nil }
        if isOpen { try await writer().write(frame) }
        end(.ok, head: isOpen ? nil : .whole(frame))
    }

    private static func over(_ status: GRPCStatus) -> GRPCStatus {
        status.code == .ok ? GRPCStatus(.internalError, "a message was sent after the end of the call") : status
    }

    // MARK: the end

    /// Ends the call; only the first end counts.
    func end(_ status: GRPCStatus) { end(status, head: .trailersOnly(status)) }

    /// Ends the call for a reason from outside and cancels its handler.
    func cancel(_ status: GRPCStatus) {
        end(status)
        state.withLock { $0.task }?.cancel()
    }

    private func end(_ status: GRPCStatus, head: Head?) {
        let last = state.withLock { state -> State? in
            if state.status != nil { return nil }
            let before = state
            state.status = status
            if state.head == nil { state.head = head }
            (state.headWaiter, state.statusWaiter, state.writerWaiters, state.onEnd) = (nil, nil, [], nil)
            return before
        }
        guard let last else { return }
        if let head { last.headWaiter?.resume(returning: head) }
        last.statusWaiter?.resume(returning: status)
        for waiter in last.writerWaiters { waiter.resume(throwing: Self.over(status)) }
        last.onEnd?()
    }

    // MARK: the HTTP handler's side

    /// - Parameters:
    ///   - task: the gRPC handler's.
    ///   - onEnd: called at the end, at once where that has come already.
    func run(_ task: Task<Void, Never>, onEnd: @escaping @Sendable () -> Void) {
        let status = state.withLock { state in
            state.task = task
            if state.status == nil { state.onEnd = onEnd }
            return state.status
        }
        guard let status else { return }
        onEnd()
        if status.code != .ok { task.cancel() }
    }

    /// Waits for the first thing that the gRPC handler does.
    func head() async -> Head {
        await withCheckedContinuation { continuation in
            let head = state.withLock { state -> Head? in
                if state.head == nil { state.headWaiter = continuation }
                return state.head
            }
            if let head { continuation.resume(returning: head) }
        }
    }

    /// Lets messages through and waits for the end.
    func status(writingTo writer: ResponseWriter) async -> GRPCStatus {
        await withCheckedContinuation { continuation in
            let (status, waiters) = state.withLock { state in
                if let status = state.status { return (status as GRPCStatus?, [] as [CheckedContinuation<ResponseWriter, any Error>]) }
                state.writer = writer
                state.statusWaiter = continuation
                defer { state.writerWaiters = [] }
                return (nil, state.writerWaiters)
            }
            for waiter in waiters { waiter.resume(returning: writer) }
            if let status { continuation.resume(returning: status) }
        }
    }
}

import Core
import HTTP
import Synchronization

/// One call under way, seen by its caller. Letting go of it, and of its `responses`, before the end cancels it; so does
/// cancelling a task that waits in one of its methods.
public final class GRPCClientCall<In: Sendable, Out: Sendable>: Sendable {
    let stream: ClientStream
    private let writer: FrameWriter
    private let encode: @Sendable (In) throws -> GRPCMessage
    /// What the server answers. Iterating throws the call's status unless that is OK.
    public let responses: GRPCMessages<Out>

    init(_ stream: ClientStream, request: GRPCCodec<In>, response: GRPCCodec<Out>, writer: FrameWriter) {
        self.stream = stream
        self.writer = writer
        encode = request.encode
        responses = GRPCMessages(source: stream, limit: writer.limits.receivedMessageBytes, decode: response.decode)
    }

    /// Sends one message; returns when it is queued and waits while the server is more than 256 KiB behind.
    /// - Throws: why the call has ended; where it was the server that ended it, `responses` tells the status.
    public func send(_ value: In) async throws(GRPCStatus) {
        do { try await stream.write(try writer.frame(try encode(value))) } catch { throw stream.status(of: error) }
    }

    /// No more messages follow.
    public func finishSending() { stream.http.endBody() }

    /// What the server sent before its first message. - Throws: why there is none.
    public func initialMetadata() async throws(GRPCStatus) -> GRPCMetadata {
        do { return GRPCMetadata(received: try await stream.head().headers) } catch { throw stream.status(of: error) }
    }

    /// What the server sent with the status; empty before `responses` has ended.
    public var trailingMetadata: GRPCMetadata { stream.trailing }

    /// Gives the call up; the server's handler is cancelled.
    public func cancel() { stream.cancel(GRPCStatus(.cancelled, "the call was cancelled")) }
}

/// The HTTP/2 stream of a call, and how it ended.
final class ClientStream: GRPCMessageSource {
    let method: String
    let http: HTTP2ClientStream
    private let deadlines: Deadlines
    private let response: Task<HTTP2ClientResponse, any Error>
    private let state = Mutex(State())

    private struct State {
        /// Why the call was given up on this side; goes before what the server says.
        var reason: GRPCStatus?
        var trailing = GRPCMetadata()
        var body: HTTPBody?
        /// The status of an answer that has no trailers.
        var headers = HTTPHeaders()
        var timer: Deadlines.Token?
        /// A message could not be sent any more because the server has ended the call.
        var isEndedByServer = false
    }

    init(_ method: String, _ http: HTTP2ClientStream, deadline: ContinuousClock.Instant?, deadlines: Deadlines) {
        self.method = method
        self.http = http
        self.deadlines = deadlines
        // In a task of its own, because several may ask for it.
        response = Task { [weak http] in
            guard let http else { throw CancellationError() }
            return try await http.response()
        }
        guard let deadline else { return }
        let token = deadlines.add(at: deadline) { [weak self] in
            self?.cancel(GRPCStatus(.deadlineExceeded, "\(method): the deadline has passed"))
        }
        state.withLock { $0.timer = token }
    }

    deinit {
        stopTimer()
        response.cancel()
    }

    private func stopTimer() {
        let timer = state.withLock { state in
            defer { state.timer = nil }
            return state.timer
        }
        if let timer { deadlines.remove(timer) }
    }

    /// The first reason counts.
    func cancel(_ reason: GRPCStatus) {
        state.withLock { if $0.reason == nil { $0.reason = reason } }
        http.reset()
        stopTimer()
    }

    var trailing: GRPCMetadata { state.withLock { $0.trailing } }

    var isEndedByServer: Bool { state.withLock { $0.isEndedByServer } }

    func write(_ frame: [UInt8]) async throws {
        do { try await http.writer.write(frame) } catch {
            if Task.isCancelled { cancel(GRPCStatus(.cancelled, "\(method): the caller's task was cancelled")) }
            let reason = state.withLock { state in
                state.isEndedByServer = state.reason == nil
                return state.reason
            }
            throw reason ?? GRPCStatus(.cancelled, "\(method): the server has ended the call")
        }
    }

    /// The status that an error of this call means.
    func status(of error: any Error) -> GRPCStatus {
        if let reason = state.withLock({ $0.reason }) { return reason }
        // What breaks the protocol is INTERNAL for gRPC; DATA_LOSS is a word for handlers.
        if let error = error as? MonoflowError, error.code == .dataLoss { return GRPCStatus(.internalError, error.description) }
        return GRPCStatus(error, method: method)
    }

    /// A task that is cancelled while it waits cancels the call.
    func head() async throws -> HTTP2ClientResponse {
        try await withTaskCancellationHandler {
            try await response.value
        } onCancel: {
            cancel(GRPCStatus(.cancelled, "\(method): the caller's task was cancelled"))
        }
    }

    // MARK: GRPCMessageSource

    func open() async throws -> (body: HTTPBody, encoding: GRPCEncoding) {
        let head = try await head()
        let type = head.headers["content-type"]?.lowercased() ?? "none"
        guard head.status == .ok, type.hasPrefix("application/grpc") else {
            // Not an answer of a gRPC server, unless it says so.
            if let status = StatusTrailers.read(head.headers), status.code != .ok { throw status }
            let code = head.status == .ok ? .unknown : GRPCErrorTable.code(head.status)
            throw GRPCStatus(code, "\(method): the server answers with HTTP status \(head.status.code) and content type \(type)")
        }
        let name = head.headers["grpc-encoding"] ?? "identity"
        guard let encoding = GRPCEncoding(rawValue: name) else {
            throw GRPCStatus(.internalError, "\(method): the server packs its answers with \(name)")
        }
        state.withLock { ($0.body, $0.headers) = (head.body, head.headers) }
        return (head.body, encoding)
    }

    func ended(isWhole: Bool) throws {
        let (body, headers) = state.withLock { ($0.body, $0.headers) }
        var trailers = body?.trailers ?? HTTPHeaders()
        // Head and trailers in one, where there is no body.
        if StatusTrailers.read(trailers) == nil, headers.contains("grpc-status") { trailers = headers }
        state.withLock { $0.trailing = GRPCMetadata(received: trailers) }
        stopTimer()
        guard let status = StatusTrailers.read(trailers) else { throw GRPCStatus(.unknown, "\(method): the server's answer ends without a status") }
        guard status.code == .ok else { throw status }
        if !isWhole { throw GRPCMessages<GRPCMessage>.brokenOff }
    }

    func failed(_ error: any Error) -> any Error {
        let status = status(of: error)
        // Where it is our own complaint, e.g. about a message's size, the server is told to stop.
        cancel(status)
        return status
    }
}

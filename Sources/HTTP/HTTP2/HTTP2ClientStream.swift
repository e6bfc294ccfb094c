import Core
import Sockets
import Synchronization

/// One request to an HTTP/2 server, seen by who sends it. Letting go of it before the response's head has come, or of the
/// response's body before its end, resets the stream.
public final class HTTP2ClientStream: Sendable {
    private let exchange: HTTP2ClientExchange
    private let connection: HTTP2ClientConnection

    init(_ exchange: HTTP2ClientExchange, _ connection: HTTP2ClientConnection) {
        self.exchange = exchange
        self.connection = connection
    }

    deinit { connection.abandon(exchange) }

    /// Takes the request's body; `write` waits while the server is more than 256 KiB behind, and throws `cancelled` once the
    /// stream has ended.
    public var writer: ResponseWriter { exchange.writer }

    /// The request's body is whole: what was written is sent, with the writer's trailers behind it.
    public func endBody() { connection.endBody(exchange) }

    /// The response once its head has come; to be called once. Cancelling the waiting task resets the stream.
    /// - Throws: `unavailable` (no connection, refused by the server, or closed before an answer), `cancelled` (also where the
    ///   server says so), `resourceExhausted`, `permissionDenied`, `dataLoss` (reset for other reasons, malformed).
    public func response() async throws(MonoflowError) -> HTTP2ClientResponse {
        do { return try await exchange.response.value() } catch {
            if let error = error as? MonoflowError { throw error }
            connection.reset(exchange)
            throw exchange.error(.cancelled, "the task was cancelled")
        }
    }

    /// Gives the request and its response up.
    public func reset() { connection.reset(exchange) }

    /// Whether the request has failed in such a way that no handler of the server has seen it: it may be sent again.
    public var isUnprocessed: Bool { exchange.isUnprocessed.load(ordering: .acquiring) }
}

/// The head of a response, with its body arriving.
public struct HTTP2ClientResponse: Sendable {
    public let status: HTTPStatus
    public let headers: HTTPHeaders
    /// Held back while its reader is behind. Reading throws as `HTTP2ClientStream.response`.
    public let body: HTTPBody
}

/// One request on a connection. Touched on the connection's loop only, except for the promise, the writer and the flag.
final class HTTP2ClientExchange: @unchecked Sendable {
    let method: HTTPMethod
    let path: String
    let headers: HTTPHeaders
    let hasBody: Bool
    let authority: String
    let response = Promise<HTTP2ClientResponse>()
    let writer: ResponseWriter
    let isUnprocessed = Atomic(false)

    /// Nil until the stream is opened.
    var id: Int32?
    /// Nothing more comes of it.
    var isOver = false
    var outgoing = PieceQueue()
    var isWhole: Bool
    var requestEnded = false
    var isDeferred = false
    var hasHead = false
    var reader: HTTP2ResponseReader?
    var trailers = HTTPHeaders()
    var responseEnded = false
    /// Held by the response's reader only: when the last one lets go, the rest is not wanted.
    weak var body: BodyStream?
    /// Bytes of body whose window has not been given back.
    var withheld = 0

    /// - Parameter pump: has the connection take what the writer holds.
    init(
        _ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders, hasBody: Bool, authority: String,
        pump: @escaping @Sendable (HTTP2ClientExchange) -> Void
    ) {
        self.method = method
        self.path = path
        self.headers = headers
        self.hasBody = hasBody
        self.authority = authority
        isWhole = !hasBody
        let reference = Reference()
        writer = ResponseWriter { if let exchange = reference.exchange { pump(exchange) } }
        reference.exchange = self
    }

    /// Set before the writer is used, and not after that.
    private final class Reference: @unchecked Sendable { weak var exchange: HTTP2ClientExchange? }

    /// - Parameter message: what went wrong, without the place.
    func error(_ code: MonoflowError.Code, _ message: String) -> MonoflowError {
        MonoflowError(code, "\(method.rawValue) \(path)", authority, message)
    }

    /// Ends what waits for this exchange; does nothing for what has ended. - Parameter isUnprocessed: the server has done nothing with it.
    func fail(_ error: MonoflowError, isUnprocessed: Bool = false) {
        if isOver { return }
        isOver = true
        if isUnprocessed { self.isUnprocessed.store(true, ordering: .releasing) }
        response.fulfil(.failure(error))
        // The reason first: a cancelled reader would only see that it was cancelled.
        body?.end(error)
        writer.close()
    }
}

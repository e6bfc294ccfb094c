import Core
import Sockets

/// Why a request failed, with what decides on sending it again.
struct ClientFailure: Error {
    enum Stage {
        /// Nothing of it was sent.
        case notSent
        /// Something may have been sent; no byte of a response has come.
        case noResponse
        case inResponse
    }

    let error: MonoflowError
    let stage: Stage
}

/// One request on one connection. Touched on the connection's loop only, except for its promise.
final class ClientExchange: @unchecked Sendable {
    enum Sending {
        /// For `100 Continue`.
        case waiting
        case body
        case done
        /// The server has answered without waiting for the body.
        case givenUp
    }

    let request: HTTPClientRequest
    let timeouts: HTTPTimeouts
    /// The end of the whole, where it has one.
    let deadline: ContinuousClock.Instant?
    let response = Promise<HTTPClientResponse>()

    var sending = Sending.done
    var writer: ResponseWriter?
    var writerTask: Task<Void, Never>?
    /// Bytes of a streamed body still owed under its announced length; nil for chunked.
    var owed: Int64?

    /// Whether a byte of a response has come.
    var hasAnswer = false
    var informational = 0
    var head: ResponseHead?
    var decoder = BodyDecoder(.none, limit: 0)
    /// Held by the response's reader only: when the last one lets go, the rest is not wanted.
    weak var stream: BodyStream?

    init(_ request: HTTPClientRequest, timeouts: HTTPTimeouts, deadline: ContinuousClock.Instant?) {
        self.request = request
        self.timeouts = timeouts
        self.deadline = deadline
    }

    var origin: HTTPOrigin { request.url.origin }

    /// - Parameter message: what went wrong, without the place.
    func error(_ code: MonoflowError.Code, _ message: String) -> MonoflowError {
        MonoflowError(code, "\(request.method.rawValue) \(request.url.path)", "\(origin)", message)
    }

    /// Ends what waits for this exchange; does nothing for what has ended.
    func fail(_ error: MonoflowError, _ stage: ClientFailure.Stage) {
        response.fulfil(.failure(ClientFailure(error: error, stage: stage)))
        // The reason first: a cancelled reader would only see that it was cancelled.
        stream?.end(error)
        stopSending()
    }

    func stopSending() {
        writer?.close()
        writerTask?.cancel()
        writerTask = nil
    }
}

/// Names an exchange from outside its loop. The objects are touched on the loop only, which is what `@unchecked Sendable`
/// rests on.
struct ClientExchangeReference: @unchecked Sendable {
    private let loop: EventLoop
    private weak var connection: ClientConnection?
    private weak var exchange: ClientExchange?

    init(_ connection: ClientConnection, _ exchange: ClientExchange) {
        loop = connection.loop
        self.connection = connection
        self.exchange = exchange
    }

    /// Does nothing where the exchange is over.
    func onLoop(_ work: @escaping @Sendable (ClientConnection, ClientExchange) -> Void) {
        loop.execute {
            if let connection, let exchange, connection.isCurrent(exchange) { work(connection, exchange) }
        }
    }
}

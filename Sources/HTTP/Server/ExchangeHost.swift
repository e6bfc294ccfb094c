import Core
import Sockets

/// What carries exchanges: a connection of HTTP/1.1 or of HTTP/2. Everything is called on its loop.
protocol ExchangeHost: AnyObject, SendableMetatype {
    associatedtype Carried: Exchange
    var core: ServerCore { get }
    var loop: EventLoop { get }
    var running: RunningHandlers { get }
    /// Writes a whole response and ends the exchange. A stream is given a task.
    func respond(_ exchange: Carried, _ response: HTTPResponse)
    /// Sends the head of a response whose body `writer` brings. - Parameter tunnel: takes what the client sends from here on.
    func startStream(_ exchange: Carried, _ response: HTTPResponse, _ writer: ResponseWriter, tunnel: BodyStream?)
    /// Sends a 1xx response ahead of the answer.
    func inform(_ exchange: Carried, _ status: HTTPStatus, _ headers: HTTPHeaders)
    /// Moves what the task has written towards the client.
    func pump(_ exchange: Carried)
    func endStream(_ exchange: Carried)
    /// Shows the client that the body is not whole.
    func abortStream(_ exchange: Carried, _ reason: String)
    /// The body's reader is ready for more.
    func bodyWanted(_ exchange: Carried)
    /// For entries that may have ended an exchange: goes on with what the client has sent ahead, and sends what is queued.
    func proceed()
    /// Where a tunnel's reader finds the client's bytes. Nil: in the request's body.
    static func tunnelInput(_ target: ExchangeReference<Self>) -> BodyStream?
}

extension ExchangeHost {
    typealias BodyWriter = @Sendable (ResponseWriter) async throws -> Void

    /// Runs the handler; the request's body is whole, or a stream.
    func run(_ exchange: Carried) {
        switch exchange.handler {
        case .inline(let run):
            do { respond(exchange, try run(exchange.request)) } catch { respond(exchange, core.onError(error, exchange.request)) }
        case .asynchronous(let run): start(exchange, run)
        case .either(let fast, let slow):
            do {
                if let response = try fast(exchange.request) { respond(exchange, response) } else { start(exchange, slow) }
            } catch { respond(exchange, core.onError(error, exchange.request)) }
        case nil: respond(exchange, core.notFound(exchange.request))
        }
    }

    private func start(_ exchange: Carried, _ run: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) {
        let (core, target, running) = (core, ExchangeReference(self, exchange), running)
        var received = exchange.request
        received.sendInformational = { status, headers in target.onLoop { $0.inform($1, status, headers) } }
        let request = received
        running.began()
        exchange.task = Task {
            defer { running.ended() }
            let response: HTTPResponse
            do { response = try await run(request) } catch { response = core.onError(error, request) }
            guard response.isStreamed(to: request) else {
                return target.onLoop { host, exchange in
                    host.respond(exchange, response)
                    host.proceed()
                }
            }
            await target.stream(response, request)
        }
    }

    /// Gives a streamed response that came from an inline handler the task that it needs.
    func stream(_ exchange: Carried, _ response: HTTPResponse) {
        let (target, request) = (ExchangeReference(self, exchange), exchange.request)
        exchange.task = Task { await target.stream(response, request) }
    }
}

extension HTTPResponse {
    /// Whether a task writes the body.
    func isStreamed(to request: HTTPRequest) -> Bool {
        switch body {
        case .stream: !status.isBodyless && request.method != .head
        case .tunnel: true
        default: false
        }
    }
}

/// Names an exchange from outside its loop without keeping it. The objects are touched on the loop only, which is what
/// `@unchecked Sendable` rests on.
struct ExchangeReference<Host: ExchangeHost>: @unchecked Sendable {
    private let loop: EventLoop
    private weak var host: Host?
    private weak var exchange: Host.Carried?

    init(_ host: Host, _ exchange: Host.Carried) {
        loop = host.loop
        self.host = host
        self.exchange = exchange
    }

    /// Does nothing where the connection is gone.
    func onLoop(_ work: @escaping @Sendable (Host, Host.Carried) -> Void) { onLoop(work) {} }

    private func onLoop(_ work: @escaping @Sendable (Host, Host.Carried) -> Void, otherwise: @escaping @Sendable () -> Void) {
        loop.execute {
            if let host, let exchange { work(host, exchange) } else { otherwise() }
        }
    }

    /// Sends the head, then has the body written in the calling task.
    func stream(_ response: HTTPResponse, _ request: HTTPRequest) async {
        let writer = ResponseWriter { onLoop { $0.pump($1) } }
        var tunnel: BodyStream?
        if case .tunnel = response.body { tunnel = Host.tunnelInput(self) }
        let input = tunnel
        onLoop({ $0.startStream($1, response, writer, tunnel: input) }, otherwise: { writer.close() })
        do {
            switch response.body {
            case .stream(_, let body): try await body(writer)
            case .tunnel(let run):
                try await run(input.map { HTTPBody(source: .stream($0), defaultLimit: 0) } ?? request.body, writer)
            default: break
            }
            onLoop { $0.endStream($1) }
        } catch {
            onLoop { $0.abortStream($1, "\(error)") }
        }
    }
}

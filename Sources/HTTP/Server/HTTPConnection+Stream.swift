import Core
import Sockets

// Responses whose body is written by a task.
extension HTTPConnection {
    func startStream(_ exchange: Exchange, _ response: HTTPResponse, _ writer: ResponseWriter) {
        guard isCurrent(exchange), exchange.status == nil else { return writer.close() }
        exchange.writer = writer
        exchange.status = response.status
        closeWhereAsked(exchange, response)
        var framing = ResponseFraming.chunked
        if case .stream(let length?, _) = response.body {
            exchange.owed = length
            framing = .length(length)
        } else if exchange.request.version == .http10 {
            exchange.keepAlive = false
            framing = .untilClose
        } else {
            exchange.isChunked = true
        }
        let keepAlive = willKeepAlive(exchange)
        connection.write { out in
            encoder.encode(
                response.status, response.headers, framing: framing, keepAlive: keepAlive, version: exchange.request.version, into: &out)
        }
        settle()
    }

    /// Moves what the task has written to the connection: one chunk for all of it.
    func pump(_ exchange: Exchange) {
        guard isCurrent(exchange), let writer = exchange.writer else { return }
        let pieces = writer.take()
        let count = pieces.reduce(0) { $0 + $1.count }
        if count > 0 {
            if let owed = exchange.owed {
                guard count <= owed else { return abortStream(exchange, "the body is longer than its announced length") }
                exchange.owed = owed - Int64(count)
            }
            if exchange.isChunked { connection.write { ResponseEncoder.appendChunkSize(count, &$0) } }
            for piece in pieces { connection.write(piece) }
            if exchange.isChunked { connection.write { ResponseEncoder.append("\r\n", &$0) } }
        }
        settle()
        writer.drained(queued: connection.queuedBytes)
    }

    func endStream(_ exchange: Exchange) {
        pump(exchange)
        guard isCurrent(exchange), exchange.writer != nil else { return }
        if let owed = exchange.owed, owed > 0 { return abortStream(exchange, "the body is \(owed) bytes shorter than announced") }
        if exchange.isChunked { connection.write { ResponseEncoder.append("0\r\n\r\n", &$0) } }
        finish(exchange)
        proceed()
    }

    /// Cuts the connection, so that the client does not take the body for whole.
    func abortStream(_ exchange: Exchange, _ reason: String) {
        guard isCurrent(exchange) else { return }
        core.log.warning("response to \(exchange.request.method.rawValue) \(exchange.request.rawPath) cut short: \(reason)")
        connection.flush()
        connection.close()
    }
}

/// Names an exchange from outside its loop without keeping it. The objects are touched on the loop only, which is what
/// `@unchecked Sendable` rests on.
struct ExchangeReference: @unchecked Sendable {
    private let loop: EventLoop
    private weak var connection: HTTPConnection?
    private weak var exchange: Exchange?

    init(_ connection: HTTPConnection, _ exchange: Exchange) {
        loop = connection.loop
        self.connection = connection
        self.exchange = exchange
    }

    /// Does nothing where the connection is gone.
    func onLoop(_ work: @escaping @Sendable (HTTPConnection, Exchange) -> Void) {
        onLoop(work) {}
    }

    private func onLoop(_ work: @escaping @Sendable (HTTPConnection, Exchange) -> Void, otherwise: @escaping @Sendable () -> Void) {
        loop.execute {
            if let connection, let exchange { work(connection, exchange) } else { otherwise() }
        }
    }

    /// Sends the head, then runs `body` in the calling task.
    func stream(_ response: HTTPResponse, _ body: HTTPConnection.BodyWriter) async {
        let writer = ResponseWriter { onLoop { $0.pump($1) } }
        onLoop({ $0.startStream($1, response, writer) }, otherwise: { writer.close() })
        do {
            try await body(writer)
            onLoop { $0.endStream($1) }
        } catch {
            onLoop { $0.abortStream($1, "\(error)") }
        }
    }
}

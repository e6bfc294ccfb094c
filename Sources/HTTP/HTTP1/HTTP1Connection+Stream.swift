import Core
import Sockets

// Responses whose body is written by a task.
extension HTTP1Connection {
    func startStream(_ exchange: HTTP1Exchange, _ response: HTTPResponse, _ writer: ResponseWriter, tunnel: BodyStream?) {
        guard isCurrent(exchange), exchange.status == nil else { return writer.close() }
        if let tunnel { return startTunnel(exchange, response, writer, tunnel) }
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

    static func tunnelInput(_ target: ExchangeReference<HTTP1Connection>) -> BodyStream? {
        BodyStream(length: nil) { target.onLoop { $0.bodyWanted($1) } }
    }

    /// The connection becomes a pipe: after the head of 101, bytes are nobody's but the handler's.
    private func startTunnel(_ exchange: HTTP1Exchange, _ response: HTTPResponse, _ writer: ResponseWriter, _ input: BodyStream) {
        guard response.status == .switchingProtocols, exchange.decoder.isDone, exchange.request.version == .http11 else {
            let error = MonoflowError(.internalError, "switch protocols", "\(exchange.request.rawPath)", "the request cannot become a tunnel")
            writer.close()
            // Nothing will come: the handler must not wait for it.
            input.end(error)
            respond(exchange, core.onError(error, exchange.request))
            return proceed()
        }
        exchange.writer = writer
        exchange.status = response.status
        exchange.stream = input
        exchange.keepAlive = false
        connection.write { out in
            encoder.encode(response.status, response.headers, framing: .upgrade, keepAlive: true, version: .http11, into: &out)
        }
        phase = .tunnel(exchange)
        if inputEnded { input.end() }
        proceed()
    }

    /// Moves what the task has written to the connection: one chunk for all of it.
    func pump(_ exchange: HTTP1Exchange) {
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

    func endStream(_ exchange: HTTP1Exchange) {
        pump(exchange)
        guard isCurrent(exchange), exchange.writer != nil else { return }
        if let owed = exchange.owed, owed > 0 { return abortStream(exchange, "the body is \(owed) bytes shorter than announced") }
        if exchange.isChunked {
            let trailers = exchange.writer?.takeTrailers()
            connection.write { ResponseEncoder.appendLastChunk(trailers, &$0) }
        }
        finish(exchange)
        proceed()
    }

    /// Cuts the connection, so that the client does not take the body for whole.
    func abortStream(_ exchange: HTTP1Exchange, _ reason: String) {
        guard isCurrent(exchange) else { return }
        core.log.warning("response to \(exchange.request.method.rawValue) \(exchange.request.rawPath) cut short: \(reason)")
        connection.flush()
        connection.close()
    }
}

import CNGHTTP2
import Core
import Sockets

// Requests and their responses. Everything runs on the connection's loop.
extension HTTP2ClientConnection {
    private func isCurrent(_ exchange: HTTP2ClientExchange) -> Bool { !exchange.isOver && exchange.id.map { streams[$0] === exchange } ?? false }

    func begin(_ exchange: HTTP2ClientExchange) {
        if exchange.isOver { return }
        guard isOpen else { return exchange.fail(exchange.error(.unavailable, "the connection takes no more requests"), isUnprocessed: true) }
        guard waiting.count < options.waiting else {
            return exchange.fail(exchange.error(.resourceExhausted, "\(waiting.count) requests wait for the server already"), isUnprocessed: true)
        }
        waiting.append(exchange)
        settle()
    }

    /// Whether a request that waits can be begun.
    var hasTurn: Bool { session.map { !waiting.isEmpty && streams.count < min(options.streams, $0.peerStreamLimit) } ?? false }

    func beginWaiting() {
        while hasTurn, let session, let exchange = waiting.popFirst() { if !exchange.isOver { submit(exchange, session) } }
    }

    private func submit(_ exchange: HTTP2ClientExchange, _ session: HTTP2Session) {
        var fields = HTTP2FieldList()
        fields.add(":method", exchange.method.rawValue.utf8)
        fields.add(":scheme", origin.scheme.rawValue.utf8)
        fields.add(":path", exchange.path.utf8)
        fields.add(":authority", exchange.authority.utf8)
        fields.add(exchange.headers)
        if exchange.headers.lists("TE", "trailers") { fields.add("te", "trailers".utf8) }
        guard let id = session.request(fields, hasBody: exchange.hasBody) else {
            // The numbers of streams are used up, or the server has announced its end.
            exchange.fail(exchange.error(.unavailable, "the connection takes no more requests"), isUnprocessed: true)
            return goAway()
        }
        exchange.id = id
        streams[id] = exchange
        if exchange.hasBody { take(exchange) }
    }

    // MARK: the request's body

    private func take(_ exchange: HTTP2ClientExchange) {
        for piece in exchange.writer.take() { exchange.outgoing.append(piece) }
    }

    /// Before the stream is opened, what was written waits with the writer.
    func pump(_ exchange: HTTP2ClientExchange) {
        guard isCurrent(exchange) else { return }
        take(exchange)
        resume(exchange)
        settle()
    }

    private func resume(_ exchange: HTTP2ClientExchange) {
        guard exchange.isDeferred, let id = exchange.id else { return }
        exchange.isDeferred = false
        session?.resume(id)
    }

    func endBody(_ exchange: HTTP2ClientExchange) {
        loop.execute { [self] in
            exchange.isWhole = true
            pump(exchange)
        }
    }

    // MARK: the end

    /// Callable from everywhere.
    func reset(_ exchange: HTTP2ClientExchange) {
        loop.execute { [self] in
            if exchange.isOver { return }
            exchange.fail(exchange.error(.cancelled, "the request was given up"))
            if let id = exchange.id, streams[id] === exchange {
                session?.reset(id, .cancel)
                settle()
            }
        }
    }

    /// Nobody waits for the response's head any more. Callable from everywhere.
    func abandon(_ exchange: HTTP2ClientExchange) {
        loop.execute { [self] in if !exchange.hasHead { reset(exchange) } }
    }

    private func bodyReleased(_ exchange: HTTP2ClientExchange) { if exchange.body == nil { reset(exchange) } }

    private func bodyWanted(_ exchange: HTTP2ClientExchange) {
        guard exchange.withheld > 0, let id = exchange.id, isCurrent(exchange) else { return }
        session?.consumeStream(id, exchange.withheld)
        exchange.withheld = 0
        settle()
    }

    /// The response is whole. What of the request has not been sent is not wanted.
    private func responseIsWhole(_ exchange: HTTP2ClientExchange) {
        exchange.isOver = true
        exchange.responseEnded = true
        exchange.writer.close()
        if !exchange.requestEnded, let id = exchange.id { session?.reset(id, .cancel) }
    }

    private static func code(_ reset: HTTP2ErrorCode) -> MonoflowError.Code {
        switch reset {
        case .refusedStream: .unavailable
        case .cancel: .cancelled
        case .enhanceYourCalm: .resourceExhausted
        case .inadequateSecurity: .permissionDenied
        default: .dataLoss
        }
    }
}

extension HTTP2ClientConnection: HTTP2SessionOwner {
    func headersBegin(_ stream: Int32, isFirst: Bool) { streams[stream]?.reader = HTTP2ResponseReader() }

    func header(_ stream: Int32, name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let exchange = streams[stream] else { return true }
        if exchange.reader?.add(name: name, value: value, options) ?? true { return true }
        exchange.fail(exchange.error(.dataLoss, "the response's fields are over \(options.headerBytes) bytes or \(options.headerCount)"))
        return false
    }

    func headersEnd(_ stream: Int32, endsStream: Bool) {
        guard let exchange = streams[stream], let reader = exchange.reader, !exchange.isOver else { return }
        exchange.reader = nil
        if exchange.hasHead {
            exchange.trailers = reader.headers.asTrailers()
        } else {
            // Interim answers, e.g. 103, are passed over.
            guard let status = reader.status, status.code >= 200 else { return }
            exchange.hasHead = true
            var body = HTTPBody.empty
            if !endsStream { body = HTTPBody(source: .stream(makeBody(exchange)), defaultLimit: options.bodyBytes) }
            exchange.response.fulfil(.success(HTTP2ClientResponse(status: status, headers: reader.headers, body: body)))
        }
        if endsStream { dataEnd(stream) }
    }

    private func makeBody(_ exchange: HTTP2ClientExchange) -> BodyStream {
        let body = BodyStream(length: nil) { [weak self, weak exchange] in
            guard let self, let exchange else { return }
            loop.execute { self.bodyWanted(exchange) }
        } onRelease: { [weak self, weak exchange] in
            guard let self, let exchange else { return }
            loop.execute { self.bodyReleased(exchange) }
        }
        exchange.body = body
        return body
    }

    func data(_ stream: Int32, _ bytes: UnsafeRawBufferPointer) {
        // The connection's window is given back at once: a stream that nobody reads must not hold the others back.
        session?.consumeConnection(bytes.count)
        guard let exchange = streams[stream], let body = exchange.body, !exchange.isOver else { return }
        if body.push(Array(bytes)) { session?.consumeStream(stream, bytes.count) } else { exchange.withheld += bytes.count }
    }

    func dataEnd(_ stream: Int32) {
        guard let exchange = streams[stream], !exchange.isOver else { return }
        let body = exchange.body
        responseIsWhole(exchange)
        body?.end(trailers: exchange.trailers)
    }

    func streamClosed(_ stream: Int32, _ code: HTTP2ErrorCode) {
        guard let exchange = streams.removeValue(forKey: stream) else { return }
        let message = code == .none ? "the response ends too early" : "the server has reset the stream (HTTP/2 error \(code.rawValue))"
        exchange.fail(exchange.error(Self.code(code), message), isUnprocessed: code == .refusedStream && !exchange.hasHead)
    }

    func frameReceived(type: UInt8, length: Int, flags: UInt8) {
        if type == UInt8(NGHTTP2_SETTINGS.rawValue), flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 { settingsReceived() }
    }

    func frameSent(_ stream: Int32, length: Int, endsStream: Bool) { if endsStream { streams[stream]?.requestEnded = true } }

    func supply(_ stream: Int32, limit: Int) -> HTTP2Supply {
        guard let exchange = streams[stream] else { return .failed }
        let waiting = exchange.outgoing.count
        if waiting == 0 && !exchange.isWhole {
            exchange.isDeferred = true
            return .later
        }
        let count = min(limit, waiting)
        return .bytes(count, isLast: exchange.isWhole && count == waiting, hasTrailers: exchange.writer.takeTrailers()?.isEmpty == false)
    }

    func trailers(_ stream: Int32) -> HTTPHeaders { streams[stream]?.writer.takeTrailers() ?? HTTPHeaders() }

    func writeData(_ stream: Int32, header: UnsafeRawBufferPointer, count: Int) -> Bool {
        guard session?.hasRoom(in: connection) == true else { return false }
        guard let exchange = streams[stream] else { return true }
        connection.write { out in
            out.append(contentsOf: header)
            exchange.outgoing.take(count, into: &out)
        }
        return true
    }

    func goneAway(last: Int32, _ code: HTTP2ErrorCode) { goAway() }
}

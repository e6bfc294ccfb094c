import Core
import Sockets

// Reading responses.
extension ClientConnection {
    /// Responses of 1xx before the final one; more are an attack.
    private static let informationalLimit = 32
    /// A body that has come whole, up to this size, needs no stream.
    private static let wholeLimit = 64 << 10

    func connectionReceived(_ bytes: UnsafeRawBufferPointer) {
        exchange?.hasAnswer = true
        if inbox.isEmpty {
            let taken = process(bytes)
            if taken < bytes.count { inbox.append(contentsOf: bytes[taken...]) }
        } else {
            var all = inbox
            inbox = []
            all.append(contentsOf: bytes)
            let taken = all.withUnsafeBytes { process($0) }
            if taken < all.count {
                all.removeFirst(taken)
                inbox = all
            }
        }
        settle()
    }

    /// - Returns: how many bytes it took; fewer than all only for a head that is not whole.
    private func process(_ bytes: UnsafeRawBufferPointer) -> Int {
        var at = 0
        while at < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
            do throws(RequestRefusal) {
                switch phase {
                case .head(let exchange):
                    guard let taken = try readHead(rest, exchange) else { return at }
                    at += taken
                case .body(let exchange): at += try readBody(rest, exchange)
                case .raw(let exchange):
                    if exchange.stream?.push(Array(rest)) == false { connection.pauseReading() }
                    return bytes.count
                case .idle:
                    // An answer to nothing: whatever it is, the next response could not be told from it.
                    connection.close()
                    return bytes.count
                case .closed: return bytes.count
                }
            } catch {
                cut(.dataLoss, "malformed response: " + error.message)
                return bytes.count
            }
        }
        return at
    }

    /// - Returns: nil where the head is not whole yet.
    private func readHead(_ bytes: UnsafeRawBufferPointer, _ exchange: ClientExchange) throws(RequestRefusal) -> Int? {
        guard let end = try ResponseParser.headEnd(in: bytes, lineStart: &lineStart, limits: limits) else { return nil }
        lineStart = 0
        let head = try ResponseParser.parse(UnsafeRawBufferPointer(rebasing: bytes[..<end]), to: exchange.request.method, limits: limits)
        if head.status.code == 101 {
            try switchProtocols(exchange, head)
            return end
        }
        if head.status.code < 200 {
            exchange.informational += 1
            guard exchange.informational <= Self.informationalLimit else { throw RequestRefusal(.badRequest, "too many 1xx responses") }
            if head.status.code == 100 { continueBody(exchange) } else { exchange.request.onInformational?(head.status, head.headers) }
            return end
        }
        return end + (try begin(exchange, head, UnsafeRawBufferPointer(rebasing: bytes[end...])))
    }

    /// - Parameter ahead: what has come behind the head. - Returns: how many of these bytes it took.
    private func begin(_ exchange: ClientExchange, _ head: ResponseHead, _ ahead: UnsafeRawBufferPointer) throws(RequestRefusal) -> Int {
        if case .waiting = exchange.sending { exchange.sending = .givenUp }
        exchange.head = head
        exchange.decoder = BodyDecoder(head.framing, limit: limits.streamedBodyBytes)
        phase = .body(exchange)
        if let length = exchange.decoder.remaining, length <= min(ahead.count, Self.wholeLimit) {
            var body: [UInt8] = []
            let taken = try exchange.decoder.decode(ahead, into: &body)
            // First the connection, so that who has the response and asks again finds it free.
            finish(exchange, keepAlive: head.keepAlive && taken == ahead.count)
            answer(exchange, head, HTTPBody(source: .bytes(body), defaultLimit: limits.bodyBytes))
            return taken
        }
        let stream = makeStream(exchange, length: exchange.decoder.remaining)
        answer(exchange, head, HTTPBody(source: .stream(stream), defaultLimit: limits.bodyBytes))
        return 0
    }

    private func makeStream(_ exchange: ClientExchange, length: Int64?) -> BodyStream {
        let target = ClientExchangeReference(self, exchange)
        let stream = BodyStream(length: length) {
            target.onLoop { connection, _ in connection.settle() }
        } onRelease: {
            target.onLoop { connection, exchange in
                if exchange.stream == nil { connection.cut(.cancelled, "the response's body is not wanted") }
            }
        }
        exchange.stream = stream
        return stream
    }

    private func answer(_ exchange: ClientExchange, _ head: ResponseHead, _ body: HTTPBody, upgrade: HTTPUpgrade? = nil) {
        exchange.response.fulfil(.success(HTTPClientResponse(
            status: head.status, version: head.version, headers: head.headers, body: body, upgrade: upgrade, url: exchange.request.url)))
    }

    private func readBody(_ bytes: UnsafeRawBufferPointer, _ exchange: ClientExchange) throws(RequestRefusal) -> Int {
        var chunk: [UInt8] = []
        let taken = try exchange.decoder.decode(bytes, into: &chunk)
        let stream = exchange.stream
        if !chunk.isEmpty, stream?.push(chunk) == false { connection.pauseReading() }
        if exchange.decoder.isDone {
            let trailers = try exchange.decoder.trailers(limits)
            finish(exchange, keepAlive: exchange.head?.keepAlive == true && taken == bytes.count)
            stream?.end(trailers: trailers)
        }
        return taken
    }

    func connectionReadEnded() {
        switch phase {
        case .idle, .closed: connection.close()
        case .head: cutShort("the server has closed the connection")
        case .body(let exchange):
            guard exchange.decoder.endsWithConnection, !connection.readWasTruncated else {
                return cut(.dataLoss, "the response's body ends after \(exchange.decoder.total) bytes, too early")
            }
            let stream = exchange.stream
            finish(exchange, keepAlive: false)
            stream?.end()
        case .raw(let exchange):
            inputEnded = true
            exchange.stream?.end(connection.readWasTruncated ? exchange.error(.dataLoss, "TLS ended without its own end") : nil)
            closeRawWhereDone()
        }
    }

    // MARK: other protocols

    private func switchProtocols(_ exchange: ClientExchange, _ head: ResponseHead) throws(RequestRefusal) {
        guard let wanted = exchange.request.upgrade?.lowercased() else { throw RequestRefusal(.badRequest, "a switch of protocols that was not asked for") }
        guard head.headers.lists("Connection", "upgrade"), head.headers.values("Upgrade").map({ $0.lowercased() }) == [wanted] else {
            throw RequestRefusal(.badRequest, "a switch to another protocol than was asked for")
        }
        guard case .done = exchange.sending else { throw RequestRefusal(.badRequest, "a switch of protocols inside the request") }
        exchange.head = head
        phase = .raw(exchange)
        totalTimer?.unset()
        leavePool()
        let target = ClientExchangeReference(self, exchange)
        let writer = ResponseWriter(wake: { target.onLoop { $0.pumpRaw($1) } }, gone: exchange.error(.cancelled, "the connection is closed"))
        exchange.writer = writer
        let stream = makeStream(exchange, length: nil)
        let upgrade = HTTPUpgrade(
            input: HTTPBody(source: .stream(stream), defaultLimit: limits.bodyBytes), output: writer,
            onEndOutput: { target.onLoop { $0.endRaw($1) } }, onClose: { target.onLoop { connection, _ in connection.connection.close() } })
        answer(exchange, head, .empty, upgrade: upgrade)
    }

    func closeRawWhereDone() { if inputEnded && outputEnded && connection.isDrained { connection.close() } }
}

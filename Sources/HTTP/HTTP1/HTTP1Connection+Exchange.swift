import Core
import Sockets

// From a request's head to the end of its response.
extension HTTP1Connection {
    /// - Parameter ahead: bytes of the body that are already here; they are read later, by the caller.
    func begin(_ head: RequestHead, ahead: UnsafeRawBufferPointer) throws(RequestRefusal) {
        core.counters.requests.add(1, ordering: .relaxed)
        let match = core.table.match(head.method, head.target)
        let exchange = HTTP1Exchange(
            head, peer: connection.peer, handler: core.handler(for: match), bodyLimit: core.limits.streamedBodyBytes,
            sentBefore: connection.sent + Int64(connection.queuedBytes))
        if isDraining { exchange.keepAlive = false }
        exchange.request.isSecure = connection.isSecure
        phase = .responding(exchange)
        if let answer = exchange.route(match, core) { return respond(exchange, answer) }
        if head.framing == .none { return run(exchange) }
        try receive(exchange, head.framing, ahead: ahead)
    }

    private func receive(_ exchange: HTTP1Exchange, _ framing: BodyFraming, ahead: UnsafeRawBufferPointer) throws(RequestRefusal) {
        phase = .body(exchange)
        if exchange.isInline {
            if let length = exchange.decoder.remaining, length > Int64(core.limits.inlineBodyBytes) { throw tooLargeToGather }
            sendContinue(exchange)
            return
        }
        // A short body that has come with its head needs no stream.
        if let length = exchange.decoder.remaining, length <= ahead.count { return }
        let target = ExchangeReference(self, exchange)
        let stream = BodyStream(length: exchange.decoder.remaining) { target.onLoop { $0.bodyWanted($1) } }
        exchange.stream = stream
        exchange.request.body = HTTPBody(source: .stream(stream), defaultLimit: core.limits.bodyBytes)
        run(exchange)
    }

    private func sendContinue(_ exchange: HTTP1Exchange) {
        guard exchange.expectsContinue, !exchange.sentContinue, exchange.status == nil else { return }
        exchange.sentContinue = true
        if exchange.decoder.total == 0 { connection.write(ResponseEncoder.continueLine) }
    }

    func bodyWanted(_ exchange: HTTP1Exchange) {
        switch phase {
        case .body(let current) where current === exchange: sendContinue(exchange)
        case .tunnel(let current) where current === exchange: break
        default: return
        }
        settle()
    }

    func isCurrent(_ exchange: HTTP1Exchange) -> Bool {
        switch phase {
        case .body(let current), .responding(let current), .tunnel(let current): !connection.isClosed && current === exchange
        default: false
        }
    }

    func respond(_ exchange: HTTP1Exchange, _ response: HTTPResponse) {
        guard isCurrent(exchange), exchange.status == nil else { return }
        if response.isStreamed(to: exchange.request) { return stream(exchange, response) }
        let (final, part) = Preconditions.apply(response, to: exchange.request)
        closeWhereAsked(exchange, response)
        exchange.status = final.status
        let omitsBody = exchange.request.method == .head
        write(final, part: part, keepAlive: willKeepAlive(exchange), version: exchange.request.version, omitsBody: omitsBody)
        finish(exchange)
    }

    func inform(_ exchange: HTTP1Exchange, _ status: HTTPStatus, _ headers: HTTPHeaders) {
        guard isCurrent(exchange), exchange.status == nil, !isCongested else { return }
        connection.write { encoder.encodeInformational(status, headers, into: &$0) }
        settle()
    }

    func closeWhereAsked(_ exchange: HTTP1Exchange, _ response: HTTPResponse) {
        if response.closesConnection || response.headers.lists("Connection", "close") { exchange.keepAlive = false }
    }

    /// Also looks at the body that nobody read: a short rest is skipped, a long one costs the connection.
    func willKeepAlive(_ exchange: HTTP1Exchange) -> Bool {
        if inputEnded || isDraining { exchange.keepAlive = false }
        if !exchange.decoder.isDone {
            let waitsForContinue = exchange.expectsContinue && !exchange.sentContinue
            let rest = exchange.decoder.remaining ?? .max
            if waitsForContinue || rest > Self.skipLimit { exchange.keepAlive = false }
        }
        return exchange.keepAlive
    }

    /// - Parameter part: of a file body.
    func write(_ response: HTTPResponse, part: Range<Int64>?, keepAlive: Bool, version: HTTPVersion, omitsBody: Bool) {
        var length: Int64 = 0
        switch response.body {
        case .none: length = omitsBody ? response.headers["Content-Length"].flatMap { Int64($0) } ?? 0 : 0
        case .bytes(let bytes): length = Int64(bytes.count)
        case .file(let file): length = part.map { $0.upperBound - $0.lowerBound } ?? file.size
        case .stream(let known, _): length = known ?? -1
        case .tunnel: length = -1
        }
        let framing: ResponseFraming = response.status.isBodyless || length < 0 ? .none : .length(length)
        connection.write { out in
            encoder.encode(response.status, response.headers, framing: framing, keepAlive: keepAlive, version: version, into: &out)
        }
        if omitsBody || response.status.isBodyless { return }
        switch response.body {
        case .none, .stream, .tunnel: break
        case .bytes(let bytes): connection.write(bytes)
        case .file(let file): connection.write(file: file.descriptor, offset: part?.lowerBound ?? 0, count: length, owner: file)
        }
    }

    /// Goes on to the next request, or to the end of the connection.
    func finish(_ exchange: HTTP1Exchange) {
        record(exchange, isComplete: true)
        exchange.stream?.end(MonoflowError(.cancelled, "read body", "", "the request has been answered"))
        exchange.writer?.close()
        if !willKeepAlive(exchange) {
            phase = .closing
            connection.closeAfterFlush(linger: exchange.decoder.isDone && !inputEnded ? .milliseconds(500) : Self.linger)
        } else if !exchange.decoder.isDone {
            phase = .skipping(exchange.decoder)
            connection.resumeReading()
        } else {
            phase = isCongested ? .congested : .head
        }
    }

    func record(_ exchange: HTTP1Exchange, isComplete: Bool) {
        core.record(exchange, bytesOut: connection.sent + Int64(connection.queuedBytes) - exchange.sentBefore, isComplete: isComplete)
    }
}

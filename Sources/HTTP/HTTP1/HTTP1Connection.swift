import Core
import Sockets

/// HTTP/1.1 on one connection: requests are read and answered strictly one after another; what a client sends ahead
/// waits, bounded, in `inbox` and then in the socket. Everything here runs on the connection's loop.
final class HTTP1Connection: ConnectionHandler, ServedConnection, ExchangeHost, @unchecked Sendable {
    enum Phase {
        /// Between requests, or inside a head.
        case head
        /// A body is being read, its handler perhaps at work already.
        case body(HTTP1Exchange)
        /// The request is whole and its response is not.
        case responding(HTTP1Exchange)
        /// The response is finished and the rest of a short unwanted body is being dropped.
        case skipping(BodyDecoder)
        /// The connection has become a pipe for the handler of the exchange.
        case tunnel(HTTP1Exchange)
        /// The client is slow to take what is queued; no further request is begun.
        case congested
        case closing
        /// The connection is another protocol's now.
        case handedOver
    }

    static let outputHighWater = 1 << 20
    /// An unread rest of a body up to this size is read and dropped; a longer one costs the connection.
    static let skipLimit: Int64 = 256 << 10
    static let linger = Duration.seconds(2)

    let core: ServerCore
    let connection: Connection
    let encoder: ResponseEncoder
    var phase = Phase.head
    var isDraining = false
    var inputEnded = false
    var inbox: [UInt8] = []
    private var lineStart = 0
    var readTimer: LoopTimer?
    var writeTimer: LoopTimer?
    var headTimerRuns = false
    var traffic = TrafficMeter()
    /// Nothing was read yet, so the client may still turn out to speak HTTP/2.
    private var isFresh = true
    private(set) var successor: HTTP2Connection?
    let running = RunningHandlers()

    init(_ socket: AcceptedSocket, loop: EventLoop, security: ConnectionSecurity, encoder: ResponseEncoder, core: ServerCore) {
        connection = Connection(socket, loop: loop, security: security)
        self.encoder = encoder
        self.core = core
    }

    var loop: EventLoop { connection.loop }

    func start() {
        readTimer = loop.makeTimer { [weak self] in self?.readTimedOut() }
        writeTimer = loop.makeTimer { [weak self] in self?.connection.close() }
        readTimer?.set(after: core.limits.headerTimeout)
        connection.start(self)
    }

    // MARK: input

    func connectionReceived(_ bytes: UnsafeRawBufferPointer) {
        if isFresh, takesPreface(bytes) { return }
        if inbox.isEmpty {
            let taken = process(bytes)
            if taken < bytes.count { inbox.append(contentsOf: bytes[taken...]) }
        } else {
            inbox.append(contentsOf: bytes)
            processInbox()
        }
        settle()
    }

    /// Whether the connection's first bytes are the preface of HTTP/2 (RFC 9113, section 3.4), or may become it.
    private func takesPreface(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let preface = HTTP2Connection.preface
        let before = inbox.count
        for at in before..<min(preface.count, before + bytes.count) where bytes[at - before] != preface[at] {
            isFresh = false
            // Whoever has chosen HTTP/2 by ALPN must speak it.
            if connection.negotiatedProtocol == "h2" { connection.close() }
            return connection.isClosed
        }
        inbox.append(contentsOf: bytes)
        if inbox.count >= preface.count { handOver() } else { settle() }
        return true
    }

    private func handOver() {
        let next = HTTP2Connection(connection, encoder: encoder, core: core)
        let bytes = inbox
        inbox = []
        isFresh = false
        phase = .handedOver
        readTimer?.invalidate()
        writeTimer?.invalidate()
        successor = next
        connection.handOver(to: next)
        let isDraining = core.replace(next)
        next.start()
        bytes.withUnsafeBytes { next.connectionReceived($0) }
        if isDraining { next.drain() }
    }

    /// Moves the inbox out while it is read, because handlers run in between.
    func processInbox() {
        if inbox.isEmpty { return }
        var bytes = inbox
        inbox = []
        let taken = bytes.withUnsafeBytes { process($0) }
        if taken < bytes.count {
            bytes.removeFirst(taken)
            inbox = bytes
        }
    }

    /// - Returns: how many bytes it took; it stops at a head that is not whole and at what must wait for its turn.
    private func process(_ bytes: UnsafeRawBufferPointer) -> Int {
        var at = 0
        while at < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
            do throws(RequestRefusal) {
                switch phase {
                case .head:
                    guard let taken = try readHead(rest) else { return at }
                    at += taken
                case .body(let exchange):
                    at += try readBody(rest, exchange)
                    if case .body = phase, !exchange.decoder.isDone { return at }
                case .skipping(var decoder):
                    var dropped: [UInt8] = []
                    at += try decoder.decode(rest, into: &dropped)
                    phase = decoder.isDone ? .head : .skipping(decoder)
                case .tunnel(let exchange):
                    if exchange.stream?.push(Array(rest)) == false { connection.pauseReading() }
                    return bytes.count
                case .responding, .congested: return at
                case .closing, .handedOver: return bytes.count
                }
            } catch {
                refuse(error)
                return bytes.count
            }
        }
        return at
    }

    /// - Returns: nil where the head is not whole yet.
    private func readHead(_ bytes: UnsafeRawBufferPointer) throws(RequestRefusal) -> Int? {
        // Some old clients send a line end behind a body; it is taken before a request line.
        if lineStart == 0 && bytes[0] == 13 {
            if bytes.count == 1 { return nil }
            if bytes[1] == 10 { return 2 }
        }
        guard let end = try RequestParser.headEnd(in: bytes, lineStart: &lineStart, limits: core.limits) else { return nil }
        lineStart = 0
        let head = try RequestParser.parse(UnsafeRawBufferPointer(rebasing: bytes[..<end]), limits: core.limits)
        try begin(head, ahead: UnsafeRawBufferPointer(rebasing: bytes[end...]))
        return end
    }

    private func readBody(_ bytes: UnsafeRawBufferPointer, _ exchange: HTTP1Exchange) throws(RequestRefusal) -> Int {
        guard let stream = exchange.stream else {
            let taken = try exchange.decoder.decode(bytes, into: &exchange.gathered)
            if exchange.isInline, exchange.gathered.count > core.limits.inlineBodyBytes { throw tooLargeToGather }
            if exchange.decoder.isDone {
                let trailers = try exchange.decoder.trailers(core.limits)
                exchange.request.body = HTTPBody(source: .bytes(exchange.gathered), defaultLimit: core.limits.bodyBytes, ownTrailers: trailers)
                exchange.gathered = []
                phase = .responding(exchange)
                run(exchange)
            }
            return taken
        }
        var chunk: [UInt8] = []
        let taken = try exchange.decoder.decode(bytes, into: &chunk)
        if !chunk.isEmpty && !stream.push(chunk) { connection.pauseReading() }
        if exchange.decoder.isDone {
            // Read first: a refusal has to find the phase in which the handler still waits for its body.
            let trailers = try exchange.decoder.trailers(core.limits)
            phase = .responding(exchange)
            stream.end(trailers: trailers)
        }
        return taken
    }

    var tooLargeToGather: RequestRefusal {
        RequestRefusal(.payloadTooLarge, "the body is over \(core.limits.inlineBodyBytes) bytes")
    }

    /// Answers what never became a request, or stopped being one, and closes.
    func refuse(_ refusal: RequestRefusal) {
        core.counters.refusals.add(1, ordering: .relaxed)
        var omitsBody = false
        if case .body(let exchange) = phase {
            if exchange.status != nil { return connection.close() }
            omitsBody = exchange.request.method == .head
            exchange.status = refusal.status
            exchange.abandon(MonoflowError(.invalidArgument, "read body", "", refusal.message))
            record(exchange, isComplete: false)
        }
        phase = .closing
        write(core.refusal(refusal), part: nil, keepAlive: false, version: .http11, omitsBody: omitsBody)
        connection.closeAfterFlush(linger: Self.linger)
    }

    // MARK: the peer's end

    func connectionReadEnded() {
        inputEnded = true
        switch phase {
        case .body(let exchange):
            // The handler, or the refusal, tells a client that only half closed; to others it goes nowhere.
            exchange.keepAlive = false
            if exchange.isInline {
                refuse(RequestRefusal(.badRequest, "the body ends too early"))
            } else {
                phase = .responding(exchange)
                // The reason first: a cancelled reader would only see that it was cancelled.
                exchange.stream?.end(MonoflowError(.invalidArgument, "read body", "", "the body ends after \(exchange.decoder.total) bytes, too early"))
                exchange.task?.cancel()
            }
        case .responding(let exchange):
            exchange.keepAlive = false
            exchange.task?.cancel()
        case .head, .skipping:
            inbox = []
            closeIdle()
        case .tunnel(let exchange): exchange.stream?.end()
        case .congested, .closing, .handedOver: break
        }
        settle()
    }

    func connectionPeerClosed() {
        if case .responding(let exchange) = phase { exchange.task?.cancel() }
    }

    func connectionProgressed() {
        if writeTimer?.isSet == true { writeTimer?.set(afterMilliseconds: core.timeouts.write) }
        if case .responding(let exchange) = phase { exchange.writer?.drained(queued: connection.queuedBytes) }
        if case .body(let exchange) = phase { exchange.writer?.drained(queued: connection.queuedBytes) }
        if case .tunnel(let exchange) = phase { exchange.writer?.drained(queued: connection.queuedBytes) }
        settle()
    }

    func connectionClosed(error: Int32) {
        traffic.count(connection, core.counters)
        if let reason = connection.closeReason { core.log.debug("connection from \(connection.peer) ended: \(reason)") }
        readTimer?.invalidate()
        writeTimer?.invalidate()
        let last = phase
        phase = .closing
        inbox = []
        switch last {
        case .body(let exchange), .responding(let exchange), .tunnel(let exchange):
            exchange.abandon(MonoflowError(.cancelled, "read body", "", "the client went away"))
            record(exchange, isComplete: false)
        default: break
        }
        core.closed(self)
    }
}

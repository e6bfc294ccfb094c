import Core
import Foundation
import Sockets

/// HTTP/1.1 on one connection to a server, one request after another. Everything here runs on the connection's loop.
final class ClientConnection: ConnectionHandler, @unchecked Sendable {
    enum Phase {
        case idle
        /// The request is under way, the response's head has not come whole.
        case head(ClientExchange)
        case body(ClientExchange)
        /// Switched to another protocol.
        case raw(ClientExchange)
        case closed
    }

    let origin: HTTPOrigin
    let connection: Connection
    let limits: HTTPLimits
    let idleTimeout: Duration
    private let pool: ConnectionPool
    /// The pool's, behind its lock.
    var ownsPlace = true
    var isUpgraded = false
    var phase = Phase.idle
    var inbox: [UInt8] = []
    var lineStart = 0
    /// In raw mode: whether each direction has ended.
    var inputEnded = false
    var outputEnded = false
    private(set) var served = 0
    private var isStarted = false
    /// Set once TLS, where there is any, is established: before, nothing is sent.
    private var isReady = false
    var readTimer: LoopTimer?
    var writeTimer: LoopTimer?
    var totalTimer: LoopTimer?

    init(
        _ socket: AcceptedSocket, security: ConnectionSecurity, origin: HTTPOrigin, loop: EventLoop, limits: HTTPLimits, idleTimeout: Duration,
        pool: ConnectionPool
    ) {
        connection = Connection(socket, loop: loop, security: security)
        self.origin = origin
        self.limits = limits
        self.idleTimeout = idleTimeout
        self.pool = pool
    }

    var loop: EventLoop { connection.loop }

    private func start() {
        isStarted = true
        readTimer = loop.makeTimer { [weak self] in self?.readTimedOut() }
        writeTimer = loop.makeTimer { [weak self] in self?.cut(.deadlineExceeded, "the server takes no bytes") }
        totalTimer = loop.makeTimer { [weak self] in self?.cut(.deadlineExceeded, "the request took longer than it may in all") }
        connection.start(self)
    }

    var exchange: ClientExchange? {
        switch phase {
        case .head(let exchange), .body(let exchange), .raw(let exchange): exchange
        case .idle, .closed: nil
        }
    }

    func isCurrent(_ exchange: ClientExchange) -> Bool { !connection.isClosed && self.exchange === exchange }

    /// Closes a connection that no request has. Callable from everywhere.
    func discard() { loop.execute { [self] in connection.close() } }

    // MARK: one request

    /// Sends a request; its promise tells the rest. Callable from everywhere. The connection belongs to the exchange until it is
    /// given back to the pool, or closed.
    func send(_ exchange: ClientExchange) {
        loop.execute { [self] in
            if !isStarted { start() }
            begin(exchange)
        }
    }

    private func begin(_ exchange: ClientExchange) {
        guard case .idle = phase, !connection.isClosed, served == 0 || connection.isQuiet else {
            exchange.fail(exchange.error(.unavailable, "the server has closed the connection"), .notSent)
            return connection.close()
        }
        if exchange.response.isFulfilled {
            pool.release(self)
            return settle()
        }
        served += 1
        phase = .head(exchange)
        readTimer?.unset()
        if let deadline = exchange.deadline { totalTimer?.set(after: deadline - ContinuousClock.now) }
        connection.write { RequestEncoder.encode(exchange.request, into: &$0) }
        if exchange.request.expectsContinue && RequestEncoder.hasBody(exchange.request) {
            exchange.sending = .waiting
        } else {
            sendBody(exchange)
        }
        settle()
    }

    /// The response is whole: on to the next request, or to the end of the connection.
    func finish(_ exchange: ClientExchange, keepAlive: Bool) {
        exchange.stopSending()
        if case .done = exchange.sending, keepAlive, inbox.isEmpty, connection.isDrained, !connection.isClosed {
            phase = .idle
            totalTimer?.unset()
            pool.release(self)
        } else {
            // What else the server sends on this connection is nobody's answer.
            phase = .closed
            connection.close()
        }
    }

    /// Gives the current exchange up, with the connection.
    func cut(_ code: MonoflowError.Code, _ message: String) {
        guard let exchange else { return connection.close() }
        cut(exchange.error(code, message))
    }

    /// The connection's end before the response's.
    func cutShort(_ why: String) {
        if exchange?.hasAnswer == true { cut(.dataLoss, "the response is cut short: " + why) } else { cut(.unavailable, why + " before it answered") }
    }

    func cut(_ error: MonoflowError) {
        guard let exchange else { return connection.close() }
        var stage = ClientFailure.Stage.inResponse
        // A body that was begun cannot be had again, even where TLS has let nothing of it out.
        if !exchange.hasAnswer { stage = isReady || exchange.writer != nil ? .noResponse : .notSent }
        phase = .closed
        exchange.fail(error, stage)
        connection.close()
    }

    /// A connection that speaks another protocol now does not come back.
    func leavePool() { pool.upgraded(self) }

    // MARK: events

    func connectionReady() {
        isReady = true
        if let chosen = connection.negotiatedProtocol, chosen != "http/1.1" {
            cut(.failedPrecondition, "the server was offered, and has chosen, the protocol \(chosen), which this client does not speak")
        }
    }

    func connectionPeerClosed() { if case .idle = phase { connection.close() } }

    func connectionProgressed() {
        if writeTimer?.isSet == true, let limit = exchange?.timeouts.write { writeTimer?.set(after: limit) }
        exchange?.writer?.drained(queued: connection.queuedBytes)
        settle()
    }

    func connectionClosed(error: Int32) {
        if exchange != nil {
            let why = connection.closeReason ?? (error == 0 ? "the server has closed the connection" : String(cString: strerror(error)))
            if case .raw(let exchange) = phase, error == 0 {
                phase = .closed
                exchange.stream?.end()
                exchange.stopSending()
            } else {
                cutShort(why)
            }
        }
        phase = .closed
        inbox = []
        for timer in [readTimer, writeTimer, totalTimer] { timer?.invalidate() }
        pool.closed(self)
    }
}

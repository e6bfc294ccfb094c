import CNGHTTP2
import Core
import DequeModule
import Foundation
import Sockets
import Synchronization

/// HTTP/2 on one connection to a server, by prior knowledge or over TLS. What is not public runs on the connection's loop.
public final class HTTP2ClientConnection: ConnectionHandler, @unchecked Sendable {
    public let origin: HTTPOrigin
    let options: HTTP2ClientOptions
    let connection: Connection
    private let ready = Promise<Void>()
    private let takesRequests = Atomic(true)
    private(set) var session: HTTP2Session?
    var streams: [Int32: HTTP2ClientExchange] = [:]
    /// For a place among `streams`.
    var waiting: Deque<HTTP2ClientExchange> = []
    /// The server, or `close`, has announced the end: what is under way goes on.
    private var isGoingAway = false
    private var isClosing = false
    private var writeTimer: LoopTimer?
    private var idleTimer: LoopTimer?
    private var keepAliveTimer: LoopTimer?
    private var settingsTimer: LoopTimer?
    private var awaitsPing = false
    private var receivedBefore: Int64 = 0

    private init(_ socket: AcceptedSocket, _ security: ConnectionSecurity, _ origin: HTTPOrigin, _ loop: EventLoop, _ options: HTTP2ClientOptions) {
        connection = Connection(socket, loop: loop, security: security)
        self.origin = origin
        self.options = options
    }

    var loop: EventLoop { connection.loop }

    /// - Parameters:
    ///   - tls: for `https`; its protocols are `["h2"]`.
    ///   - loop: which the connection lives on.
    /// - Throws: as `Connector.connect`; `failedPrecondition` where the server's TLS does not choose HTTP/2, or there is no context for it;
    ///   `dataLoss` where the server speaks something else.
    public static func connect(
        to origin: HTTPOrigin, tls: TLSClientContext? = nil, on loop: EventLoop, connector: Connector = Connector(),
        options: HTTP2ClientOptions = HTTP2ClientOptions()
    ) async throws(MonoflowError) -> HTTP2ClientConnection {
        var security = ConnectionSecurity.plain
        if origin.scheme == .https {
            guard let tls else { throw MonoflowError(.failedPrecondition, "connect", "\(origin)", "the client was made without TLS") }
            security = .client(tls, serverName: origin.host)
        }
        let socket = try await connector.connect(to: origin.address, on: loop, limit: options.connectTimeout)
        let made = HTTP2ClientConnection(socket, security, origin, loop, options)
        loop.execute { made.start() }
        do { try await made.ready.value() } catch {
            made.close()
            throw error as? MonoflowError ?? MonoflowError(.cancelled, "connect", "\(origin)", "the task was cancelled")
        }
        return made
    }

    /// Whether requests are taken. After the server has announced the end they are not.
    public var isOpen: Bool { takesRequests.load(ordering: .acquiring) }

    /// Begins a request. Where the server allows no more at once it waits for its turn.
    /// - Parameters:
    ///   - path: path and query.
    ///   - headers: `TE: trailers` among them is sent; other fields of HTTP/1.1's connections are left out.
    ///   - hasBody: false: the request ends with its head.
    public func open(_ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders, hasBody: Bool) -> HTTP2ClientStream {
        let exchange = HTTP2ClientExchange(method, path, headers, hasBody: hasBody, authority: origin.authority) { [weak self] exchange in
            guard let self else { return }
            loop.execute { self.pump(exchange) }
        }
        loop.execute { [self] in begin(exchange) }
        return HTTP2ClientStream(exchange, self)
    }

    /// Takes no more requests; those under way go on, and the connection is closed after the last.
    public func close() {
        takesRequests.store(false, ordering: .releasing)
        loop.execute { [self] in
            goAway()
            settle()
        }
    }

    // MARK: the connection's life

    private func start() {
        writeTimer = loop.makeTimer { [weak self] in self?.cut(.unavailable, "the server takes no bytes") }
        idleTimer = loop.makeTimer { [weak self] in self?.close() }
        keepAliveTimer = loop.makeTimer { [weak self] in self?.keepAliveDue() }
        settingsTimer = loop.makeTimer { [weak self] in
            guard let self else { return }
            cut(.deadlineExceeded, "the server has not begun to speak HTTP/2 within \(options.connectTimeout)")
        }
        connection.start(self)
    }

    public func connectionReady() {
        if connection.isSecure, connection.negotiatedProtocol != "h2" {
            return cut(.failedPrecondition, "the server does not choose HTTP/2 over TLS")
        }
        do throws(MonoflowError) {
            let session = try HTTP2Session(.client, owner: self)
            self.session = session
            session.settings([
                (NGHTTP2_SETTINGS_ENABLE_PUSH, 0),
                (NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(options.streamWindowBytes)),
                (NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(options.headerBytes)),
            ])
            session.connectionWindow(Int32(options.connectionWindowBytes))
        } catch { return cut(error.code, error.message) }
        settingsTimer?.set(after: options.connectTimeout)
        send()
    }

    /// The server's settings have come, its bound of streams among them.
    func settingsReceived() {
        settingsTimer?.unset()
        ready.fulfil(.success(()))
    }

    public func connectionReceived(_ bytes: UnsafeRawBufferPointer) {
        guard let session, !isClosing else { return }
        if let failure = session.receive(bytes) {
            session.terminate(.protocolError)
            send()
            return cut(.dataLoss, "the server breaks the rules of HTTP/2: \(failure)")
        }
        settle()
    }

    public func connectionReadEnded() { cut(.unavailable, "the server has closed the connection") }

    public func connectionPeerClosed() {}

    public func connectionProgressed() {
        if writeTimer?.isSet == true { writeTimer?.set(after: options.writeTimeout) }
        settle()
    }

    public func connectionClosed(error: Int32) {
        cut(.unavailable, connection.closeReason ?? (error == 0 ? "the connection is closed" : String(cString: strerror(error))))
        for timer in [writeTimer, idleTimer, keepAliveTimer, settingsTimer] { timer?.invalidate() }
    }

    /// Ends everything that is under way, and the connection.
    private func cut(_ code: MonoflowError.Code, _ message: String) {
        if isClosing { return }
        isClosing = true
        takesRequests.store(false, ordering: .releasing)
        let (open, line) = (streams, waiting)
        (streams, waiting) = ([:], [])
        ready.fulfil(.failure(MonoflowError(code, "connect", "\(origin)", message)))
        for exchange in open.values { exchange.fail(exchange.error(code, message)) }
        for exchange in line { exchange.fail(exchange.error(code, message), isUnprocessed: true) }
        connection.close()
    }

    /// The server takes no more, or nobody here wants more.
    func goAway() {
        isGoingAway = true
        takesRequests.store(false, ordering: .releasing)
        let line = waiting
        waiting = []
        for exchange in line { exchange.fail(exchange.error(.unavailable, "the connection is about to end"), isUnprocessed: true) }
    }

    private func keepAliveDue() {
        guard let interval = options.keepAlive, !isClosing else { return }
        if connection.received != receivedBefore {
            awaitsPing = false
        } else if awaitsPing {
            return cut(.unavailable, "the server has not answered a PING within \(options.keepAliveTimeout)")
        } else if !streams.isEmpty {
            awaitsPing = true
            session?.ping()
        }
        receivedBefore = connection.received
        keepAliveTimer?.set(after: awaitsPing ? options.keepAliveTimeout : interval)
        send()
    }

    // MARK: output

    /// Sends what the session has, as far as the socket takes it. Never from within the session's callbacks.
    func send() {
        if session?.flush(to: connection) == .more { loop.execute { [self] in settle() } }
    }

    /// Ends every entry from outside: sends what is queued, begins what waits, and sets the timers to what is left.
    func settle() {
        if isClosing { return }
        repeat {
            beginWaiting()
            send()
            // Streams may have ended while their last frames were sent.
        } while hasTurn && session?.isReceiving != true && session?.isFull != true && !connection.isClosed
        if connection.isClosed || session?.isReceiving == true { return }
        for exchange in streams.values where exchange.hasBody && !exchange.requestEnded {
            exchange.writer.drained(queued: exchange.outgoing.count + connection.queuedBytes)
        }
        if connection.isDrained { writeTimer?.unset() } else if writeTimer?.isSet == false { writeTimer?.set(after: options.writeTimeout) }
        if streams.isEmpty {
            if isGoingAway { return finish() }
            if idleTimer?.isSet == false { idleTimer?.set(after: options.idleTimeout) }
        } else {
            idleTimer?.unset()
            if let interval = options.keepAlive, keepAliveTimer?.isSet == false {
                receivedBefore = connection.received
                keepAliveTimer?.set(after: interval)
            }
        }
        guard session?.wantsRead == false, session?.wantsWrite == false else { return }
        // libnghttp2 has told the server what it did wrong, unless the end was announced.
        if isGoingAway { cut(.unavailable, "the connection has ended") } else { cut(.dataLoss, "the server breaks the rules of HTTP/2") }
    }

    private func finish() {
        isClosing = true
        session?.goAway(.none)
        send()
        ready.fulfil(.failure(MonoflowError(.cancelled, "connect", "\(origin)", "the connection is closed")))
        connection.closeAfterFlush(linger: .milliseconds(100))
    }
}

import CNGHTTP2
import Core
import Sockets

/// HTTP/2 on one connection, from the server's side. Everything here runs on the connection's loop.
final class HTTP2Connection: ConnectionHandler, ServedConnection, ExchangeHost, @unchecked Sendable {
    typealias Carried = HTTP2Stream

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    /// Of an upload that has been answered already.
    static let dropLimit: Int64 = 64 << 20

    let core: ServerCore
    let connection: Connection
    let encoder: ResponseEncoder
    private(set) var session: HTTP2Session?
    var streams: [Int32: HTTP2Stream] = [:]
    /// The block of fields that is being read; there is one at most on a connection.
    var head: (stream: Int32, isFirst: Bool, reader: HTTP2HeadReader)?
    var headSince: Int64 = 0
    let running = RunningHandlers()
    var flood = HTTP2FloodGuard()
    /// Streams whose body is written by a task.
    var writers = 0
    var isDraining = false
    private var peerEnded = false
    var isClosing = false
    var timer: LoopTimer?
    var writeTimer: LoopTimer?
    var idleSince = LoopClock.now()
    private var traffic = TrafficMeter()

    /// Takes a connection over whose first bytes are the preface.
    init(_ connection: Connection, encoder: ResponseEncoder, core: ServerCore) {
        self.connection = connection
        self.encoder = encoder
        self.core = core
    }

    var loop: EventLoop { connection.loop }

    func start() {
        timer = loop.makeTimer { [weak self] in self?.tick() }
        writeTimer = loop.makeTimer { [weak self] in self?.connection.close() }
        timer?.set(after: .seconds(1))
        do throws(MonoflowError) {
            let session = try HTTP2Session(.server, owner: self)
            self.session = session
            session.settings([
                (NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, UInt32(core.limits.streams)),
                (NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(core.limits.streamWindowBytes)),
                (NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(core.limits.headerBytes)),
                (NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1),
            ])
            session.connectionWindow(Int32(core.limits.connectionWindowBytes))
        } catch {
            core.log.error("\(error)")
            connection.close()
        }
    }

    // MARK: input

    func connectionReceived(_ bytes: UnsafeRawBufferPointer) {
        guard let session, !isClosing else { return }
        if let failure = session.receive(bytes) {
            core.counters.refusals.add(1, ordering: .relaxed)
            core.log.debug("HTTP/2 connection from \(connection.peer) ended: \(failure)")
            session.terminate(.protocolError)
            isClosing = true
        } else if let excess = flood.excess, !isClosing {
            core.counters.floods.add(1, ordering: .relaxed)
            core.log.warning("HTTP/2 connection from \(connection.peer) closed: too many \(excess)")
            session.terminate(.enhanceYourCalm)
            isClosing = true
        }
        send()
    }

    /// What it has sent may still wait to be read.
    func connectionPeerClosed() {
        for stream in streams.values where stream.requestEnded { stream.task?.cancel() }
    }

    /// A client that has half closed can send no WINDOW_UPDATE and no PING any more; what is on its way is still sent, as far as the
    /// windows allow.
    func connectionReadEnded() {
        if streams.isEmpty { return close() }
        isDraining = true
        peerEnded = true
        for stream in Array(streams.values) {
            if !stream.requestEnded {
                if let body = stream.stream {
                    body.end(MonoflowError(.cancelled, "read body", "", "the client went away"))
                } else if stream.status == nil {
                    respond(stream, core.refusal(RequestRefusal(.badRequest, "the body ends too early")))
                }
            }
            stream.task?.cancel()
        }
        send()
    }

    func connectionProgressed() {
        if writeTimer?.isSet == true { writeTimer?.set(afterMilliseconds: core.timeouts.write) }
        send()
    }

    func connectionClosed(error: Int32) {
        traffic.count(connection, core.counters)
        timer?.invalidate()
        writeTimer?.invalidate()
        let left = streams
        streams = [:]
        for stream in left.values {
            stream.abandon(MonoflowError(.cancelled, "read body", "", "the client went away"))
            record(stream, isComplete: false)
        }
        core.closed(self)
    }

    // MARK: output

    /// Sends what the session has, as far as the socket takes it. Never from within the session's callbacks.
    func send() {
        guard let session else { return }
        switch session.flush(to: connection) {
        case .refused: return
        case .done: break
        case .more: loop.execute { [self] in send() }
        }
        traffic.count(connection, core.counters)
        if connection.isClosed { return }
        if writers > 0 {
            for stream in streams.values { stream.writer?.drained(queued: stream.queued + connection.queuedBytes) }
        }
        if connection.isDrained { writeTimer?.unset() } else if writeTimer?.isSet == false { writeTimer?.set(afterMilliseconds: core.timeouts.write) }
        let isStuck = peerEnded && connection.isDrained && !session.wantsWrite && streams.values.allSatisfy { $0.status != nil && !$0.isDeferred }
        if isStuck || !session.wantsRead && !session.wantsWrite { close() } else if isDraining, streams.isEmpty, !isClosing { finish() }
    }

    func proceed() { send() }

    func close() {
        isClosing = true
        connection.closeAfterFlush(linger: .milliseconds(500))
    }
}

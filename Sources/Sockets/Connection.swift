import CLinux
import Core
import Foundation

/// What a connection tells its owner, always on its loop.
public protocol ConnectionHandler: AnyObject {
    /// Bytes can be received from now on, and `negotiatedProtocol` is known: within `start` on a plain connection, after the
    /// handshake over TLS. Nothing else but the end comes before. Does nothing where it is not implemented.
    func connectionReady()
    /// Bytes in order; valid during the call only.
    func connectionReceived(_ bytes: UnsafeRawBufferPointer)
    /// The peer sent its last byte, and every byte before has been handed over.
    func connectionReadEnded()
    /// The peer has closed, or half closed, while bytes may wait unread because reading is paused.
    func connectionPeerClosed()
    /// Queued output went out: look at `queuedBytes` again.
    func connectionProgressed()
    /// The last call. - Parameter error: errno, 0 for an orderly end.
    func connectionClosed(error: Int32)
}

extension ConnectionHandler {
    public func connectionReady() {}
}

/// A connected socket that lives on one loop, plain or under TLS. Everything but `loop`, `peer` and `isSecure` is for that
/// loop only. Bytes, and the counts of them, are those above TLS.
public final class Connection: EventSource, @unchecked Sendable {
    /// Whether this end's direction is over.
    private enum OutputEnd {
        case open, wanted, told
    }

    /// Reads a turn, so that one busy peer does not starve the others.
    static let readsPerTurn = 8

    public let loop: EventLoop
    public let peer: String
    /// Whether it is under TLS.
    public let isSecure: Bool
    /// The protocol that ALPN has chosen, e.g. `"h2"`; nil before the handshake, and where none was negotiated.
    public internal(set) var negotiatedProtocol: String?
    public private(set) var isClosed = false
    /// Why TLS failed, for people; nil where it did not. Known when `connectionClosed` comes.
    public internal(set) var closeReason: String?
    /// Whether the peer's bytes ended without TLS's own end: somebody between may have cut them off.
    public internal(set) var readWasTruncated = false
    /// Bytes ever received.
    public internal(set) var received: Int64 = 0
    let descriptor: Int32
    private var token: UInt64?
    private let security: ConnectionSecurity
    /// Set while a secure connection is open.
    var tls: TLSSession?
    var handler: (any ConnectionHandler)?
    var output = OutputQueue()
    var readable = false
    var writable = true
    var paused = false
    var readEnded = false
    var peerClosed = false
    private var outputEnd = OutputEnd.open
    private var lingers: Duration?
    var discarding = false
    private var lingerTimer: LoopTimer?
    var handshakeTimer: LoopTimer?

    public init(_ socket: AcceptedSocket, loop: EventLoop, security: ConnectionSecurity = .plain) {
        descriptor = socket.descriptor
        peer = socket.peer
        self.loop = loop
        self.security = security
        isSecure = !security.isPlain
    }

    /// Call on the loop, once. The connection keeps the handler until it is closed.
    public func start(_ handler: any ConnectionHandler) {
        loop.assertCurrent()
        self.handler = handler
        if isSecure && !startTLS(security) { return }
        let interest = UInt32(CLINUX_EPOLLIN | CLINUX_EPOLLOUT | CLINUX_EPOLLRDHUP) | CLINUX_EPOLLET
        token = loop.add(self, descriptor: descriptor, events: interest)
        if token == nil { return close(error: errno) }
        if !isSecure { handler.connectionReady() }
    }

    /// Another handler serves the connection from now on. On the loop.
    public func handOver(to next: any ConnectionHandler) {
        loop.assertCurrent()
        if !isClosed { handler = next }
    }

    // MARK: reading

    /// Stops handing over bytes; they wait in the kernel, which holds the peer back.
    public func pauseReading() { paused = true }

    public func resumeReading() {
        guard paused else { return }
        paused = false
        if readable { loop.readLater(self) }
    }

    func ready(_ events: UInt32) {
        if events & UInt32(CLINUX_EPOLLERR) != 0 { return broke { socketError() } }
        if events & UInt32(CLINUX_EPOLLOUT) != 0 {
            writable = true
            if let tls { becameWritable(tls) } else if !output.isEmpty { flushAndTell() }
            if isClosed { return }
        }
        if events & UInt32(CLINUX_EPOLLRDHUP | CLINUX_EPOLLHUP) != 0, !peerClosed {
            peerClosed = true
            becameReadable()
            read()
            if !isClosed && !readEnded && tls?.isEstablished != false { handler?.connectionPeerClosed() }
        } else if events & UInt32(CLINUX_EPOLLIN) != 0 {
            becameReadable()
            read()
        } else { return }
        if let tls, tls.writeAwaitsReadable { goOnWriting(tls) }
    }

    private func becameReadable() {
        readable = true
        tls?.socketEmptied = false
    }

    func read() {
        // What comes behind our own end is dropped as it is, unopened.
        if let tls, !discarding { return read(through: tls) }
        let buffer = loop.readBuffer
        var turn = 0
        while readable && !paused && !isClosed && !readEnded {
            if turn == Self.readsPerTurn { return loop.readLater(self) }
            turn += 1
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 {
                received += Int64(count)
                // A short read has emptied the socket, and what comes later makes a new edge.
                if count < buffer.count && !peerClosed { readable = false }
                if !discarding { handler?.connectionReceived(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            } else if count == 0 {
                readEnded = true
                if discarding { return close(error: 0) }
                handler?.connectionReadEnded()
            } else if errno == EAGAIN {
                readable = false
            } else if errno != EINTR {
                close(error: errno)
            }
        }
    }

    /// Whether the connection is open and nothing of the peer's waits unread, not even its end: what a connection that was
    /// kept for later is asked before it is used. One system call.
    public var isQuiet: Bool {
        guard !isClosed, !readEnded, !peerClosed else { return false }
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) < 0 && errno == EAGAIN
    }

    /// The peer takes no more. What it sent before is still there to be read, e.g. an answer that came early and the reason for
    /// the end.
    private func broke(_ number: () -> Int32) {
        if isClosed { return }
        peerClosed = true
        becameReadable()
        read()
        if !isClosed { close(error: number()) }
    }

    private func socketError() -> Int32 {
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
        return number == 0 ? ECONNRESET : number
    }

    // MARK: writing

    /// Memory that waits to be sent, in bytes.
    public var queuedBytes: Int { output.bytes }
    /// Whether a part of a file waits to be sent.
    public var hasQueuedFile: Bool { output.files > 0 }
    public var isDrained: Bool { output.isEmpty }
    /// Bytes ever sent.
    public var sent: Int64 { output.total }

    /// Queues bytes; `flush` sends them.
    public func write(_ bytes: [UInt8]) { if !isClosed { output.append(bytes) } }

    /// Queues what the closure appends to the buffer it is given.
    public func write(_ append: (inout [UInt8]) -> Void) { if !isClosed { output.append(append) } }

    /// Queues `count` bytes of a file from `offset`. - Parameter owner: held until they are sent, keeps the descriptor open.
    public func write(file descriptor: Int32, offset: Int64, count: Int64, owner: AnyObject) {
        if !isClosed { output.append(FileSegment(owner: owner, descriptor: descriptor, offset: offset, count: count)) }
    }

    /// Sends what the kernel takes. A broken connection is closed later, not within this call.
    public func flush() {
        guard writable, !isClosed else { return }
        let result: OutputQueue.Result
        if let tls {
            if !tls.isEstablished || tls.writeAwaitsReadable { return }
            result = output.send(through: tls, staging: loop.stagingBuffer)
        } else {
            result = output.send(to: descriptor)
        }
        switch result {
        case .blocked: writable = false
        case .awaitsReadable: break
        case .yielded: loop.execute { [self] in flushAndTell() }
        case .drained: if lingers != nil { finish() } else if outputEnd == .wanted { tellOutputEnd() }
        case .failed(let number):
            writable = false
            closeReason = tls?.failure
            loop.execute { [self] in broke { number } }
        }
    }

    func flushAndTell() {
        flush()
        if !isClosed && !discarding { handler?.connectionProgressed() }
    }

    /// Whether the end of what is sent is still to be told.
    var isFinishing: Bool { lingers != nil && !discarding || outputEnd == .wanted }

    // MARK: closing

    /// Sends what is queued, then tells the peer that nothing follows; reading goes on. Nothing may be written after it.
    public func endOutput() {
        guard outputEnd == .open, lingers == nil, !isClosed else { return }
        outputEnd = .wanted
        flush()
    }

    private func tellOutputEnd() {
        if let tls, !tellEnd(tls) { return }
        outputEnd = .told
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Sends what is queued, then closes. - Parameter linger: how long to take and drop what the peer still sends;
    /// closing at once would reset the connection, and the peer could lose the answer. Zero where it owes nothing.
    public func closeAfterFlush(linger: Duration) {
        guard lingers == nil, !isClosed else { return }
        lingers = linger
        if output.isEmpty { finish() }
    }

    private func finish() {
        guard let lingers, !discarding else { return }
        // With no time to wait for room in the socket, the peer is left without TLS's own end.
        if let tls, !tellEnd(tls), lingers > .zero { return startLinger(lingers) }
        discarding = true
        if lingers == .zero || readEnded {
            loop.execute { [self] in close(error: 0) }
            return
        }
        shutdown(descriptor, Int32(SHUT_WR))
        startLinger(lingers)
        paused = false
        if readable { loop.readLater(self) }
    }

    private func startLinger(_ time: Duration) {
        guard lingerTimer == nil else { return }
        lingerTimer = loop.makeTimer { [weak self] in self?.close(error: 0) }
        lingerTimer?.set(after: time)
    }

    /// Closes at once; what is queued is lost. Over TLS the peer can tell that from an orderly end.
    public func close(error: Int32 = 0) {
        loop.assertCurrent()
        guard !isClosed else { return }
        isClosed = true
        lingerTimer?.invalidate()
        handshakeTimer?.invalidate()
        if let token { loop.remove(token: token, descriptor: descriptor) }
        _ = Foundation.close(descriptor)
        output.removeAll()
        tls = nil
        let last = handler
        handler = nil
        last?.connectionClosed(error: error)
    }
}

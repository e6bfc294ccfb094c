import CLinux
import Foundation

// The part of a connection that is for TLS only. A plain connection never comes here.
extension Connection {
    /// - Returns: false where the connection will be closed instead.
    func startTLS(_ security: ConnectionSecurity) -> Bool {
        guard let session = TLSSession(security, descriptor: descriptor) else {
            closeReason = "TLS: no session can be made"
            if case .client(_, let name) = security { closeReason = "TLS: no session can be made for a server named \"\(name)\"" }
            loop.execute { [self] in close(error: EINVAL) }
            return false
        }
        tls = session
        let limit = session.handshakeTimeout
        handshakeTimer = loop.makeTimer { [weak self] in
            self?.closeReason = "TLS: the handshake took longer than \(limit)"
            self?.close(error: ETIMEDOUT)
        }
        handshakeTimer?.set(after: limit)
        return true
    }

    func becameWritable(_ tls: TLSSession) {
        if tls.readAwaitsWritable {
            tls.readAwaitsWritable = false
            read()
        }
        goOnWriting(tls)
    }

    func goOnWriting(_ tls: TLSSession) {
        tls.writeAwaitsReadable = false
        if isClosed || !tls.isEstablished { return }
        if !output.isEmpty { flushAndTell() } else if isFinishing { flush() }
    }

    func read(through tls: TLSSession) {
        if !tls.isEstablished && !goOnWithHandshake(tls) { return }
        let buffer = loop.readBuffer
        var turn = 0
        while readable && !paused && !isClosed && !readEnded && !discarding && !tls.readAwaitsWritable {
            if turn == Self.readsPerTurn { return loop.readLater(self) }
            turn += 1
            let (count, end) = gather(tls, into: buffer)
            if count > 0 {
                received += Int64(count)
                handler?.connectionReceived(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                continue
            }
            switch end {
            case .ended(let truncated):
                readEnded = true
                readWasTruncated = truncated
                handler?.connectionReadEnded()
            case .failed: fail(tls)
            // Messages of the protocol's own: others get their turn between them.
            case .done: return loop.readLater(self)
            case .wantsRead, .wantsWrite: break
            }
        }
    }

    /// Records a delivery: a peer that sends tiny ones, or none but changes of keys, does not hold up the loop.
    private static let recordsPerDelivery = 64

    /// Reads records until the buffer is full or nothing is there. - Returns: the bytes, and what ended it; an end or failure
    /// that comes behind bytes comes again when the next are asked for.
    private func gather(_ tls: TLSSession, into buffer: UnsafeMutableRawBufferPointer) -> (count: Int, end: TLSSession.Outcome) {
        var (filled, records) = (0, 0)
        while filled < buffer.count && records < Self.recordsPerDelivery {
            records += 1
            let outcome = tls.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            switch outcome {
            case .done(0): return (filled, outcome)
            case .done(let count):
                filled += count
                if tls.isDrained && !peerClosed {
                    readable = false
                    return (filled, outcome)
                }
            case .wantsRead:
                readable = false
                return (filled, outcome)
            case .wantsWrite:
                writable = false
                tls.readAwaitsWritable = true
                return (filled, outcome)
            case .ended, .failed: return (filled, outcome)
            }
        }
        return (filled, .done(filled))
    }

    /// - Returns: whether application bytes may be read now.
    private func goOnWithHandshake(_ tls: TLSSession) -> Bool {
        switch tls.handshake() {
        case .done:
            handshakeTimer?.invalidate()
            handshakeTimer = nil
            // Application bytes may have come with the handshake's last, and lie in the library's buffer.
            readable = true
            negotiatedProtocol = tls.negotiatedProtocol
            handler?.connectionReady()
            if !isClosed && (!output.isEmpty || isFinishing) { flushAndTell() }
            return !isClosed
        case .wantsRead: readable = false
        case .wantsWrite:
            writable = false
            tls.readAwaitsWritable = true
        case .ended, .failed: fail(tls)
        }
        return false
    }

    /// Sends close_notify. - Returns: false where it has to wait for room in the socket.
    func tellEnd(_ tls: TLSSession) -> Bool {
        guard case .wantsWrite = tls.shutdown() else { return true }
        writable = false
        return false
    }

    private func fail(_ tls: TLSSession) {
        closeReason = tls.failure
        close(error: tls.errorNumber)
    }
}

import COpenSSL
import Foundation

/// The TLS state of one connection: what stands between its bytes and its socket. Lives on the connection's loop.
///
/// No call blocks. A call that could not go on tells what the socket must become first; it is then repeated, a write with
/// the same bytes and perhaps more behind them.
final class TLSSession {
    enum Outcome {
        /// So many bytes were read or written; 0 where the call moves none.
        case done(Int)
        case wantsRead
        case wantsWrite
        /// The peer sends no more. - truncated: its TCP stream ended without a close_notify.
        case ended(truncated: Bool)
        /// `failure` and `errorNumber` tell why, and every later call ends like this. After a write whose socket takes no more,
        /// `writeError` tells, and what the peer sent before can still be read.
        case failed
    }

    let descriptor: Int32
    let isClient: Bool
    let handshakeTimeout: Duration
    let ssl: OpaquePointer
    /// Held because OpenSSL's callbacks point to it.
    private let context: AnyObject
    private(set) var isEstablished = false
    /// Why the session failed, for people.
    private(set) var failure: String?
    /// errno of the session's end; EPROTO where the socket is not to blame.
    private(set) var errorNumber: Int32 = 0
    /// errno of a write that the socket did not take.
    private(set) var writeError: Int32 = 0
    /// The handshake, or a read that has something to send first, goes on when the socket is writable. A client begins so.
    var readAwaitsWritable: Bool
    /// A write that has something to receive first goes on when the socket is readable.
    var writeAwaitsReadable = false
    private var endSent = false
    // Set by the BIO.
    var socketBlocked = false
    var socketEmptied = false
    var socketEnded = false
    var socketError: Int32 = 0

    /// Nil where memory is short, or the server's name cannot be one.
    init?(_ security: ConnectionSecurity, descriptor: Int32) {
        let made: OpaquePointer?
        switch security {
        case .plain: return nil
        case .server(let server): (made, context, isClient, handshakeTimeout) = (SSL_new(server.primary), server, false, server.handshakeTimeout)
        case .client(let client, let name):
            (made, context, isClient, handshakeTimeout) = (client.makeSession(serverName: name), client, true, client.handshakeTimeout)
        }
        guard let made else { return nil }
        ssl = made
        self.descriptor = descriptor
        readAwaitsWritable = isClient
        // Both directions share the BIO and one reference to it, which the session owns from here on.
        guard let bio = TLSSocketBIO.make(self) else { return nil }
        SSL_set_bio(ssl, bio, bio)
        if isClient { SSL_set_connect_state(ssl) } else { SSL_set_accept_state(ssl) }
    }

    deinit { SSL_free(ssl) }

    /// Goes on with the handshake.
    func handshake() -> Outcome {
        if failure != nil { return .failed }
        TLSFailure.clear()
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            isEstablished = true
            return .done(0)
        }
        let outcome = outcome(result)
        if case .ended = outcome { return fail("the peer closed the connection during the handshake", number: ECONNRESET) }
        return outcome
    }

    /// One record's bytes at most; 0 for messages of the protocol's own, such as a change of keys. After `done` with `isDrained`
    /// nothing is left to read for now.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Outcome {
        if failure != nil { return .failed }
        TLSFailure.clear()
        socketBlocked = false
        let count = SSL_read(ssl, buffer.baseAddress, Int32(buffer.count))
        if count > 0 { return .done(Int(count)) }
        let outcome = outcome(count)
        if case .wantsRead = outcome, !socketBlocked { return .done(0) }
        return outcome
    }

    /// Whether both the socket and the library's buffers are empty, as far as is known; what comes later makes a new edge.
    var isDrained: Bool { socketEmptied && SSL_has_pending(ssl) == 0 }

    /// - Parameter bytes: at least one; taken in part where they fill more than a record.
    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        if failure != nil || writeError != 0 { return .failed }
        TLSFailure.clear()
        let count = SSL_write(ssl, bytes.baseAddress, Int32(bytes.count))
        if count > 0 { return .done(Int(count)) }
        if socketError != 0 {
            writeError = socketError
            socketError = 0
            return .failed
        }
        return outcome(count)
    }

    /// Sends close_notify, once.
    func shutdown() -> Outcome {
        // Another call would wait for the peer's.
        if endSent { return .done(0) }
        if failure != nil || writeError != 0 || !isEstablished { return .failed }
        TLSFailure.clear()
        let result = SSL_shutdown(ssl)
        endSent = result >= 0
        return endSent ? .done(0) : outcome(result)
    }

    /// The protocol that ALPN has chosen, e.g. `"h2"`; nil for none.
    var negotiatedProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        guard let name, count > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }

    /// `"TLSv1.3"` or `"TLSv1.2"`.
    var version: String { String(cString: SSL_get_version(ssl)) }

    /// Whether a ticket of an earlier session saved the certificate's part of the handshake.
    var wasResumed: Bool { SSL_session_reused(ssl) == 1 }

    private func outcome(_ result: Int32) -> Outcome {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return .ended(truncated: socketEnded)
        default: break
        }
        if socketError != 0 { return fail(String(cString: strerror(socketError)), number: socketError) }
        let verification = SSL_get_verify_result(ssl)
        let reason = TLSFailure.reason() ?? "the peer closed the connection"
        if isClient && !isEstablished && verification != Int(X509_V_OK), let text = X509_verify_cert_error_string(verification) {
            return fail("\(reason): \(String(cString: text))", number: EPROTO)
        }
        return fail(reason, number: EPROTO)
    }

    private func fail(_ reason: String, number: Int32) -> Outcome {
        failure = "TLS: " + reason
        errorNumber = number
        return .failed
    }
}

import CLinux
import COpenSSL
import Foundation

/// OpenSSL's way to the socket of a `TLSSession`. Other than OpenSSL's own socket BIO it never raises SIGPIPE, keeps errno,
/// and notes a read that has emptied the socket, which saves a read that would only say so.
enum TLSSocketBIO {
    private static let retryRead = BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY
    private static let retryWrite = BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY
    private static let retryFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY

    /// The table of functions; made once, never changed after.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "monoflow socket") else { return nil }
        BIO_meth_set_read(method, { bio, bytes, count in TLSSocketBIO.read(bio, bytes, count) })
        BIO_meth_set_write(method, { bio, bytes, count in TLSSocketBIO.write(bio, bytes, count) })
        BIO_meth_set_ctrl(method, { bio, command, _, _ in
            switch command {
            case BIO_CTRL_FLUSH: 1
            case BIO_CTRL_EOF: TLSSocketBIO.session(bio)?.socketEnded == true ? 1 : 0
            default: 0
            }
        })
        return method
    }()

    /// A BIO that does not keep the session. Nil where memory is short.
    static func make(_ session: TLSSession) -> OpaquePointer? {
        guard let method, let bio = BIO_new(method) else { return nil }
        BIO_set_data(bio, Unmanaged.passUnretained(session).toOpaque())
        BIO_set_init(bio, 1)
        return bio
    }

    private static func session(_ bio: OpaquePointer?) -> TLSSession? {
        BIO_get_data(bio).map { Unmanaged<TLSSession>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func read(_ bio: OpaquePointer?, _ bytes: UnsafeMutablePointer<CChar>?, _ wanted: Int32) -> Int32 {
        BIO_clear_flags(bio, retryFlags)
        guard let session = session(bio), wanted > 0 else { return 0 }
        while true {
            let count = recv(session.descriptor, bytes, Int(wanted), 0)
            session.socketEmptied = count < Int(wanted)
            if count > 0 { return Int32(count) }
            if count == 0 {
                session.socketEnded = true
                return 0
            }
            if errno == EINTR { continue }
            session.socketBlocked = errno == EAGAIN
            if session.socketBlocked { BIO_set_flags(bio, retryRead) } else { session.socketError = errno }
            return -1
        }
    }

    private static func write(_ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ wanted: Int32) -> Int32 {
        BIO_clear_flags(bio, retryFlags)
        guard let session = session(bio), wanted > 0 else { return 0 }
        while true {
            let count = send(session.descriptor, bytes, Int(wanted), Int32(MSG_NOSIGNAL))
            if count >= 0 { return Int32(count) }
            if errno == EINTR { continue }
            if errno == EAGAIN { BIO_set_flags(bio, retryWrite) } else { session.socketError = errno }
            return -1
        }
    }
}

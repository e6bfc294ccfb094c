import CLinux
import COpenSSL
import Dispatch
import Foundation
import Sockets

/// The other side of a connection under test: OpenSSL with blocking calls, on a queue of its own. It shares no code with
/// the connections, and can be as rude as a peer can be.
final class SecurePeer: @unchecked Sendable {
    struct Failure: Error { let message: String }
    struct Settings {
        var roots: [UInt8]?
        var maximumVersion = Int(TLS1_3_VERSION)
        /// ALPN, each name behind a byte of its length.
        var protocols: [UInt8] = []
        var serverName: String?
        var session: OpaquePointer?
        /// `TLSEXT_max_fragment_length_…`; 0: none.
        var fragmentLength: UInt8 = 0
        /// RFC 5280 by the letter.
        var isStrict = false
    }

    let fd: Int32
    private let queue = DispatchQueue(label: "secure-peer")
    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private var isOpen = true

    /// A client on a connected blocking socket, which it owns.
    init(_ fd: Int32, _ settings: Settings = Settings()) throws {
        self.fd = fd
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw Failure(message: "no context") }
        self.context = context
        SSL_CTX_ctrl(context, 124, settings.maximumVersion, nil)  // SSL_CTRL_SET_MAX_PROTO_VERSION
        SSL_CTX_set_session_id_context(context, [1], 1)
        if settings.fragmentLength > 0 { SSL_CTX_set_tlsext_max_fragment_length(context, settings.fragmentLength) }
        if !settings.protocols.isEmpty { SSL_CTX_set_alpn_protos(context, settings.protocols, UInt32(settings.protocols.count)) }
        if let roots = settings.roots {
            let reader = roots.withUnsafeBytes { bytes in
                let memory = BIO_new(BIO_s_mem())
                BIO_write(memory, bytes.baseAddress, Int32(bytes.count))
                return memory
            }
            defer { BIO_free(reader) }
            while let root = PEM_read_bio_X509(reader, nil, nil, nil) {
                X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root)
                X509_free(root)
            }
            ERR_clear_error()
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        }
        guard let ssl = SSL_new(context) else { throw Failure(message: "no session") }
        self.ssl = ssl
        SSL_set_fd(ssl, fd)
        if settings.isStrict { X509_VERIFY_PARAM_set_flags(SSL_get0_param(ssl), UInt(X509_V_FLAG_X509_STRICT)) }
        if let name = settings.serverName {
            if name.contains(":") || name.first?.isNumber == true {
                X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name)
            } else {
                copenssl_set_server_name(ssl, name)
                SSL_set1_host(ssl, name)
            }
        }
        if let session = settings.session { SSL_set_session(ssl, session) }
        SSL_set_connect_state(ssl)
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
        if isOpen { Foundation.close(fd) }
    }

    private func perform<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { done in queue.async { done.resume(with: Result { try work() }) } }
    }

    private static func failure(_ what: String) -> Failure {
        let number = errno
        let code = ERR_get_error()
        ERR_clear_error()
        let reason = code == 0 ? String(cString: strerror(number)) : ERR_reason_error_string(code).map { String(cString: $0) } ?? "\(code)"
        return Failure(message: "\(what): \(reason)")
    }

    func handshake() async throws {
        try await perform { [self] in
            ERR_clear_error()
            guard SSL_do_handshake(ssl) == 1 else {
                let verification = SSL_get_verify_result(ssl)
                var error = Self.failure("handshake")
                if verification != Int(X509_V_OK) { error = Failure(message: error.message + ", " + String(cString: X509_verify_cert_error_string(verification))) }
                throw error
            }
        }
    }

    func send(_ bytes: [UInt8]) async throws {
        try await perform { [self] in
            var at = 0
            while at < bytes.count {
                ERR_clear_error()
                let count = bytes[at...].withUnsafeBytes { SSL_write(ssl, $0.baseAddress, Int32(min($0.count, 1 << 20))) }
                guard count > 0 else { throw Self.failure("send") }
                at += Int(count)
            }
        }
    }

    /// Bytes outside of TLS.
    func sendRaw(_ bytes: [UInt8]) async throws {
        try await perform { [self] in
            guard bytes.withUnsafeBytes({ Foundation.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }) == bytes.count else { throw Self.failure("send") }
        }
    }

    /// Exactly so many bytes.
    func receive(_ count: Int) async throws -> [UInt8] {
        try await perform { [self] in
            var out = [UInt8](repeating: 0, count: count)
            var at = 0
            while at < count {
                ERR_clear_error()
                let got = out[at...].withUnsafeMutableBytes { SSL_read(ssl, $0.baseAddress, Int32($0.count)) }
                guard got > 0 else { throw Self.failure("receive, \(at) of \(count) bytes") }
                at += Int(got)
            }
            return out
        }
    }

    /// Everything up to the server's end. - Returns: whether that was a close_notify.
    func receiveToEnd() async throws -> (bytes: [UInt8], isOrderly: Bool) {
        try await perform { [self] in
            var out: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                ERR_clear_error()
                let got = SSL_read(ssl, &chunk, Int32(chunk.count))
                if got > 0 { out += chunk[..<Int(got)] } else {
                    defer { ERR_clear_error() }
                    return (out, SSL_get_error(ssl, got) == SSL_ERROR_ZERO_RETURN)
                }
            }
        }
    }

    /// Sends close_notify and nothing else; receiving goes on.
    func halfClose() async throws { _ = try await perform { [self] in SSL_shutdown(ssl) } }

    /// Ends its TCP direction without close_notify.
    func cut() async throws { _ = try await perform { [self] in shutdown(fd, Int32(SHUT_WR)) } }

    func close() async throws {
        try await perform { [self] in
            if isOpen { Foundation.close(fd) }
            isOpen = false
        }
    }

    /// Changes its keys and asks the server to do so too. - Parameter sends: at once, and not with the next bytes.
    func updateKeys(sends: Bool = false) async throws {
        try await perform { [self] in
            ERR_clear_error()
            let kind = sends ? SSL_KEY_UPDATE_NOT_REQUESTED : SSL_KEY_UPDATE_REQUESTED
            guard SSL_key_update(ssl, kind) == 1, !sends || SSL_do_handshake(ssl) == 1 else { throw Self.failure("key update") }
        }
    }

    var wasResumed: Bool { SSL_session_reused(ssl) == 1 }
    var version: String { String(cString: SSL_get_version(ssl)) }
    /// For `Settings.session`; the caller's to free.
    func session() -> OpaquePointer? { SSL_get1_session(ssl) }

    /// The serial number of the server's certificate in hex.
    var serial: String? {
        guard let certificate = SSL_get0_peer_certificate(ssl) else { return nil }
        let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nil)
        defer { BN_free(number) }
        guard let text = BN_bn2hex(number) else { return nil }
        defer { CRYPTO_free(text, nil, 0) }
        return String(cString: text)
    }
}

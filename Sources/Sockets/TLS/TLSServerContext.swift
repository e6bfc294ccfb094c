import COpenSSL
import Core
import Synchronization

/// What a server's TLS connections are made with. Never changes; a reload makes another one.
///
/// TLS 1.2 and 1.3 with forward secrecy and authenticated encryption only, in the server's order of preference; no
/// compression, no renegotiation, no early data.
public final class TLSServerContext: @unchecked Sendable {
    private static let ciphers = "ECDHE+AES128+AESGCM:ECDHE+AESGCM:ECDHE+CHACHA20"
    private static let ciphersOf13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

    /// One OpenSSL context for each identity. What the callbacks below read is set before any session is made.
    private let contexts: [(identity: TLSIdentity, raw: OpaquePointer)]
    /// In order of preference, the best first.
    private let protocols: [[UInt8]]
    private let ticketKeys: TLSTicketKeys
    let handshakeTimeout: Duration

    /// - Parameters:
    ///   - identities: at least one. A client that names a host gets the first that matches, any other client the first.
    ///   - protocols: for ALPN, the best first, e.g. `["h2", "http/1.1"]`. A client that offers only others is refused; one
    ///     that offers none is not.
    ///   - ticketKeys: hand on those of the context before, so that its clients' tickets stay good.
    ///   - handshakeTimeout: from the start of a connection to the end of its handshake.
    /// - Throws: `invalidArgument` for a certificate that OpenSSL does not take.
    public init(
        identities: [TLSIdentity], protocols: [String] = [], ticketKeys: TLSTicketKeys = TLSTicketKeys(), handshakeTimeout: Duration = .seconds(10)
    ) throws(MonoflowError) {
        guard !identities.isEmpty else { throw MonoflowError(.invalidArgument, "set up TLS", "", "there is no certificate") }
        var made: [(TLSIdentity, OpaquePointer)] = []
        do throws(MonoflowError) {
            for identity in identities {
                let raw = try Self.makeContext()
                made.append((identity, raw))
                try identity.install(in: raw)
            }
        } catch {
            for (_, raw) in made { SSL_CTX_free(raw) }
            throw error
        }
        contexts = made
        self.protocols = protocols.map { Array($0.utf8) }
        self.ticketKeys = ticketKeys
        self.handshakeTimeout = handshakeTimeout
        for (_, raw) in contexts { setCallbacks(raw) }
    }

    deinit { for (_, raw) in contexts { SSL_CTX_free(raw) } }

    /// What a new session starts with.
    var primary: OpaquePointer { contexts[0].raw }

    private static func makeContext() throws(MonoflowError) -> OpaquePointer {
        guard let raw = SSL_CTX_new(TLS_server_method()) else {
            throw TLSFailure.error("set up TLS", "", "OpenSSL gives no context", code: .resourceExhausted)
        }
        let identifier = Array("monoflow".utf8)
        guard copenssl_context_basics(raw) == 1, SSL_CTX_set_cipher_list(raw, ciphers) == 1, SSL_CTX_set_ciphersuites(raw, ciphersOf13) == 1,
            SSL_CTX_set_session_id_context(raw, identifier, UInt32(identifier.count)) == 1
        else {
            SSL_CTX_free(raw)
            throw TLSFailure.error("set up TLS", "", "OpenSSL does not take the settings", code: .internalError)
        }
        SSL_CTX_set_timeout(raw, TLSTicketKeys.lifetime)
        return raw
    }

    // MARK: callbacks

    // Sessions hold their context, so the pointers that the callbacks get are good.
    private func setCallbacks(_ raw: OpaquePointer) {
        let own = Unmanaged.passUnretained(self).toOpaque()
        SSL_CTX_set_ex_data(raw, 0, own)
        SSL_CTX_set_tlsext_ticket_key_evp_cb(raw) { ssl, name, iv, cipher, mac, sealing in
            guard let pointer = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0), let name, let iv else { return -1 }
            let context = Unmanaged<TLSServerContext>.fromOpaque(pointer).takeUnretainedValue()
            return context.ticketKeys.prepare(name: name, iv: iv, cipher: cipher, mac: mac, sealing: sealing == 1)
        }
        if contexts.count > 1 {
            copenssl_set_server_name_callback(raw, { ssl, _, pointer in
                guard let pointer else { return SSL_TLSEXT_ERR_OK }
                Unmanaged<TLSServerContext>.fromOpaque(pointer).takeUnretainedValue().chooseIdentity(ssl)
                return SSL_TLSEXT_ERR_OK
            }, own)
        }
        if protocols.isEmpty { return }
        SSL_CTX_set_alpn_select_cb(raw, { _, chosen, chosenCount, offered, offeredCount, pointer in
            guard let pointer, let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            let context = Unmanaged<TLSServerContext>.fromOpaque(pointer).takeUnretainedValue()
            guard let name = context.chooseProtocol(UnsafeBufferPointer(start: offered, count: Int(offeredCount))) else {
                return SSL_TLSEXT_ERR_ALERT_FATAL
            }
            chosen?.pointee = name.baseAddress
            chosenCount?.pointee = UInt8(name.count)
            return SSL_TLSEXT_ERR_OK
        }, own)
    }

    private func chooseIdentity(_ ssl: OpaquePointer?) {
        guard let text = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else { return }
        let name = String(cString: text)
        if let match = contexts.first(where: { $0.identity.certificate.matches(name) }) { SSL_set_SSL_CTX(ssl, match.raw) }
    }

    /// - Parameter offered: names behind a byte of their length each. - Returns: the chosen one within it.
    private func chooseProtocol(_ offered: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
        for wanted in protocols {
            var at = 0
            while at < offered.count, case let end = at + 1 + Int(offered[at]), end <= offered.count {
                let name = UnsafeBufferPointer(rebasing: offered[(at + 1)..<end])
                if name.elementsEqual(wanted) { return name }
                at = end
            }
        }
        return nil
    }
}

/// The context that new connections get; open ones keep theirs.
public final class TLSServerContextHolder: Sendable {
    private let context: Mutex<TLSServerContext>

    public init(_ context: TLSServerContext) { self.context = Mutex(context) }

    public var current: TLSServerContext { context.withLock { $0 } }

    public func replace(with new: TLSServerContext) { context.withLock { $0 = new } }
}

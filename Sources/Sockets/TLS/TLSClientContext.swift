import COpenSSL
import Core

/// What a client's TLS connections are made with. Never changes.
public final class TLSClientContext: @unchecked Sendable {
    /// Whose signature on a server's certificate is believed.
    public enum Roots: Sendable {
        /// The machine's store.
        case system
        /// A PEM file of certificates.
        case file(String)
        /// The text of such a file.
        case pem([UInt8])
    }

    private let raw: OpaquePointer
    let handshakeTimeout: Duration

    /// - Parameters:
    ///   - protocols: for ALPN, e.g. `["h2", "http/1.1"]`; none: ALPN is not used. A name has 1–255 bytes.
    ///   - verifiesPeer: false takes any certificate of anybody: the connection is then hidden from listeners only.
    ///   - handshakeTimeout: from the start of a connection to the end of its handshake.
    /// - Throws: `notFound` for a missing file; `invalidArgument` for one without certificates, or a bad protocol's name.
    public init(
        roots: Roots = .system, protocols: [String] = [], verifiesPeer: Bool = true, handshakeTimeout: Duration = .seconds(10)
    ) throws(MonoflowError) {
        guard let made = SSL_CTX_new(TLS_client_method()) else {
            throw TLSFailure.error("set up TLS", "", "OpenSSL gives no context", code: .resourceExhausted)
        }
        raw = made
        self.handshakeTimeout = handshakeTimeout
        guard copenssl_context_basics(raw) == 1 else {
            throw TLSFailure.error("set up TLS", "", "OpenSSL does not take the settings", code: .internalError)
        }
        if verifiesPeer { try trust(roots) }
        SSL_CTX_set_verify(raw, verifiesPeer ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        if !protocols.isEmpty { try offer(protocols) }
    }

    deinit { SSL_CTX_free(raw) }

    private func trust(_ roots: Roots) throws(MonoflowError) {
        let certificates: [Certificate]
        switch roots {
        case .system:
            guard SSL_CTX_set_default_verify_paths(raw) == 1 else { throw TLSFailure.error("read root certificates", "the system's store", "it cannot be read") }
            return
        case .file(let path): certificates = try PEM.certificates(try PEM.read(path), source: path)
        case .pem(let text): certificates = try PEM.certificates(text, source: "root certificates in memory")
        }
        for certificate in certificates {
            guard X509_STORE_add_cert(SSL_CTX_get_cert_store(raw), certificate.raw) == 1 else {
                throw TLSFailure.error("read root certificates", "", "OpenSSL does not take one of them")
            }
        }
    }

    private func offer(_ protocols: [String]) throws(MonoflowError) {
        var list: [UInt8] = []
        for name in protocols {
            guard (1...255).contains(name.utf8.count) else {
                throw MonoflowError(.invalidArgument, "set up TLS", "protocol \(name)", "a protocol's name has 1–255 bytes")
            }
            list.append(UInt8(name.utf8.count))
            list.append(contentsOf: name.utf8)
        }
        // Other than its neighbours this call returns 0 for success.
        guard SSL_CTX_set_alpn_protos(raw, list, UInt32(list.count)) == 0 else {
            throw TLSFailure.error("set up TLS", "", "OpenSSL does not take the protocols", code: .internalError)
        }
    }

    /// A session for a server of that name. Nil where memory is short, or the name cannot be a host's.
    func makeSession(serverName: String) -> OpaquePointer? {
        guard let ssl = SSL_new(raw) else { return nil }
        var name = serverName
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if name.hasSuffix(".") { name.removeLast() }
        var isSet: Bool
        if SystemAddress.isNumeric(name) {
            isSet = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1
        } else {
            SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT))
            isSet = !name.isEmpty && !name.utf8.contains(0) && SSL_set1_host(ssl, name) == 1 && copenssl_set_server_name(ssl, name) == 1
        }
        if isSet { return ssl }
        SSL_free(ssl)
        return nil
    }
}

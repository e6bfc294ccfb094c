import COpenSSL
import Core

/// A certificate with the chain behind it and its private key: what a server shows.
public struct TLSIdentity: Sendable {
    /// The server's own certificate.
    public let certificate: Certificate
    let chain: [Certificate]
    let key: PrivateKey
    /// Names it in errors.
    let source: String

    /// - Parameters:
    ///   - certificatePath: PEM; the server's certificate first, then those that lead to a root.
    ///   - keyPath: PEM without a password.
    /// - Throws: `notFound` for a missing file; `invalidArgument` for a broken one, or a key that is not the certificate's.
    public init(certificatePath: String, keyPath: String) throws(MonoflowError) {
        let certificates = try PEM.certificates(try PEM.read(certificatePath), source: certificatePath)
        let key = try PEM.key(try PEM.read(keyPath), source: keyPath)
        try self.init(certificates: certificates, key: key, source: certificatePath)
    }

    /// The same from memory.
    public init(certificatePEM: [UInt8], keyPEM: [UInt8], source: String = "certificate in memory") throws(MonoflowError) {
        let certificates = try PEM.certificates(certificatePEM, source: source)
        try self.init(certificates: certificates, key: try PEM.key(keyPEM, source: source), source: source)
    }

    init(certificates: [Certificate], key: PrivateKey, source: String) throws(MonoflowError) {
        guard let first = certificates.first, first.belongs(to: key) else {
            throw MonoflowError(.invalidArgument, "read certificate", source, "the private key belongs to another certificate")
        }
        certificate = first
        chain = Array(certificates.dropFirst())
        self.key = key
        self.source = source
    }

    /// Makes it what the context shows. - Throws: `invalidArgument` where OpenSSL takes it for too weak.
    func install(in context: OpaquePointer) throws(MonoflowError) {
        TLSFailure.clear()
        var taken = SSL_CTX_use_certificate(context, certificate.raw) == 1 && SSL_CTX_use_PrivateKey(context, key.raw) == 1
        for link in chain where taken { taken = copenssl_add_chain_certificate(context, link.raw) == 1 }
        guard taken, SSL_CTX_check_private_key(context) == 1 else {
            throw TLSFailure.error("use certificate", source, "OpenSSL does not take it")
        }
    }
}

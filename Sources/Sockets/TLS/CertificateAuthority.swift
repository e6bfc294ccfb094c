import COpenSSL
import Core

/// The server's own certificate authority in a directory: `ca.crt`, which clients are told to trust, `ca.key`, and the
/// server's certificate under it, `server.crt` and `server.key`. Keys have mode 0600. One process uses it at a time.
public struct CertificateAuthority: Sendable {
    private static let day = 24 * 3600.0
    private static let authorityDays = 3653.0
    private static let serverDays = 365.0
    /// A server's certificate with less left is made anew.
    private static let serverMarginDays = 30.0
    /// The same for the authority, with the same key: there is more than a server certificate's life to hand it out.
    private static let authorityMarginDays = 400.0

    /// `ca.crt`.
    public let certificatePath: String
    private let directory: String
    private let clock: WallClock
    private let certificate: Certificate
    private let key: PrivateKey

    /// Opens the authority, or makes it on first use.
    /// - Throws: `failedPrecondition` for a broken or missing part, with its path and what to do.
    public init(directory: String, clock: WallClock) throws(MonoflowError) {
        try Files.makeDirectory(directory, mode: 0o700)
        self.directory = directory
        self.clock = clock
        certificatePath = directory + "/ca.crt"
        let keyPath = directory + "/ca.key"
        let hint = "restore it, or remove \(directory): a new authority is made, which clients have to be told to trust"
        let isMade = Files.exists(certificatePath)
        if isMade && !Files.exists(keyPath) {
            throw MonoflowError(.failedPrecondition, "open certificate authority", keyPath, "the authority's key is missing", hint: hint)
        }
        key = try Self.openKey(keyPath, hint: hint)
        if isMade {
            let found = try Self.readCertificate(certificatePath, hint: hint)
            guard found.belongs(to: key), X509_check_ca(found.raw) > 0 else {
                let message = "it is no authority's certificate over the key in ca.key"
                throw MonoflowError(.failedPrecondition, "open certificate authority", certificatePath, message, hint: hint)
            }
            if let end = found.expires, end > clock.now().advanced(seconds: Self.authorityMarginDays * Self.day) {
                certificate = found
                return
            }
        }
        certificate = try CertificateIssuer.issue(.authority, name: Self.name(of: key), key: key, validity: Self.validity(Self.authorityDays, clock))
        try Files.writeAtomically(PEM.text(certificate), to: certificatePath, mode: 0o644)
        try Files.syncDirectory(directory)
    }

    /// The server's certificate for these names: the stored one where it is whole, has them all and ends not too soon, else a
    /// new one.
    /// - Parameter names: host names and IP addresses that `accepts` takes.
    /// - Throws: `failedPrecondition` for a broken file, with its path and what to do.
    public func serverIdentity(names: [String]) throws(MonoflowError) -> TLSIdentity {
        if let bad = names.first(where: { !Self.accepts($0) }) {
            throw MonoflowError(.invalidArgument, "make certificate", bad, "it is no host name and no IP address")
        }
        let certificatePath = directory + "/server.crt", keyPath = directory + "/server.key"
        let hint = "remove it: it is made anew under the same authority"
        let key = try Self.openKey(keyPath, hint: hint)
        if Files.exists(certificatePath) {
            let found = try Self.readCertificate(certificatePath, hint: hint)
            if isGood(found, key, names) { return try TLSIdentity(certificates: [found], key: key, source: certificatePath) }
        }
        let made = try CertificateIssuer.issue(
            .server(names), name: "monoflow", key: key, validity: Self.validity(Self.serverDays, clock), signer: (certificate, self.key))
        try Files.writeAtomically(PEM.text(made), to: certificatePath, mode: 0o644)
        try Files.syncDirectory(directory)
        return try TLSIdentity(certificates: [made], key: key, source: certificatePath)
    }

    private func isGood(_ found: Certificate, _ key: PrivateKey, _ names: [String]) -> Bool {
        defer { TLSFailure.clear() }
        guard let end = found.expires, end > clock.now().advanced(seconds: Self.serverMarginDays * Self.day), found.belongs(to: key) else { return false }
        let isOurs = X509_check_issued(certificate.raw, found.raw) == X509_V_OK && X509_verify(found.raw, self.key.raw) == 1
        return isOurs && names.allSatisfy(found.matches)
    }

    /// Whether the text can be a name in a certificate.
    public static func accepts(_ name: String) -> Bool {
        if SystemAddress.isNumeric(name) { return true }
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
        return isPlain && (1...253).contains(name.utf8.count) && !name.hasPrefix(".")
    }

    /// Reads the key, or makes it where there is none.
    private static func openKey(_ path: String, hint: String) throws(MonoflowError) -> PrivateKey {
        if Files.exists(path) {
            do { return try PEM.key(try PEM.read(path), source: path) } catch { throw adding(hint, to: error) }
        }
        let key = try CertificateIssuer.makeKey()
        try Files.writeAtomically(PEM.text(key), to: path, mode: 0o600)
        return key
    }

    private static func readCertificate(_ path: String, hint: String) throws(MonoflowError) -> Certificate {
        do { return try PEM.certificates(try PEM.read(path), source: path)[0] } catch { throw adding(hint, to: error) }
    }

    private static func adding(_ hint: String, to error: MonoflowError) -> MonoflowError {
        var error = error
        if error.code == .invalidArgument { error.code = .failedPrecondition }
        error.hint = hint
        return error
    }

    /// A common name that another server's authority does not have, and that stays when the certificate is renewed.
    private static func name(of key: PrivateKey) -> String {
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = i2d_PUBKEY(key.raw, &bytes)
        defer { CRYPTO_free(bytes, nil, 0) }
        let digest = Hashing.sha256(UnsafeBufferPointer(start: bytes, count: Int(max(0, count))))
        return "Monoflow CA " + Hashing.hex(digest.prefix(6))
    }

    /// From a day ago, because clocks differ.
    private static func validity(_ days: Double, _ clock: WallClock) -> Range<Timestamp> {
        let now = clock.now()
        return Timestamp(milliseconds: now.milliseconds - Int64(day * 1000))..<now.advanced(seconds: days * day)
    }
}

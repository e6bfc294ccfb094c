import COpenSSL
import Core
import Foundation

/// An X.509 certificate. OpenSSL counts references to it; nothing changes it once it is made.
public final class Certificate: @unchecked Sendable {
    let raw: OpaquePointer

    /// Takes over the caller's reference.
    init(_ raw: OpaquePointer) { self.raw = raw }

    deinit { X509_free(raw) }

    /// The end of its validity; nil where the certificate's date is none.
    public var expires: Timestamp? {
        var parts = tm()
        guard let time = X509_get0_notAfter(raw), ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Timestamp(milliseconds: Int64(timegm(&parts)) * 1000)
    }

    /// Whether it was issued for this host name or IP address, by its alternative names only.
    public func matches(_ name: String) -> Bool {
        if X509_check_ip_asc(raw, name, 0) == 1 { return true }
        let flags = UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
        return X509_check_host(raw, name, name.utf8.count, flags, nil) == 1
    }

    func belongs(to key: PrivateKey) -> Bool {
        defer { TLSFailure.clear() }
        return X509_check_private_key(raw, key.raw) == 1
    }
}

/// A private key.
public final class PrivateKey: @unchecked Sendable {
    let raw: OpaquePointer

    /// Takes over the caller's reference.
    init(_ raw: OpaquePointer) { self.raw = raw }

    deinit { EVP_PKEY_free(raw) }
}

/// Certificates and keys as text between `-----BEGIN …-----` lines.
enum PEM {
    private static let limit = 1 << 20

    /// - Throws: as `Files.read`, with the path.
    static func read(_ path: String) throws(MonoflowError) -> [UInt8] { try Files.read(path, limit: limit) }

    /// Every certificate in the text, in order; what else stands there is passed over.
    /// - Parameter source: names the text in errors.
    /// - Throws: `invalidArgument` for none, or a broken one.
    static func certificates(_ text: [UInt8], source: String) throws(MonoflowError) -> [Certificate] {
        var found: [Certificate] = []
        let broken: MonoflowError? = withReader(text) { reader in
            TLSFailure.clear()
            while let raw = PEM_read_bio_X509(reader, nil, nil, nil) { found.append(Certificate(raw)) }
            // The end of the text is told as an error, too.
            let code = ERR_peek_last_error()
            if ERR_GET_LIB(code) == ERR_LIB_PEM, ERR_GET_REASON(code) == PEM_R_NO_START_LINE {
                ERR_clear_error()
                return nil
            }
            return TLSFailure.error("read certificate", source, "it is broken or cut off")
        }
        if let broken { throw broken }
        guard !found.isEmpty else {
            throw MonoflowError(.invalidArgument, "read certificate", source, "it holds no certificate", hint: "a PEM file with -----BEGIN CERTIFICATE----- is needed")
        }
        return found
    }

    /// - Throws: `invalidArgument` for no key, a broken one, or one behind a password.
    static func key(_ text: [UInt8], source: String) throws(MonoflowError) -> PrivateKey {
        TLSFailure.clear()
        let raw = withReader(text) { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil) }
        guard let raw else {
            throw TLSFailure.error(
                "read private key", source, "it holds no whole key without a password",
                hint: "a PEM file with -----BEGIN PRIVATE KEY----- is needed")
        }
        return PrivateKey(raw)
    }

    private static func withReader<T>(_ text: [UInt8], _ body: (OpaquePointer?) -> T) -> T {
        text.withUnsafeBytes { bytes in
            let reader = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count))
            defer { BIO_free(reader) }
            return body(reader)
        }
    }

    static func text(_ certificate: Certificate) -> [UInt8] { written { PEM_write_bio_X509($0, certificate.raw) } }

    static func text(_ key: PrivateKey) -> [UInt8] { written { PEM_write_bio_PrivateKey($0, key.raw, nil, nil, 0, nil, nil) } }

    private static func written(_ write: (OpaquePointer?) -> Int32) -> [UInt8] {
        let memory = BIO_new(BIO_s_mem())
        defer { BIO_free(memory) }
        var out: [UInt8] = []
        guard write(memory) == 1 else { return out }
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = BIO_read(memory, &chunk, Int32(chunk.count)), count > 0 { out.append(contentsOf: chunk[..<Int(count)]) }
        return out
    }
}

import COpenSSL
import Core

/// Makes keys and X.509 certificates: version 3, elliptic curve P-256, ECDSA with SHA-256, random serial numbers.
enum CertificateIssuer {
    enum Kind {
        /// Signs server certificates and nothing below them.
        case authority
        /// Shows that a server is one of these names: host names and IP addresses.
        case server([String])
    }

    static func makeKey() throws(MonoflowError) -> PrivateKey {
        TLSFailure.clear()
        guard let raw = copenssl_generate_p256() else { throw failure("the key cannot be made") }
        return PrivateKey(raw)
    }

    /// - Parameters:
    ///   - name: the subject's common name, at most 64 characters.
    ///   - signer: whose signature it carries; nil: its own.
    static func issue(
        _ kind: Kind, name: String, key: PrivateKey, validity: Range<Timestamp>, signer: (certificate: Certificate, key: PrivateKey)? = nil
    ) throws(MonoflowError) -> Certificate {
        TLSFailure.clear()
        guard let raw = X509_new() else { throw failure("there is no memory for it") }
        let certificate = Certificate(raw)
        let subject = X509_get_subject_name(raw)
        var isMade = X509_set_version(raw, 2) == 1 && setSerial(raw) && setTimes(raw, validity) && X509_set_pubkey(raw, key.raw) == 1
        for (field, value) in [("O", "Monoflow"), ("CN", name)] {
            isMade = isMade && X509_NAME_add_entry_by_txt(subject, field, MBSTRING_UTF8, value, Int32(value.utf8.count), -1, 0) == 1
        }
        let issuer = signer?.certificate.raw ?? raw
        isMade = isMade && X509_set_issuer_name(raw, X509_get_subject_name(issuer)) == 1
        for (identifier, value) in extensions(kind) {
            isMade = isMade && copenssl_add_extension(raw, issuer, identifier, value) == 1
        }
        guard isMade, X509_sign(raw, signer?.key.raw ?? key.raw, EVP_sha256()) > 0 else { throw failure("it cannot be made") }
        return certificate
    }

    /// A key's identifier goes before what refers to it.
    private static func extensions(_ kind: Kind) -> [(Int32, String)] {
        switch kind {
        case .authority:
            return [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always"),
            ]
        case .server(let names):
            let list = names.map { (SystemAddress.isNumeric($0) ? "IP:" : "DNS:") + $0 }.joined(separator: ",")
            return [
                (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"), (NID_ext_key_usage, "serverAuth"),
                (NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always"), (NID_subject_alt_name, list),
            ]
        }
    }

    /// 127 random bits: positive, and never of fewer bytes.
    private static func setSerial(_ raw: OpaquePointer) -> Bool {
        var bytes = Hashing.randomBytes(16)
        bytes[0] = bytes[0] & 0x7f | 0x40
        let number = BN_bin2bn(bytes, Int32(bytes.count), nil)
        defer { BN_free(number) }
        return number != nil && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(raw)) != nil
    }

    private static func setTimes(_ raw: OpaquePointer, _ validity: Range<Timestamp>) -> Bool {
        ASN1_TIME_set(X509_getm_notBefore(raw), Int(validity.lowerBound.milliseconds / 1000)) != nil
            && ASN1_TIME_set(X509_getm_notAfter(raw), Int(validity.upperBound.milliseconds / 1000)) != nil
    }

    private static func failure(_ what: String) -> MonoflowError {
        TLSFailure.error("make certificate", "", what, code: .internalError)
    }
}

import COpenSSL
import Core

/// What signs ID tokens here. `none` and the keyed hashes (HS256 …) are left out on purpose: a public key must never serve as a
/// secret, nor a token be believed without a signature (RFC 8725, sections 2.1 and 3.1).
public enum SignatureAlgorithm: String, Sendable, CaseIterable {
    case rs256 = "RS256"
    case ps256 = "PS256"
    case es256 = "ES256"

    var keyType: JSONWebKey.KeyType { self == .es256 ? .p256 : .rsa }
}

/// A public key that verifies signatures (RFC 7517, RFC 7518 section 6): RSA of 2048 to 8192 bits, or a point on P-256.
public struct JSONWebKey: Sendable, Equatable {
    enum KeyType: Sendable { case rsa, p256 }

    public let id: String?
    /// The only algorithm that it may be used with; nil: any that fits its type.
    public let algorithm: SignatureAlgorithm?
    let type: KeyType
    /// The key as SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
    let encoded: [UInt8]

    /// Nil for a key of another type, for another use, or of a size that is not taken: sets may hold such, and they are passed over
    /// (RFC 7517, section 5).
    public init?(_ json: JSON) {
        guard json["use"]?.stringValue ?? "sig" == "sig", json["key_ops"]?.arrayValue?.contains("verify") ?? true else { return nil }
        func number(_ name: String) -> [UInt8]? { json[name]?.stringValue.flatMap { $0.utf8.count <= 2048 ? Base64URL.decode($0) : nil } }
        switch json["kty"]?.stringValue {
        case "RSA":
            guard let modulus = number("n").map(DER.trimmed), let exponent = number("e").map(DER.trimmed) else { return nil }
            let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
            guard (2048...8192).contains(bits), (1...8).contains(exponent.count), let last = exponent.last, last & 1 == 1, exponent != [1] else { return nil }
            type = .rsa
            encoded = DER.rsaKey(modulus: modulus, exponent: exponent)
        case "EC":
            guard json["crv"] == "P-256", let x = number("x"), let y = number("y"), x.count == 32, y.count == 32 else { return nil }
            type = .p256
            encoded = DER.p256Key(x: x, y: y)
        default: return nil
        }
        if let name = json["alg"]?.stringValue {
            guard let named = SignatureAlgorithm(rawValue: name), named.keyType == type else { return nil }
            algorithm = named
        } else {
            algorithm = nil
        }
        id = json["kid"]?.stringValue
    }

    /// The keys of a set that can be used here.
    /// - Throws: `failedPrecondition` for what is no set, or one of more than 200 keys.
    public static func keys(ofSet json: JSON) throws(MonoflowError) -> [JSONWebKey] {
        guard let items = json["keys"]?.arrayValue, items.count <= 200 else {
            throw MonoflowError(.failedPrecondition, "read key set", "keys", "is no list of at most 200 keys")
        }
        return items.compactMap(JSONWebKey.init)
    }

    func fits(_ algorithm: SignatureAlgorithm) -> Bool { type == algorithm.keyType && (self.algorithm ?? algorithm) == algorithm }

    /// Whether the signature (RFC 7518, sections 3.3 to 3.5) over the message is this key's. False also where the algorithm does not fit.
    func verifies(_ signature: [UInt8], of message: [UInt8], _ algorithm: SignatureAlgorithm) -> Bool {
        guard fits(algorithm), let key = openSSLKey() else { return false }
        defer { EVP_PKEY_free(key) }
        var signature = signature
        if algorithm == .es256 {
            guard signature.count == 64 else { return false }
            signature = DER.sequence(DER.integer(signature[..<32]) + DER.integer(signature[32...]))
        }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        var keyContext: OpaquePointer?
        guard EVP_DigestVerifyInit(context, &keyContext, EVP_sha256(), nil, key) == 1 else { return false }
        if algorithm == .ps256 {
            // The salt is as long as the hash (RFC 7518, section 3.5).
            guard EVP_PKEY_CTX_set_rsa_padding(keyContext, RSA_PKCS1_PSS_PADDING) == 1, EVP_PKEY_CTX_set_rsa_pss_saltlen(keyContext, 32) == 1 else {
                return false
            }
        }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// Nil for a point that is not on the curve.
    private func openSSLKey() -> OpaquePointer? {
        encoded.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_PUBKEY(nil, &start, bytes.count)
        }
    }
}

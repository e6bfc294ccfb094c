import COpenSSL
import Core
import Testing

@testable import SingleSignOn

/// A private key as a provider has it; the keys are made once for all tests, RSA takes its time.
final class SigningKey: @unchecked Sendable {
    static let rsa = SigningKey(id: "rsa", rsaBits: 2048), otherRSA = SigningKey(id: "rsa", rsaBits: 2048), shortRSA = SigningKey(id: "short", rsaBits: 1024)
    static let ec = SigningKey(id: "ec"), otherEC = SigningKey(id: "ec")

    let id: String
    private let key: OpaquePointer?
    private let isRSA: Bool

    private init(id: String, rsaBits: Int32) {
        self.id = id
        isRSA = true
        let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil)
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        #expect(EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(context, rsaBits) == 1 && EVP_PKEY_generate(context, &key) == 1)
        self.key = key
    }

    private init(id: String) {
        self.id = id
        isRSA = false
        key = copenssl_generate_p256()
    }

    deinit { EVP_PKEY_free(key) }

    func number(_ name: String, bytes: Int? = nil) -> [UInt8] {
        var value: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, name, &value) == 1 else { return [] }
        defer { BN_free(value) }
        var out = [UInt8](repeating: 0, count: bytes ?? Int(BN_num_bits(value) + 7) / 8)
        BN_bn2binpad(value, &out, Int32(out.count))
        return out
    }

    /// The public half as RFC 7517 writes it.
    var json: JSON {
        isRSA
            ? ["kty": "RSA", "kid": .string(id), "n": .string(Base64URL.encode(number("n"))), "e": .string(Base64URL.encode(number("e")))]
            : [
                "kty": "EC", "crv": "P-256", "kid": .string(id), "x": .string(Base64URL.encode(number("qx", bytes: 32))),
                "y": .string(Base64URL.encode(number("qy", bytes: 32))),
            ]
    }

    func sign(_ text: String, _ algorithm: SignatureAlgorithm, derOfEC: Bool = false) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var keyContext: OpaquePointer?
        #expect(EVP_DigestSignInit(context, &keyContext, EVP_sha256(), nil, key) == 1)
        if algorithm == .ps256 {
            #expect(EVP_PKEY_CTX_set_rsa_padding(keyContext, RSA_PKCS1_PSS_PADDING) == 1 && EVP_PKEY_CTX_set_rsa_pss_saltlen(keyContext, 32) == 1)
        }
        let message = Array(text.utf8)
        var count = 1024, out = [UInt8](repeating: 0, count: 1024)
        #expect(EVP_DigestSign(context, &out, &count, message, message.count) == 1)
        let signature = Array(out.prefix(count))
        return algorithm == .es256 && !derOfEC ? Self.raw(signature) : signature
    }

    /// A token in compact form.
    func token(_ claims: JSON, _ algorithm: SignatureAlgorithm? = nil, header more: JSONObject = [:], derOfEC: Bool = false) -> String {
        let algorithm = algorithm ?? (isRSA ? .rs256 : .es256)
        var header: JSONObject = ["alg": .string(algorithm.rawValue), "kid": .string(id)]
        for (name, value) in more { header[name] = value }
        header = header.filter { $0.value != .null }
        let text = Base64URL.encode(JSON.object(header).serialized()) + "." + Base64URL.encode(claims.serialized())
        return text + "." + Base64URL.encode(sign(text, algorithm, derOfEC: derOfEC))
    }

    /// SEQUENCE { r INTEGER, s INTEGER } → r and s in 32 bytes each.
    private static func raw(_ der: [UInt8]) -> [UInt8] {
        var at = 2, out: [UInt8] = []
        for _ in 0..<2 {
            let count = Int(der[at + 1]), digits = DER.trimmed(der[(at + 2)..<(at + 2 + count)])
            out += [UInt8](repeating: 0, count: 32 - digits.count) + digits
            at += 2 + count
        }
        return out
    }
}

extension JSON {
    /// With some members set, or taken away where null.
    func with(_ changes: JSONObject) -> JSON {
        var object = objectValue ?? [:]
        for (name, value) in changes { object[name] = value }
        return .object(object.filter { $0.value != .null })
    }
}

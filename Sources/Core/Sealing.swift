import COpenSSL
import Foundation

/// AES-256 in Galois/Counter Mode (NIST SP 800-38D) by OpenSSL, with nonces of 96 bits and tags of 128 bits.
public enum AESGCM {
    public static let keyBytes = 32
    public static let nonceBytes = 12
    public static let tagBytes = 16

    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - nonce: 12 bytes, never twice with one key.
    ///   - authenticated: what is not hidden but must be the same when it is opened.
    /// - Returns: the hidden text, as long as the plain one, and its tag.
    public static func seal(_ plain: [UInt8], key: [UInt8], nonce: [UInt8], authenticating authenticated: [UInt8]) -> (hidden: [UInt8], tag: [UInt8]) {
        precondition(key.count == keyBytes && nonce.count == nonceBytes && plain.count < Int32.max && authenticated.count < Int32.max)
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var hidden = [UInt8](repeating: 0, count: plain.count), tag = [UInt8](repeating: 0, count: tagBytes)
        var count: Int32 = 0, rest: [UInt8] = [0]
        let isDone = EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1
            && EVP_EncryptUpdate(context, nil, &count, authenticated, Int32(authenticated.count)) == 1
            && (plain.isEmpty || EVP_EncryptUpdate(context, &hidden, &count, plain, Int32(plain.count)) == 1)
            && EVP_EncryptFinal_ex(context, &rest, &count) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tagBytes), &tag) == 1
        precondition(isDone, "AES-256-GCM is not available in libcrypto")
        return (hidden, tag)
    }

    /// - Returns: the plain text; nil where a byte of what was sealed, of the tag or of what is authenticated is another one, or the key is.
    public static func open(_ hidden: [UInt8], tag: [UInt8], key: [UInt8], nonce: [UInt8], authenticating authenticated: [UInt8]) -> [UInt8]? {
        guard key.count == keyBytes, nonce.count == nonceBytes, tag.count == tagBytes, hidden.count < Int32.max, authenticated.count < Int32.max else { return nil }
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        var plain = [UInt8](repeating: 0, count: hidden.count), tag = tag
        var count: Int32 = 0, rest: [UInt8] = [0]
        guard EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, nonce) == 1,
            EVP_DecryptUpdate(context, nil, &count, authenticated, Int32(authenticated.count)) == 1,
            hidden.isEmpty || EVP_DecryptUpdate(context, &plain, &count, hidden, Int32(hidden.count)) == 1,
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tagBytes), &tag) == 1,
            EVP_DecryptFinal_ex(context, &rest, &count) == 1
        else { return nil }
        return plain
    }
}

/// A secret key with a name of its own. What it seals is text: `mfs1:KEYID:BASE64`, the base64 of nonce, hidden text and tag.
///
/// Nonces are random, so one key is good for 2^32 texts (SP 800-38D, 8.3): far more than a server writes before its keys are changed.
public struct SealingKey: Sendable, Equatable {
    /// Says that a text is sealed, and how.
    public static let prefix = "mfs1:"

    /// 16 hexadecimal digits that follow from the key and tell nothing of it.
    public let id: String
    public let bytes: [UInt8]

    /// - Parameter bytes: 32; nil for any other number.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == AESGCM.keyBytes else { return nil }
        self.bytes = bytes
        id = String(Hashing.hex(Hashing.hmacSHA256(key: bytes, "id of a sealing key".utf8)).prefix(16))
    }

    private init(random: Void) {
        let bytes = Hashing.randomBytes(AESGCM.keyBytes)
        self.bytes = bytes
        id = String(Hashing.hex(Hashing.hmacSHA256(key: bytes, "id of a sealing key".utf8)).prefix(16))
    }

    public static func random() -> SealingKey { SealingKey(random: ()) }

    /// - Parameter authenticated: names the place of the text: elsewhere it cannot be opened.
    public func seal(_ plain: [UInt8], authenticating authenticated: [UInt8]) -> String {
        let nonce = Hashing.randomBytes(AESGCM.nonceBytes)
        let (hidden, tag) = AESGCM.seal(plain, key: bytes, nonce: nonce, authenticating: authenticated)
        return "\(Self.prefix)\(id):" + Data(nonce + hidden + tag).base64EncodedString()
    }

    /// - Returns: the plain text; nil where the text was not sealed by this key for this place, letter for letter.
    public func open(_ text: String, authenticating authenticated: [UInt8]) -> [UInt8]? {
        let head = "\(Self.prefix)\(id):"
        guard text.hasPrefix(head) else { return nil }
        let encoded = String(text.dropFirst(head.count))
        // Base64 has several texts for the same bytes; only the one that `seal` writes is taken.
        guard let data = Data(base64Encoded: encoded), data.base64EncodedString() == encoded, data.count >= AESGCM.nonceBytes + AESGCM.tagBytes else { return nil }
        let all = [UInt8](data)
        return AESGCM.open(
            Array(all[AESGCM.nonceBytes..<(all.count - AESGCM.tagBytes)]), tag: Array(all.suffix(AESGCM.tagBytes)), key: bytes,
            nonce: Array(all.prefix(AESGCM.nonceBytes)), authenticating: authenticated)
    }

    /// The key that sealed a text; nil where it is not sealed.
    public static func keyID(of text: String) -> String? {
        guard text.hasPrefix(prefix) else { return nil }
        let rest = text.dropFirst(prefix.count)
        return rest.firstIndex(of: ":").map { String(rest[..<$0]) }
    }
}

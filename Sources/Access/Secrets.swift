import Core
import Foundation

/// The text of a bearer token or session cookie: a prefix and 256 random bits as base64url. Only its hash is stored;
/// a fast hash is enough, since nobody can try 2^256 texts.
enum Secret {
    static let tokenPrefix = "mf_"
    static let sessionPrefix = "mfs_"
    /// Characters of 32 bytes as base64url without padding.
    private static let bodyLength = 43

    static func make(prefix: String) -> String {
        let body = Data(Hashing.randomBytes(32)).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        return prefix + body
    }

    /// The 32 bytes under which the text is stored; nil where it cannot be one that `make` made.
    static func hash(_ text: String, prefix: String) -> [UInt8]? {
        guard text.hasPrefix(prefix), text.utf8.count == prefix.utf8.count + bodyLength else { return nil }
        return Hashing.sha256(text.utf8)
    }
}

/// The key that signs service tokens: 32 random bytes in `DIR/server.key`.
public enum ServerKey {
    public static let fileName = "server.key"

    /// Reads the key, or makes it on first start with mode 0600.
    /// - Throws: `failedPrecondition` where the file holds something else.
    public static func load(directory: String) throws(MonoflowError) -> [UInt8] {
        let path = directory + "/" + fileName
        guard Files.exists(path) else {
            let key = Hashing.randomBytes(32)
            try Files.writeAtomically(key, to: path)
            return key
        }
        let key = try Files.read(path, limit: 4096)
        guard key.count == 32 else {
            throw MonoflowError(
                .failedPrecondition, "read server key", path, "holds \(key.count) bytes instead of 32",
                hint: "remove the file: a new key is made, and running steps lose their service tokens")
        }
        return key
    }
}

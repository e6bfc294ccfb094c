import Foundation

/// Base64 with the URL's alphabet and without padding (RFC 4648, section 5, as RFC 7515 uses it).
enum Base64URL {
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Nil for any text that `encode` does not write: other alphabets, padding, blanks, unused bits that are set.
    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.allSatisfy({ $0 != 0x2b && $0 != 0x2f && $0 != 0x3d }) else { return nil }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard padding.utf8.count < 3, let data = Data(base64Encoded: String(text).replacing("-", with: "+").replacing("_", with: "/") + padding),
            encode(data) == text
        else { return nil }
        return [UInt8](data)
    }
}

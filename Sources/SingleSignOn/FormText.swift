/// `application/x-www-form-urlencoded` (RFC 6749, appendix B), also right for the query of a URL.
enum FormText {
    static func encode(_ text: String) -> String {
        var out: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): out.append(byte)
            default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    static func encode(_ pairs: [(String, String)]) -> String { pairs.map { "\(encode($0.0))=\(encode($0.1))" }.joined(separator: "&") }

    /// The URL with the pairs added to its query.
    static func adding(_ pairs: [(String, String)], to url: String) -> String {
        let mark = url.contains("?") ? (url.hasSuffix("?") || url.hasSuffix("&") ? "" : "&") : "?"
        return url + mark + encode(pairs)
    }
}

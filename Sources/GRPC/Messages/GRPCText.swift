/// The two ways in which gRPC puts arbitrary text and bytes into header values.
enum GRPCText {
    /// The value of `grpc-message`: UTF-8, with `%` and everything but visible ASCII and space as `%XX`.
    static func percentEncoded(_ text: some StringProtocol) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if byte >= 0x20 && byte <= 0x7e && byte != UInt8(ascii: "%") {
                out.append(byte)
            } else {
                out.append(UInt8(ascii: "%"))
                out.append(digits[Int(byte >> 4)])
                out.append(digits[Int(byte & 15)])
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Never fails, as the protocol asks: broken escapes stay as they came and bytes that are no UTF-8 are replaced.
    static func percentDecoded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard bytes.contains(UInt8(ascii: "%")) else { return text }
        func digit(_ at: Int) -> UInt8? {
            guard at < bytes.count else { return nil }
            return switch bytes[at] {
            case 48...57: bytes[at] - 48
            case 65...70: bytes[at] - 55
            case 97...102: bytes[at] - 87
            default: nil
            }
        }
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "%"), let high = digit(at + 1), let low = digit(at + 2) {
                out.append(high << 4 | low)
                at += 3
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The value of each character, 255 for those that base64 has not.
    private static let sextets: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, byte) in alphabet.enumerated() { table[Int(byte)] = UInt8(value) }
        return table
    }()

    /// Without padding, the shorter of the two forms that every peer reads.
    static func base64(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count * 4 / 3 + 3)
        var bits = 0, count = 0
        for byte in bytes {
            bits = (bits << 8 | Int(byte)) & 0xffff
            count += 8
            while count >= 6 {
                count -= 6
                out.append(alphabet[bits >> count & 63])
            }
        }
        if count > 0 { out.append(alphabet[bits << (6 - count) & 63]) }
        return String(decoding: out, as: UTF8.self)
    }

    /// With or without padding; nil where it is no base64.
    static func bytes(base64 text: some StringProtocol) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count * 3 / 4)
        var bits = 0, count = 0, digits = 0, padding = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            let value = sextets[Int(byte)]
            if value == 255 || padding > 0 { return nil }
            digits += 1
            bits = (bits << 6 | Int(value)) & 0xffff
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        if digits % 4 == 1 || padding > 0 && (digits + padding) % 4 != 0 || padding > 2 { return nil }
        return out
    }
}

import Foundation

/// The formats of strings that a schema may ask for. A format that is not known here holds for every string, as in Kubernetes.
enum StringFormat {
    static func holds(_ format: String, _ text: String) -> Bool {
        switch format {
        case "date-time", "datetime": isDateTime(text)
        case "date": isDate(Array(text.utf8)[...])
        case "byte": isBase64(text)
        case "uuid": isUUID(text)
        case "ipv4": isAddress(text, AF_INET)
        case "ipv6": isAddress(text, AF_INET6)
        case "cidr": isCIDR(text)
        case "uri": isURI(text)
        case "email": isEmail(text)
        case "hostname": isHostname(text)
        case "duration": isDuration(text)
        // As strings these are rare, and then meant as numbers.
        case "int32": Int32(text) != nil
        case "int64": Int64(text) != nil
        case "double", "float": Double(text) != nil
        default: true
        }
    }

    /// RFC 3339: `2026-11-24T09:00:00Z`, with any fraction and with an offset instead of Z.
    private static func isDateTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, isDate(bytes[..<10]), bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let hour = number(bytes[11..<13]), hour < 24, let minute = number(bytes[14..<16]), minute < 60,
            let second = number(bytes[17..<19]), second <= 60
        else { return false }
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { $0 >= 48 && $0 <= 57 }
            guard !digits.isEmpty else { return false }
            rest = rest[digits.endIndex...]
        }
        guard let zone = rest.first else { return false }
        if rest.count == 1 { return zone | 0x20 == UInt8(ascii: "z") }
        let offset = Array(rest)
        guard offset.count == 6, zone == UInt8(ascii: "+") || zone == UInt8(ascii: "-"), offset[3] == UInt8(ascii: ":"),
            let hours = number(offset[1..<3]), hours < 24, let minutes = number(offset[4..<6]), minutes < 60
        else { return false }
        return true
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard digit >= 48, digit <= 57 else { return nil }
            value = value * 10 + Int(digit - 48)
        }
        return value
    }

    private static func isDate(_ bytes: ArraySlice<UInt8>) -> Bool {
        let start = bytes.startIndex
        guard bytes.count == 10, bytes[start + 4] == UInt8(ascii: "-"), bytes[start + 7] == UInt8(ascii: "-"), let year = number(bytes[start..<start + 4]),
            let month = number(bytes[start + 5..<start + 7]), (1...12).contains(month), let day = number(bytes[start + 8..<start + 10])
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
        return day >= 1 && day <= days
    }

    /// Standard base64 with padding; line breaks do not count.
    private static func isBase64(_ text: String) -> Bool {
        var count = 0, padding = 0
        for byte in text.utf8 {
            switch byte {
            case 10, 13: continue
            case UInt8(ascii: "="): padding += 1
            case 48...57, 65...90, 97...122, UInt8(ascii: "+"), UInt8(ascii: "/"): if padding > 0 { return false }
            default: return false
            }
            count += 1
        }
        return count % 4 == 0 && padding <= 2
    }

    /// Thirty-two hexadecimal digits, with or without the dashes.
    private static func isUUID(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [8, 4, 4, 4, 12] || parts.map(\.utf8.count) == [32] else { return false }
        return parts.allSatisfy { $0.allSatisfy { $0.isASCII && $0.isHexDigit } }
    }

    private static func isAddress(_ text: String, _ family: Int32) -> Bool {
        guard text.utf8.count < 64, !text.utf8.contains(0) else { return false }
        return withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { inet_pton(family, text, $0.baseAddress) == 1 }
    }

    private static func isCIDR(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count <= 3, let bits = number(Array(parts[1].utf8)[...]), !parts[1].isEmpty else { return false }
        return isAddress(String(parts[0]), AF_INET) && bits <= 32 || isAddress(String(parts[0]), AF_INET6) && bits <= 128
    }

    /// With a scheme, or a path from the root.
    private static func isURI(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else { return false }
        var rest = text.utf8[...]
        while let at = rest.firstIndex(of: UInt8(ascii: "%")) {
            let digits = rest[rest.index(after: at)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit && $0 < 128 }) else { return false }
            rest = rest[digits.endIndex...]
        }
        if text.hasPrefix("/") { return true }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex else { return false }
        let scheme = text.utf8[..<colon]
        let isLetter: (UInt8) -> Bool = { (97...122).contains($0 | 0x20) }
        return scheme.first.map(isLetter) == true && scheme.allSatisfy { isLetter($0) || (48...57).contains($0) || "+-.".utf8.contains($0) }
    }

    private static func isEmail(_ text: String) -> Bool {
        guard let at = text.lastIndex(of: "@"), at > text.startIndex, text.utf8.count <= 320, text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else { return false }
        let local = text[..<at]
        return local.utf8.count <= 64 && !local.hasPrefix(".") && !local.hasSuffix(".") && !local.contains("..") && !local.contains("@")
            && isHostname(String(text[text.index(after: at)...]))
    }

    private static func isHostname(_ text: String) -> Bool {
        let labels = (text.hasSuffix(".") ? text.dropLast() : text[...]).split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 253 else { return false }
        return labels.allSatisfy { label in
            let isFine = label.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0 | 0x20) || $0 == UInt8(ascii: "-") }
            return isFine && (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
        }
    }

    /// Numbers with units one behind the other: `1h30m`, `-1.5s`, `300ms`, `2 days`.
    private static func isDuration(_ text: String) -> Bool {
        let units: Set<Substring> = [
            "ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "w", "nanosecond", "nanoseconds", "microsecond", "microseconds", "millisecond", "milliseconds",
            "sec", "second", "seconds", "min", "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks",
        ]
        var rest = text[...]
        if rest.hasPrefix("-") || rest.hasPrefix("+") { rest.removeFirst() }
        if rest == "0" { return true }
        guard !rest.isEmpty else { return false }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            guard digits.contains(where: { $0 != "." }), digits.filter({ $0 == "." }).count <= 1 else { return false }
            rest = rest[digits.endIndex...].drop { $0 == " " }
            let unit = rest.prefix { $0.isLetter }
            guard units.contains(unit) else { return false }
            rest = rest[unit.endIndex...].drop { $0 == " " }
        }
        return true
    }
}

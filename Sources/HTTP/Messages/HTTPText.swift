/// Byte-level rules of HTTP's grammar.
enum HTTPText {
    /// RFC 9110 token characters by byte.
    static let tokenTable: [Bool] = {
        var table = [Bool](repeating: false, count: 256)
        for byte in UInt8(ascii: "0")...UInt8(ascii: "9") { table[Int(byte)] = true }
        for byte in UInt8(ascii: "a")...UInt8(ascii: "z") { table[Int(byte)] = true }
        for byte in UInt8(ascii: "A")...UInt8(ascii: "Z") { table[Int(byte)] = true }
        for byte in "!#$%&'*+-.^_`|~".utf8 { table[Int(byte)] = true }
        return table
    }()

    static func isToken(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { tokenTable[Int($0)] }
    }

    static func lower(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte | 0x20 : byte }

    static func equalIgnoringCase(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { lower($0) == lower($1) }
    }

    /// Whether the bytes are the word, without case. - Parameter word: in lower case.
    static func matches(_ bytes: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
        guard bytes.count == word.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count where lower(bytes[index]) != word.utf8Start[index] { return false }
        return true
    }

    static func trim(_ text: some StringProtocol) -> Substring {
        var rest = Substring(text)
        while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return rest
    }

    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }

    /// - Parameter plusIsSpace: form rules, for the query.
    /// - Returns: nil for a broken escape, an encoded NUL or bytes that are not UTF-8.
    static func percentDecoded(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        let utf8 = text.utf8
        if !utf8.contains(where: { $0 == UInt8(ascii: "%") || plusIsSpace && $0 == UInt8(ascii: "+") }) { return String(text) }
        var out: [UInt8] = []
        out.reserveCapacity(utf8.count)
        var at = utf8.startIndex
        while at < utf8.endIndex {
            var byte = utf8[at]
            at = utf8.index(after: at)
            if byte == UInt8(ascii: "%") {
                guard at < utf8.endIndex, let high = hexValue(utf8[at]) else { return nil }
                at = utf8.index(after: at)
                guard at < utf8.endIndex, let low = hexValue(utf8[at]) else { return nil }
                at = utf8.index(after: at)
                byte = high << 4 | low
                if byte == 0 { return nil }
            } else if plusIsSpace && byte == UInt8(ascii: "+") {
                byte = 32
            }
            out.append(byte)
        }
        return String(validating: out, as: UTF8.self)
    }

    /// The value of a parameter in `type; name=value; other="quoted"`, nil where it is missing.
    static func parameter(_ name: String, of value: String) -> String? {
        var rest = Substring(value)
        guard let semicolon = rest.firstIndex(of: ";") else { return nil }
        rest = rest[semicolon...]
        while rest.first == ";" {
            rest = trim(rest.dropFirst())
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let key = trim(rest[..<equals])
            rest = rest[rest.index(after: equals)...]
            var text = ""
            if rest.first == "\"" {
                rest.removeFirst()
                var closed = false
                while let character = rest.popFirst() {
                    if character == "\"" { closed = true; break }
                    if character == "\\", let next = rest.popFirst() { text.append(next) } else { text.append(character) }
                }
                if !closed { return nil }
                rest = trim(rest)
            } else {
                let end = rest.firstIndex(of: ";") ?? rest.endIndex
                text = String(trim(rest[..<end]))
                rest = rest[end...]
            }
            if key.lowercased() == name { return text }
        }
        return nil
    }
}

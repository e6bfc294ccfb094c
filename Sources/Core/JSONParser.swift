/// Strict RFC 8259 parser over bytes. Refuses trailing text, duplicate keys' ambiguity (the last one wins, as
/// in every client we serve), invalid UTF-8, and nesting deeper than `maximumDepth`.
public struct JSONParser {
    public static let maximumDepth = 256

    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0
    private var depth = 0

    /// - Throws: `MonoflowError.invalidArgument` that names the line and column.
    public static func parse(_ bytes: some Collection<UInt8>) throws(MonoflowError) -> JSON {
        let result: Result<JSON, MonoflowError>? = bytes.withContiguousStorageIfAvailable { run($0) }
        return try (result ?? Array(bytes).withUnsafeBufferPointer { run($0) }).get()
    }

    public static func parse(_ text: String) throws(MonoflowError) -> JSON { try parse(text.utf8) }

    private static func run(_ buffer: UnsafeBufferPointer<UInt8>) -> Result<JSON, MonoflowError> {
        var parser = JSONParser(bytes: buffer)
        do throws(MonoflowError) {
            let value = try parser.value()
            parser.skipSpace()
            if parser.at < buffer.count { throw parser.error("text after the end of the value") }
            return .success(value)
        } catch { return .failure(error) }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private func error(_ message: String) -> MonoflowError {
        let upTo = bytes[..<min(at, bytes.count)]
        let line = upTo.reduce(1) { $1 == 10 ? $0 + 1 : $0 }
        let column = at - (upTo.lastIndex(of: 10).map { $0 + 1 } ?? 0) + 1
        return MonoflowError(.invalidArgument, "parse JSON", "line \(line) column \(column)", message)
    }

    private mutating func skipSpace() {
        while at < bytes.count, case let c = bytes[at], c == 32 || c == 10 || c == 13 || c == 9 { at += 1 }
    }

    private mutating func value() throws(MonoflowError) -> JSON {
        skipSpace()
        guard at < bytes.count else { throw error("unexpected end") }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws(MonoflowError) -> JSON {
        let count = word.utf8CodeUnitCount
        guard at + count <= bytes.count, (0..<count).allSatisfy({ bytes[at + $0] == word.utf8Start[$0] }) else {
            throw error("unknown word")
        }
        at += count
        return value
    }

    private mutating func enter() throws(MonoflowError) {
        depth += 1
        if depth > Self.maximumDepth { throw error("nested deeper than \(Self.maximumDepth) levels") }
        at += 1
    }

    private mutating func object() throws(MonoflowError) -> JSON {
        try enter()
        defer { depth -= 1 }
        var result = JSONObject()
        skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "}") { at += 1; return .object(result) }
        while true {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw error("expected a key in quotes") }
            let key = try string()
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { throw error("expected ':' after key \"\(key)\"") }
            at += 1
            result[key] = try value()
            if try closes(with: UInt8(ascii: "}")) { return .object(result) }
        }
    }

    private mutating func array() throws(MonoflowError) -> JSON {
        try enter()
        defer { depth -= 1 }
        var result: [JSON] = []
        skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "]") { at += 1; return .array(result) }
        while true {
            result.append(try value())
            if try closes(with: UInt8(ascii: "]")) { return .array(result) }
        }
    }

    /// Eats `,` (false) or the closing byte (true).
    private mutating func closes(with end: UInt8) throws(MonoflowError) -> Bool {
        skipSpace()
        guard at < bytes.count else { throw error("unexpected end") }
        defer { at += 1 }
        if bytes[at] == end { return true }
        if bytes[at] == UInt8(ascii: ",") { return false }
        throw error("expected ',' or '\(Character(UnicodeScalar(end)))'")
    }

    private mutating func string() throws(MonoflowError) -> String {
        at += 1
        let start = at
        while at < bytes.count, bytes[at] != UInt8(ascii: "\""), bytes[at] != UInt8(ascii: "\\"), bytes[at] >= 0x20 { at += 1 }
        if at < bytes.count, bytes[at] == UInt8(ascii: "\"") {
            defer { at += 1 }
            return try utf8(UnsafeBufferPointer(rebasing: bytes[start..<at]))
        }
        var out = Array(bytes[start..<at])
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                at += 1
                let result: Result<String, MonoflowError> = out.withUnsafeBufferPointer { buffer in
                    do throws(MonoflowError) { return .success(try utf8(buffer)) } catch { return .failure(error) }
                }
                return try result.get()
            case UInt8(ascii: "\\"): try escape(into: &out)
            case ..<0x20: throw error("control character in a string")
            default: out.append(bytes[at]); at += 1
            }
        }
        throw error("unterminated string")
    }

    private func utf8(_ buffer: UnsafeBufferPointer<UInt8>) throws(MonoflowError) -> String {
        guard let text = String(validating: buffer, as: UTF8.self) else { throw error("invalid UTF-8 in a string") }
        return text
    }

    private mutating func escape(into out: inout [UInt8]) throws(MonoflowError) {
        at += 1
        guard at < bytes.count else { throw error("unterminated escape") }
        let c = bytes[at]
        at += 1
        switch c {
        case UInt8(ascii: "n"): out.append(10)
        case UInt8(ascii: "t"): out.append(9)
        case UInt8(ascii: "r"): out.append(13)
        case UInt8(ascii: "b"): out.append(8)
        case UInt8(ascii: "f"): out.append(12)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(c)
        case UInt8(ascii: "u"):
            var unit = UInt32(try hex4())
            if unit >> 10 == 0x36 {  // a high surrogate needs its low half
                guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
                    throw error("lone surrogate in a string")
                }
                at += 2
                let low = UInt32(try hex4())
                guard low >> 10 == 0x37 else { throw error("lone surrogate in a string") }
                unit = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw error("lone surrogate in a string") }
            out.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw error("unknown escape")
        }
    }

    private mutating func hex4() throws(MonoflowError) -> UInt16 {
        guard at + 4 <= bytes.count else { throw error("unterminated escape") }
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(UnicodeScalar(bytes[at])).hexDigitValue, bytes[at] < 0x80 else { throw error("bad hex digit") }
            value = value << 4 | UInt16(digit)
            at += 1
        }
        return value
    }

    private mutating func number() throws(MonoflowError) -> JSON {
        let start = at
        func digit() -> Bool { at < bytes.count && bytes[at] >= 48 && bytes[at] <= 57 }
        if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
        guard digit() else { throw error("expected a value") }
        let leadingZero = bytes[at] == 48
        let first = at
        while digit() { at += 1 }
        if leadingZero && at - first > 1 { throw error("number with a leading zero") }
        var isInteger = true
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            isInteger = false
            at += 1
            guard digit() else { throw error("expected digits after '.'") }
            while digit() { at += 1 }
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            guard digit() else { throw error("expected digits in the exponent") }
            while digit() { at += 1 }
        }
        if isInteger, let value = integer(bytes[start..<at]) { return .int(value) }
        if let value = decimal(bytes[start..<at]) { return .double(value) }
        guard let value = Double(String(decoding: bytes[start..<at], as: UTF8.self)) else { throw error("bad number") }
        guard value.isFinite else { throw error("number out of range") }
        return .double(value)
    }

    private static let powersOfTen: [Double] = (0...22).map { power in (0..<power).reduce(1.0) { value, _ in value * 10 } }

    /// A plain decimal number of few digits, which is one exactly rounded division: digits below 2^53 and powers of ten up
    /// to 10^22 are themselves exact. Nil for the rest, with an exponent among them.
    private func decimal(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
        var value: UInt64 = 0, fraction = 0, inFraction = false, isNegative = false
        guard digits.count <= 20 else { return nil }
        for c in digits {
            switch c {
            case 48...57:
                value = value * 10 + UInt64(c - 48)
                if value > 1 << 53 { return nil }
                if inFraction { fraction += 1 }
            case UInt8(ascii: "."): inFraction = true
            case UInt8(ascii: "-"): isNegative = true
            default: return nil
            }
        }
        let result = Double(value) / Self.powersOfTen[fraction]
        return isNegative ? -result : result
    }

    /// Nil where it does not fit 64 bits.
    private func integer(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
        let negative = digits.first == UInt8(ascii: "-")
        var value: Int64 = 0
        for c in negative ? digits.dropFirst() : digits {
            let (product, over) = value.multipliedReportingOverflow(by: 10)
            let (sum, over2) = product.subtractingReportingOverflow(Int64(c) - 48)
            if over || over2 { return nil }
            value = sum
        }
        return negative ? value : (value == Int64.min ? nil : -value)
    }
}

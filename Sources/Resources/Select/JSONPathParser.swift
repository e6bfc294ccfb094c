import Core

/// Reads the text of a `JSONPath`.
struct JSONPathParser {
    /// Filters may have filters in them, so deep.
    private static let maximumNesting = 8
    private static let maximumLength = 16 << 10

    private let text: [UInt8]
    private var at = 0
    /// Where the path ends: before the closing brace where there is one.
    private var end: Int
    private var nesting = 0
    private var count = 0

    init(_ text: String) {
        self.text = Array(text.utf8)
        end = self.text.count
    }

    private func error(_ message: String) -> MonoflowError {
        let column = String(decoding: text[..<min(at, text.count)], as: UTF8.self).unicodeScalars.count + 1
        return MonoflowError(.invalidArgument, "parse JSONPath", "character \(column)", message)
    }

    private var next: UInt8? { at < end ? text[at] : nil }

    private mutating func skip(_ word: String) -> Bool {
        guard text[at..<end].starts(with: word.utf8) else { return false }
        at += word.utf8.count
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 32 || byte == 9 { at += 1 }
    }

    /// A whole path, with or without braces and `$`.
    mutating func path() throws(MonoflowError) -> [JSONPath.Step] {
        guard text.count <= Self.maximumLength else { throw error("a path has at most \(Self.maximumLength) bytes") }
        skipSpace()
        while end > at, text[end - 1] == 32 || text[end - 1] == 9 { end -= 1 }
        if skip("{") {
            guard end > at, text[end - 1] == UInt8(ascii: "}") else { throw error("expected '}' at the end") }
            end -= 1
        }
        let hasRoot = skip("$")
        if hasRoot, next == nil { return [] }
        guard next == UInt8(ascii: ".") || next == UInt8(ascii: "[") else { throw error("a path begins with '.'") }
        if next == UInt8(ascii: "."), at + 1 == end { return [] }
        let steps = try steps()
        if at < end { throw error("expected '.' or '['") }
        return steps
    }

    /// Steps up to what can be none.
    private mutating func steps() throws(MonoflowError) -> [JSONPath.Step] {
        var steps: [JSONPath.Step] = []
        while let byte = next, byte == UInt8(ascii: ".") || byte == UInt8(ascii: "[") {
            count += 1
            guard count <= JSONPath.maximumSteps else { throw error("a path has at most \(JSONPath.maximumSteps) steps") }
            if byte == UInt8(ascii: "[") {
                steps.append(try bracket())
                continue
            }
            at += 1
            if next == UInt8(ascii: ".") { throw error("'..' (recursive descent) is not supported") }
            // `.[0]` is written too.
            if next == UInt8(ascii: "[") { continue }
            steps.append(try member())
        }
        return steps
    }

    private mutating func member() throws(MonoflowError) -> JSONPath.Step {
        var name: [UInt8] = []
        var isEscaped = false
        scan: while let byte = next {
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"),
                UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "&"),
                UInt8(ascii: "|"), UInt8(ascii: ","), 32, 9:
                break scan
            case UInt8(ascii: "\\"):
                at += 1
                guard let escaped = next else { throw error("expected a character after '\\'") }
                name.append(escaped)
                isEscaped = true
            default: name.append(byte)
            }
            at += 1
        }
        if name.isEmpty { throw error("expected the name of a member") }
        if name == [UInt8(ascii: "*")], !isEscaped { return .wildcard }
        return .field(String(decoding: name, as: UTF8.self))
    }

    private mutating func bracket() throws(MonoflowError) -> JSONPath.Step {
        at += 1
        skipSpace()
        let step: JSONPath.Step
        switch next {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): step = .field(try quoted())
        case UInt8(ascii: "*"):
            at += 1
            step = .wildcard
        case UInt8(ascii: "?"): step = .filter(try filter())
        case UInt8(ascii: ":"): throw error("slices are not supported")
        default: step = .index(try index())
        }
        skipSpace()
        switch next {
        case UInt8(ascii: "]"): at += 1
        case UInt8(ascii: ","): throw error("unions are not supported")
        case UInt8(ascii: ":"): throw error("slices are not supported")
        default: throw error("expected ']'")
        }
        return step
    }

    private mutating func index() throws(MonoflowError) -> Int {
        let start = at
        if next == UInt8(ascii: "-") { at += 1 }
        while let byte = next, byte >= 48, byte <= 57 { at += 1 }
        guard let index = Int(String(decoding: text[start..<at], as: UTF8.self)), at - start <= 10 else {
            at = start
            throw error("expected an index, '*', a name in quotes or a filter")
        }
        return index
    }

    /// A text in quotes; a backslash takes the next character as it is.
    private mutating func quoted() throws(MonoflowError) -> String {
        let quote = text[at]
        at += 1
        var bytes: [UInt8] = []
        while let byte = next, byte != quote {
            if byte == UInt8(ascii: "\\") {
                at += 1
                guard at < end else { break }
            }
            bytes.append(text[at])
            at += 1
        }
        guard next == quote else { throw error("the quotes are not closed") }
        at += 1
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func filter() throws(MonoflowError) -> JSONPathFilter {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Self.maximumNesting else { throw error("filters are nested deeper than \(Self.maximumNesting) levels") }
        guard skip("?(") else { throw error("expected '?(' at the beginning of a filter") }
        skipSpace()
        let start = at
        guard skip("@") else { throw error("a filter begins with '@', the element") }
        let steps = try steps()
        let path = JSONPath(text: String(decoding: text[start..<at], as: UTF8.self), steps: steps)
        skipSpace()
        var condition: JSONPathFilter.Condition?
        if next != UInt8(ascii: ")") {
            guard let comparison = JSONPathFilter.Comparison.allCases.first(where: { skip($0.rawValue) }) else {
                throw error("expected one of ==, !=, <, <=, > and >=, or ')'")
            }
            skipSpace()
            condition = JSONPathFilter.Condition(comparison: comparison, value: try literal())
            skipSpace()
        }
        if next == UInt8(ascii: "&") || next == UInt8(ascii: "|") { throw error("'&&' and '||' are not supported") }
        guard skip(")") else { throw error("expected ')' at the end of the filter") }
        return JSONPathFilter(path: path, condition: condition)
    }

    private mutating func literal() throws(MonoflowError) -> JSON {
        if next == UInt8(ascii: "'") || next == UInt8(ascii: "\"") { return .string(try quoted()) }
        let start = at
        while let byte = next, byte != UInt8(ascii: ")"), byte != 32, byte != UInt8(ascii: "&"), byte != UInt8(ascii: "|") { at += 1 }
        let word = text[start..<at]
        if let value = try? JSONParser.parse(word), value.arrayValue == nil, value.objectValue == nil { return value }
        at = start
        throw error("expected a text in quotes, a number, true, false or null")
    }
}

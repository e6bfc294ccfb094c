import Core

extension LabelSelector {
    /// Longest text of a selector, in bytes.
    public static let maximumLength = 64 << 10

    /// Reads the text form: requirements with commas between them, each of `key`, `!key`, `key=value`, `key==value`, `key!=value`, `key in (a,b)`,
    /// `key notin (a,b)`, `key>1` or `key<1`. Space around words does not count, values may be empty, and an empty text selects everything.
    /// - Throws: `invalidArgument` that names the character, counted from 1.
    public init(_ text: String) throws(MonoflowError) {
        var parser = LabelSelectorParser(text)
        self.init(requirements: try parser.requirements())
    }
}

private struct LabelSelectorParser {
    private enum Token: Equatable {
        case word(String), mark(Character), end

        var shown: String {
            switch self {
            case .word(let word): "\"\(word)\""
            case .mark(let mark): "'\(mark)'"
            case .end: "the end"
            }
        }
    }

    private let text: [UInt8]
    private var at = 0
    /// Where the last token that was read begins.
    private var start = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    private func error(_ message: String, at place: Int? = nil) -> MonoflowError {
        let column = String(decoding: text[..<(place ?? start)], as: UTF8.self).unicodeScalars.count + 1
        return MonoflowError(.invalidArgument, "parse label selector", "character \(column)", message)
    }

    private static func isMark(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: "<"), UInt8(ascii: ">"): true
        default: false
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }

    private mutating func next() -> Token {
        while at < text.count, Self.isSpace(text[at]) { at += 1 }
        start = at
        guard at < text.count else { return .end }
        if Self.isMark(text[at]) {
            at += 1
            return .mark(Character(UnicodeScalar(text[start])))
        }
        while at < text.count, !Self.isMark(text[at]), !Self.isSpace(text[at]) { at += 1 }
        return .word(String(decoding: text[start..<at], as: UTF8.self))
    }

    private mutating func peek() -> Token {
        let (at, start) = (self.at, self.start)
        defer { (self.at, self.start) = (at, start) }
        return next()
    }

    mutating func requirements() throws(MonoflowError) -> [LabelSelector.Requirement] {
        guard text.count <= LabelSelector.maximumLength else {
            throw error("the selector has \(text.count) bytes, and at most \(LabelSelector.maximumLength) are allowed", at: 0)
        }
        if peek() == .end { return [] }
        var list: [LabelSelector.Requirement] = []
        while true {
            list.append(try requirement())
            switch next() {
            case .end: return list
            case .mark(","): continue
            case let other: throw error("expected ',' before the next requirement, found \(other.shown)")
            }
        }
    }

    private mutating func requirement() throws(MonoflowError) -> LabelSelector.Requirement {
        if peek() == .mark("!") {
            _ = next()
            return LabelSelector.Requirement(try key(), .doesNotExist)
        }
        let key = try key()
        switch peek() {
        case .end, .mark(","): return LabelSelector.Requirement(key, .exists)
        case .mark("="):
            _ = next()
            if at < text.count, text[at] == UInt8(ascii: "=") { at += 1 }
            return LabelSelector.Requirement(key, .in, [try value()])
        case .mark("!"):
            _ = next()
            guard at < text.count, text[at] == UInt8(ascii: "=") else { throw error("expected '=' after '!'", at: at) }
            at += 1
            return LabelSelector.Requirement(key, .notIn, [try value()])
        case .mark(">"), .mark("<"):
            let op: LabelSelector.Operator = next() == .mark(">") ? .greaterThan : .lessThan
            let place = at
            let number = try value()
            guard Int64(number) != nil else { throw error("expected a whole number, found \"\(number)\"", at: place) }
            return LabelSelector.Requirement(key, op, [number])
        case .word("in"):
            _ = next()
            return LabelSelector.Requirement(key, .in, try values())
        case .word("notin"):
            _ = next()
            return LabelSelector.Requirement(key, .notIn, try values())
        case let other:
            _ = next()
            throw error("expected one of =, ==, !=, in, notin, < and > after \"\(key)\", found \(other.shown)")
        }
    }

    private mutating func key() throws(MonoflowError) -> String {
        let token = next()
        guard case .word(let key) = token else { throw error("expected a label key, found \(token.shown)") }
        if let problem = Names.qualifiedName(key).first { throw error("label key \"\(key)\": \(problem)") }
        return key
    }

    /// A value may be empty: what ends it is left for who reads on.
    private mutating func value() throws(MonoflowError) -> String {
        guard case .word(let value) = peek() else { return "" }
        _ = next()
        if let problem = Names.labelValue(value).first { throw error("label value \"\(value)\": \(problem)") }
        return value
    }

    private mutating func values() throws(MonoflowError) -> [String] {
        let open = next()
        guard open == .mark("(") else { throw error("expected '(' before the values, found \(open.shown)") }
        var list: [String] = []
        while true {
            list.append(try value())
            switch next() {
            case .mark(")"): return list
            case .mark(","): continue
            case let other: throw error("expected ',' or ')' after a value, found \(other.shown)")
            }
        }
    }
}

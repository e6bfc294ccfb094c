import Core

enum ConditionToken: Equatable {
    case string(String)
    case number(Double, isInteger: Bool)
    case word(String)
    case symbol(String)
}

/// Tokens of a condition: CEL's and govaluate's common ground.
enum ConditionLexer {
    private static let symbols = ["==", "!=", ">=", "<=", "&&", "||", "=~", "!~", "(", ")", "[", "]", ",", ".", "!", ">", "<", "+", "-", "*", "/", "%", "?", ":"]

    static func tokens(_ text: String, place: String) throws -> [ConditionToken] {
        var tokens: [ConditionToken] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first.isWhitespace { rest.removeFirst(); continue }
            if first == "\"" || first == "'" {
                tokens.append(.string(try quoted(&rest, by: first, place: place)))
            } else if first.isNumber {
                tokens.append(try number(&rest, place: place))
            } else if first.isLetter || first == "_" {
                let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
                tokens.append(.word(String(word)))
                rest = rest.dropFirst(word.count)
            } else if let symbol = symbols.first(where: { rest.hasPrefix($0) }) {
                tokens.append(.symbol(symbol))
                rest = rest.dropFirst(symbol.count)
            } else {
                throw MonoflowError(.invalidArgument, "read condition", place, "unexpected \"\(first)\" in \"\(text)\"")
            }
        }
        return tokens
    }

    private static func quoted(_ rest: inout Substring, by quote: Character, place: String) throws -> String {
        rest.removeFirst()
        var out = ""
        while let character = rest.popFirst() {
            if character == quote { return out }
            guard character == "\\" else { out.append(character); continue }
            guard let escaped = rest.popFirst() else { break }
            out.append(["n": "\n", "t": "\t", "r": "\r"][escaped] ?? escaped)
        }
        throw MonoflowError(.invalidArgument, "read condition", place, "a quoted text does not end")
    }

    private static func number(_ rest: inout Substring, place: String) throws -> ConditionToken {
        let text = rest.prefix { $0.isNumber || $0 == "." || $0 == "e" || $0 == "E" }
        // `3x` is a bare word in Argo.
        let word = rest.prefix { $0.isNumber || $0.isLetter || $0 == "." || $0 == "_" || $0 == "-" }
        if word.count > text.count, word.dropFirst(text.count).first != "-" {
            rest = rest.dropFirst(word.count)
            return .word(String(word))
        }
        rest = rest.dropFirst(text.count)
        guard let value = Double(text) else { return .word(String(text)) }
        return .number(value, isInteger: !text.contains { $0 == "." || $0 == "e" || $0 == "E" })
    }
}

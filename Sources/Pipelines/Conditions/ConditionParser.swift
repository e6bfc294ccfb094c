import Core

/// An expression that decides whether a task runs.
indirect enum ConditionNode: Equatable {
    case literal(JSON)
    /// CEL: `inputs.parameter_values['x']`.
    case input(String)
    case call(String, [ConditionNode])
    case not(ConditionNode)
    case negative(ConditionNode)
    case binary(String, ConditionNode, ConditionNode)
    case choice(ConditionNode, ConditionNode, ConditionNode)
}

/// Precedence climbing over the tokens.
struct ConditionParser {
    /// CEL as kfp 2 writes it, or govaluate as Argo's `when` has it (there, bare words are texts).
    enum Dialect { case cel, govaluate }

    /// Bounds how deep the tree of a chain such as `a || b || …` is.
    static let maximumTokens = 1000

    private let tokens: [ConditionToken]
    private let dialect: Dialect
    private let text: String
    private let place: String
    private var at = 0
    private var depth = 0

    static func parse(_ text: String, dialect: Dialect, place: String) throws -> ConditionNode {
        let tokens = try ConditionLexer.tokens(text, place: place)
        guard tokens.count <= maximumTokens else {
            throw MonoflowError(.invalidArgument, "read condition", place, "has \(tokens.count) words; at most \(maximumTokens) are read")
        }
        var parser = ConditionParser(tokens: tokens, dialect: dialect, text: text, place: place)
        let node = try parser.choice()
        if parser.at < parser.tokens.count { throw parser.error("text after the end of") }
        return node
    }

    private init(tokens: [ConditionToken], dialect: Dialect, text: String, place: String) {
        self.tokens = tokens
        self.dialect = dialect
        self.text = text
        self.place = place
    }

    private func error(_ problem: String) -> MonoflowError {
        MonoflowError(.invalidArgument, "read condition", place, "\(problem) \"\(text)\"")
    }

    private mutating func accept(_ symbol: String) -> Bool {
        guard at < tokens.count, tokens[at] == .symbol(symbol) else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ symbol: String) throws {
        guard accept(symbol) else { throw error("expected \"\(symbol)\" in") }
    }

    private mutating func choice() throws -> ConditionNode {
        depth += 1
        defer { depth -= 1 }
        guard depth < 64 else { throw error("too deeply nested:") }
        let test = try binary(0)
        guard accept("?") else { return test }
        let then = try choice()
        try expect(":")
        return .choice(test, then, try choice())
    }

    private static let levels: [Set<String>] = [["||"], ["&&"], ["==", "!=", ">=", "<=", ">", "<", "=~", "!~"], ["+", "-"], ["*", "/", "%"]]

    private mutating func binary(_ level: Int) throws -> ConditionNode {
        guard level < Self.levels.count else { return try unary() }
        var left = try binary(level + 1)
        while at < tokens.count, case .symbol(let symbol) = tokens[at], Self.levels[level].contains(symbol) {
            at += 1
            left = .binary(symbol, left, try binary(level + 1))
        }
        return left
    }

    private mutating func unary() throws -> ConditionNode {
        depth += 1
        defer { depth -= 1 }
        guard depth < 64 else { throw error("too deeply nested:") }
        if accept("!") { return .not(try unary()) }
        if accept("-") { return .negative(try unary()) }
        return try primary()
    }

    private mutating func primary() throws -> ConditionNode {
        guard at < tokens.count else { throw error("unexpected end of") }
        let token = tokens[at]
        at += 1
        switch token {
        case .string(let value): return .literal(.string(value))
        case .number(let value, let isInteger):
            return .literal(isInteger ? Int64(exactly: value).map { .int($0) } ?? .double(value) : .double(value))
        case .symbol("("):
            let inner = try choice()
            try expect(")")
            return inner
        case .word("true"): return .literal(true)
        case .word("false"): return .literal(false)
        case .word("null") where dialect == .cel: return .literal(.null)
        case .word(let name): return try named(name)
        case .symbol(let symbol): throw error("unexpected \"\(symbol)\" in")
        }
    }

    private mutating func named(_ name: String) throws -> ConditionNode {
        guard dialect == .cel else { return .literal(.string(name)) }
        if accept("(") {
            guard ["int", "double", "string", "bool", "size"].contains(name) else { throw error("unknown function \"\(name)\" in") }
            let argument = try choice()
            try expect(")")
            return .call(name, [argument])
        }
        guard name == "inputs", accept("."), at < tokens.count, case .word("parameter_values") = tokens[at] else {
            throw error("unknown name \"\(name)\" in")
        }
        at += 1
        if accept("[") {
            guard at < tokens.count, case .string(let key) = tokens[at] else { throw error("expected a quoted input name in") }
            at += 1
            try expect("]")
            return .input(key)
        }
        try expect(".")
        guard at < tokens.count, case .word(let key) = tokens[at] else { throw error("expected an input name in") }
        at += 1
        return .input(key)
    }
}

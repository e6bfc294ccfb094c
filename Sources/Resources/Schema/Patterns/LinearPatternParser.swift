import Core

/// Reads RE2's syntax: literals, `.`, classes, groups, alternatives, repetitions greedy and lazy, anchors, word boundaries and the flags `i`, `s`, `m`.
/// Captures and greediness are read and mean nothing, since only whether there is a match is told.
struct LinearPatternParser {
    static let maximumDepth = 100
    /// The largest count in a repetition.
    static let maximumCount = 1000

    struct Flags {
        var ignoresCase = false, dotTakesNewline = false, isMultiline = false
    }

    let expression: String
    let scalars: [Unicode.Scalar]
    var at = 0
    var flags = Flags()
    private var depth = 0

    static func parse(_ expression: String) throws(MonoflowError) -> PatternTree {
        var parser = LinearPatternParser(expression: expression, scalars: Array(expression.unicodeScalars))
        let tree = try parser.alternatives()
        if parser.at < parser.scalars.count { throw parser.error("unexpected )") }
        return tree
    }

    private init(expression: String, scalars: [Unicode.Scalar]) {
        self.expression = expression
        self.scalars = scalars
    }

    func error(_ message: String) -> MonoflowError { MonoflowError(.invalidArgument, "compile pattern", expression, message) }

    var current: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    func looking(at text: String) -> Bool { scalars[at...].starts(with: text.unicodeScalars) }

    private mutating func alternatives() throws(MonoflowError) -> PatternTree {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw error("groups are nested deeper than \(Self.maximumDepth)") }
        var choices = [try sequence()]
        while current == "|" {
            at += 1
            choices.append(try sequence())
        }
        return choices.count == 1 ? choices[0] : .alternatives(choices)
    }

    private mutating func sequence() throws(MonoflowError) -> PatternTree {
        var parts: [PatternTree] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            if looking(at: "\\Q") {
                parts += quoted()
                continue
            }
            guard let atom = try atom(scalar) else { continue }
            parts.append(try repeated(atom))
        }
        return parts.isEmpty ? .empty : parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func quoted() -> [PatternTree] {
        at += 2
        var parts: [PatternTree] = []
        while let scalar = current {
            if looking(at: "\\E") { at += 2; break }
            at += 1
            parts.append(literal(scalar))
        }
        return parts
    }

    func literal(_ scalar: Unicode.Scalar) -> PatternTree { tree(ScalarSet(scalar)) }

    private func tree(_ set: ScalarSet) -> PatternTree { .scalar(flags.ignoresCase ? set.ignoringCase() : set.sealed()) }

    /// Nil for a group that only sets flags.
    private mutating func atom(_ scalar: Unicode.Scalar) throws(MonoflowError) -> PatternTree? {
        at += 1
        switch scalar {
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        case ".": return .scalar(flags.dotTakesNewline ? .any : .anyButNewline)
        case "[": return tree(try characterClass())
        case "(": return try group()
        case "*", "+", "?": throw error("missing argument to repetition operator \(scalar)")
        case "\\":
            if let assertion = assertion() { return .assertion(assertion) }
            return tree(try escape())
        default: return literal(scalar)
        }
    }

    private mutating func assertion() -> LinearPattern.Assertion? {
        let found: LinearPattern.Assertion? =
            switch current {
            case "A": .textStart
            case "z": .textEnd
            case "b": .wordBoundary
            case "B": .noWordBoundary
            default: nil
            }
        if found != nil { at += 1 }
        return found
    }

    private mutating func group() throws(MonoflowError) -> PatternTree? {
        let outer = flags
        if current == "?" {
            at += 1
            if looking(at: "P<") || looking(at: "<") && !looking(at: "<=") && !looking(at: "<!") {
                guard let end = scalars[at...].firstIndex(of: ">") else { throw error("invalid named capture") }
                at = end + 1
            } else if try setsFlags() { return nil }
        }
        let tree = try alternatives()
        guard current == ")" else { throw error("missing closing )") }
        at += 1
        flags = outer
        return tree
    }

    /// Reads `i-s:` or `i)`; true for the latter, which holds to the end of the group around it.
    private mutating func setsFlags() throws(MonoflowError) -> Bool {
        var value = true
        while let scalar = current {
            at += 1
            switch scalar {
            case "i": flags.ignoresCase = value
            case "s": flags.dotTakesNewline = value
            case "m": flags.isMultiline = value
            case "U": break
            case "-" where value: value = false
            case ":": return false
            case ")": return true
            default: throw error("invalid or unsupported group (?\(scalar)")
            }
        }
        throw error("missing closing )")
    }

    private mutating func repeated(_ atom: PatternTree) throws(MonoflowError) -> PatternTree {
        guard let (least, most) = try repetition() else { return atom }
        if current == "?" { at += 1 }
        let next = at
        if try repetition() != nil { at = next; throw error("invalid nested repetition operator") }
        return .repeated(atom, least: least, most: most)
    }

    /// A brace that begins no count is a literal, as in RE2.
    private mutating func repetition() throws(MonoflowError) -> (Int, Int?)? {
        switch current {
        case "*": at += 1; return (0, nil)
        case "+": at += 1; return (1, nil)
        case "?": at += 1; return (0, 1)
        case "{":
            guard let end = scalars[at...].firstIndex(of: "}") else { return nil }
            let parts = String(String.UnicodeScalarView(scalars[at + 1..<end])).split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count <= 2, parts.allSatisfy({ $0.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } }), !parts[0].isEmpty else { return nil }
            let least = Int(parts[0]) ?? .max, most = parts.count == 1 ? least : parts[1].isEmpty ? nil : Int(parts[1]) ?? .max
            guard least <= Self.maximumCount, most ?? 0 <= Self.maximumCount, least <= most ?? .max else { throw error("invalid repeat count") }
            at = end + 1
            return (least, most)
        default: return nil
        }
    }
}

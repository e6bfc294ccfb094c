import Core

/// Reads a pattern's text. What it does not know it refuses, rather than to match something else.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var at = 0
    private var depth = 0
    private var ignoresCase = false

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    static func error(_ problem: String) -> MonoflowError { MonoflowError(.invalidArgument, "read pattern", "pattern", problem) }

    private var next: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    private mutating func accept(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard at + wanted.count <= scalars.count, Array(scalars[at..<(at + wanted.count)]) == wanted else { return false }
        at += wanted.count
        return true
    }

    mutating func parse() throws -> Pattern.Node {
        if accept("(?i)") { ignoresCase = true }
        let node = try either()
        if next != nil { throw Self.error("has a \")\" without its \"(\"") }
        return node
    }

    private mutating func either() throws -> Pattern.Node {
        depth += 1
        defer { depth -= 1 }
        guard depth < 64 else { throw Self.error("is too deeply nested") }
        var branches = [try sequence()]
        while accept("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .either(branches)
    }

    private mutating func sequence() throws -> Pattern.Node {
        var nodes: [Pattern.Node] = []
        while let next, next != "|", next != ")" { nodes.append(try repeated(try atom())) }
        return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
    }

    private mutating func repeated(_ atom: Pattern.Node) throws -> Pattern.Node {
        var node = atom, count = 0
        while true {
            if accept("*") { node = .repeat(node, least: 0, most: nil) }
            else if accept("+") { node = .repeat(node, least: 1, most: nil) }
            else if accept("?") { node = .repeat(node, least: 0, most: 1) }
            else if let (least, most) = try bounds() { node = .repeat(node, least: least, most: most) }
            else { return node }
            // Not greedy: the same matches.
            _ = accept("?")
            count += 1
            guard count == 1 else { throw Self.error("repeats a repetition") }
        }
    }

    /// `{2}`, `{2,}`, `{2,5}`; any other `{` is itself.
    private mutating func bounds() throws -> (least: Int, most: Int?)? {
        let start = at
        guard accept("{"), let least = number() else { at = start; return nil }
        var most: Int? = least
        if accept(",") { most = number() }
        guard accept("}") else { at = start; return nil }
        guard least <= 1000, most ?? 0 <= 1000, most.map({ $0 >= least }) ?? true else { throw Self.error("repeats more than 1000 times, or fewer than it must") }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let next, ("0"..."9").contains(next) { digits.unicodeScalars.append(next); at += 1 }
        return Int(digits)
    }

    private mutating func atom() throws -> Pattern.Node {
        guard let first = next else { return .empty }
        at += 1
        switch first {
        case ".": return .one(.anyButNewline)
        case "^": return .assertion(.start)
        case "$": return .assertion(.end)
        case "[": return .one(try set())
        case "(":
            if accept("?") {
                let isNamed = accept("P<") || accept("<")
                if isNamed { while let letter = next, letter != ">" { at += 1 } }
                guard accept(":") || isNamed && accept(">") else { throw Self.error("has a \"(?\" of a kind that is not supported") }
            }
            let inner = try either()
            guard accept(")") else { throw Self.error("has a \"(\" without its \")\"") }
            return inner
        case "*", "+", "?": throw Self.error("repeats nothing")
        case "\\":
            switch next {
            case "b": at += 1; return .assertion(.wordBoundary)
            case "B": at += 1; return .assertion(.noWordBoundary)
            case "A": at += 1; return .assertion(.start)
            case "z": at += 1; return .assertion(.end)
            default: return .one(try escaped())
            }
        default: return .one(literal(first))
        }
    }

    /// What stands behind a backslash.
    private mutating func escaped() throws -> Pattern.CharacterSet {
        guard let letter = next else { throw Self.error("ends with a \"\\\"") }
        at += 1
        func inverted(_ set: Pattern.CharacterSet) -> Pattern.CharacterSet { .init(ranges: set.ranges, isInverted: true) }
        switch letter {
        case "d": return .digit
        case "D": return inverted(.digit)
        case "w": return .word
        case "W": return inverted(.word)
        case "s": return .space
        case "S": return inverted(.space)
        case "n": return literal("\n")
        case "t": return literal("\t")
        case "r": return literal("\r")
        default:
            guard !letter.properties.isAlphabetic, !("0"..."9").contains(letter) else { throw Self.error("has \"\\\(letter)\", which is not supported") }
            return literal(letter)
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> Pattern.CharacterSet { .init(ranges: folded([scalar.value...scalar.value])) }

    /// With ASCII's other case, where case does not count.
    private func folded(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        guard ignoresCase else { return ranges }
        return ranges + ranges.flatMap { range in
            [(65...90, 32), (97...122, -32)].compactMap { (letters: ClosedRange<UInt32>, step: Int) -> ClosedRange<UInt32>? in
                guard range.overlaps(letters) else { return nil }
                let part = range.clamped(to: letters)
                return UInt32(Int(part.lowerBound) + step)...UInt32(Int(part.upperBound) + step)
            }
        }
    }

    /// Behind a `[`.
    private mutating func set() throws -> Pattern.CharacterSet {
        let isInverted = accept("^")
        var ranges: [ClosedRange<UInt32>] = [], isFirst = true
        while let first = next, first != "]" || isFirst {
            isFirst = false
            at += 1
            if first == "[", next == ":" { throw Self.error("has a named class, which is not supported") }
            var low = Pattern.CharacterSet(ranges: [first.value...first.value])
            if first == "\\" { low = try escaped() }
            guard !low.isInverted else { throw Self.error("has an inverted class inside a class, which is not supported") }
            guard low.ranges.first?.count == 1, at + 1 < scalars.count, scalars[at] == "-", scalars[at + 1] != "]" else {
                ranges += low.ranges
                continue
            }
            at += 1
            let second = scalars[at]
            at += 1
            var high = second.value
            if second == "\\" { high = try escaped().ranges[0].lowerBound }
            guard let start = low.ranges.first?.lowerBound, start <= high else { throw Self.error("has a range that ends before it begins") }
            ranges.append(start...high)
        }
        guard accept("]") else { throw Self.error("has a \"[\" without its \"]\"") }
        return .init(ranges: folded(ranges), isInverted: isInverted)
    }
}

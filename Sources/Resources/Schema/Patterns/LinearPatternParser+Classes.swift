import Core

extension LinearPatternParser {
    /// What follows `[`, to the closing bracket.
    mutating func characterClass() throws(MonoflowError) -> ScalarSet {
        var set = ScalarSet()
        let isNegated = current == "^"
        if isNegated { at += 1 }
        var isFirst = true
        while let scalar = current, isFirst || scalar != "]" {
            isFirst = false
            if looking(at: "[:"), let name = posixName() {
                guard let ranges = ScalarSet.posix[name.word] else { throw error("invalid character class range [:\(name.word):]") }
                set.insert(ScalarSet(name.isNegated ? ScalarSet.complement(of: ranges) : ranges))
                continue
            }
            guard let low = try member(into: &set) else { continue }
            guard current == "-", at + 1 < scalars.count, scalars[at + 1] != "]" else {
                set.insert(low.value...low.value)
                continue
            }
            at += 1
            guard let high = try member(into: &set), high >= low else { throw error("invalid character class range") }
            set.insert(low.value...high.value)
        }
        guard current == "]" else { throw error("missing closing ]") }
        at += 1
        // Case first: `(?i)[^a]` takes neither a nor A.
        if flags.ignoresCase { set = set.ignoringCase() }
        return isNegated ? set.negated() : set.sealed()
    }

    private mutating func posixName() -> (word: String, isNegated: Bool)? {
        guard let end = scalars[(at + 2)...].firstIndex(of: ":"), end + 1 < scalars.count, scalars[end + 1] == "]" else { return nil }
        var word = scalars[(at + 2)..<end]
        let isNegated = word.first == "^"
        if isNegated { word = word.dropFirst() }
        at = end + 2
        return (String(String.UnicodeScalarView(word)), isNegated)
    }

    /// One scalar of a class; nil for an escape that stands for several, which is put into the set.
    private mutating func member(into set: inout ScalarSet) throws(MonoflowError) -> Unicode.Scalar? {
        guard let scalar = current else { throw error("missing closing ]") }
        at += 1
        guard scalar == "\\" else { return scalar }
        if let single = try singleEscape() { return single }
        set.insert(try classEscape())
        return nil
    }

    /// What follows a backslash outside a class.
    mutating func escape() throws(MonoflowError) -> ScalarSet {
        if let single = try singleEscape() { return ScalarSet(single) }
        return try classEscape()
    }

    private mutating func singleEscape() throws(MonoflowError) -> Unicode.Scalar? {
        guard let scalar = current else { throw error("trailing backslash at end of expression") }
        let simple: Unicode.Scalar? =
            switch scalar {
            case "n": "\n"
            case "t": "\t"
            case "r": "\r"
            case "f": "\u{c}"
            case "v": "\u{b}"
            case "a": "\u{7}"
            default: scalar.isASCII && !Self.isLetterOrDigit(scalar) ? scalar : nil
            }
        if let simple {
            at += 1
            return simple
        }
        guard scalar == "x" else { return nil }
        at += 1
        var digits = ""
        if current == "{" {
            guard let end = scalars[at...].firstIndex(of: "}") else { throw error("invalid escape sequence") }
            digits = String(String.UnicodeScalarView(scalars[at + 1..<end]))
            at = end + 1
        } else {
            let end = min(at + 2, scalars.count)
            digits = String(String.UnicodeScalarView(scalars[at..<end]))
            at = end
            if digits.utf8.count < 2 { throw error("invalid escape sequence") }
        }
        guard let value = UInt32(digits, radix: 16), let result = Unicode.Scalar(value) else { throw error("invalid escape sequence") }
        return result
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool { scalar != "_" && ScalarSet.word.contains(scalar) }

    private mutating func classEscape() throws(MonoflowError) -> ScalarSet {
        guard let scalar = current else { throw error("trailing backslash at end of expression") }
        at += 1
        switch scalar {
        case "d": return .digit
        case "w": return .word
        case "s": return .space
        case "D": return .digit.negated()
        case "W": return .word.negated()
        case "S": return .space.negated()
        case "p", "P": return try category(isNegated: scalar == "P")
        default: throw error("invalid escape sequence \\\(scalar)")
        }
    }

    /// `\pL`, `\p{Lu}`, `\p{^Lu}`. Scripts are not known.
    private mutating func category(isNegated: Bool) throws(MonoflowError) -> ScalarSet {
        guard let scalar = current else { throw error("invalid escape sequence") }
        var name = String(Character(scalar)), isNegated = isNegated
        at += 1
        if scalar == "{" {
            guard let end = scalars[at...].firstIndex(of: "}") else { throw error("invalid character class range") }
            name = String(String.UnicodeScalarView(scalars[at..<end]))
            at = end + 1
        }
        if name.hasPrefix("^") {
            name.removeFirst()
            isNegated.toggle()
        }
        guard Self.categories.contains(name) else { throw error("unknown general category \\p{\(name)}") }
        var set = ScalarSet()
        set.insert(category: name, isNegated: isNegated)
        return set
    }

    private static let categories: Set<String> = [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po",
        "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Cs", "Co", "Cn",
    ]
}

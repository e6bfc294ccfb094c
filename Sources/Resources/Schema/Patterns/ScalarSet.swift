/// The scalars that one place of a pattern takes: ranges and general categories, perhaps turned around, perhaps without regard to case.
struct ScalarSet: Sendable {
    private var ranges: [ClosedRange<UInt32>] = []
    /// Two-letter general categories, or their first letter for the whole group, and whether they are meant turned around.
    private var categories: [(name: String, isNegated: Bool)] = []
    private var isNegated = false
    private var ignoresCase = false
    /// The answers for ASCII, bit by bit, once `sealed`.
    private var ascii: (low: UInt64, high: UInt64)?

    init() {}
    init(_ ranges: [ClosedRange<UInt32>]) { self.ranges = ranges }
    init(_ scalar: Unicode.Scalar) { ranges = [scalar.value...scalar.value] }

    static let digit = ScalarSet([48...57]).sealed()
    static let word = ScalarSet([48...57, 65...90, 95...95, 97...122]).sealed()
    static let space = ScalarSet([9...10, 12...13, 32...32]).sealed()
    static let any = ScalarSet([0...0x10FFFF]).sealed()
    static let anyButNewline = ScalarSet([0...9, 11...0x10FFFF]).sealed()

    /// POSIX classes, by the name between `[:` and `:]`.
    static let posix: [String: [ClosedRange<UInt32>]] = [
        "alnum": [48...57, 65...90, 97...122], "alpha": [65...90, 97...122], "ascii": [0...127], "blank": [9...9, 32...32], "cntrl": [0...31, 127...127],
        "digit": [48...57], "graph": [33...126], "lower": [97...122], "print": [32...126], "punct": [33...47, 58...64, 91...96, 123...126],
        "space": [9...13, 32...32], "upper": [65...90], "word": [48...57, 65...90, 95...95, 97...122], "xdigit": [48...57, 65...70, 97...102],
    ]

    mutating func insert(_ range: ClosedRange<UInt32>) { ranges.append(range) }
    mutating func insert(_ set: ScalarSet) {
        ranges += set.isNegated ? Self.complement(of: set.ranges) : set.ranges
        categories += set.categories
    }
    mutating func insert(category: String, isNegated: Bool) { categories.append((category, isNegated)) }

    static func complement(of ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = [], next: UInt32 = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
            next = max(next, range.upperBound + 1)
        }
        if next <= 0x10FFFF { result.append(next...0x10FFFF) }
        return result
    }

    func negated() -> ScalarSet {
        var copy = self
        copy.isNegated.toggle()
        return copy.sealed()
    }

    func ignoringCase() -> ScalarSet {
        var copy = self
        copy.ignoresCase = true
        return copy.sealed()
    }

    /// With the answers for ASCII worked out.
    func sealed() -> ScalarSet {
        var copy = self, bits: (low: UInt64, high: UInt64) = (0, 0)
        for value in UInt32(0)..<128 where search(Unicode.Scalar(UInt8(value))) {
            if value < 64 { bits.low |= 1 << UInt64(value) } else { bits.high |= 1 << UInt64(value - 64) }
        }
        copy.ascii = bits
        return copy
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        guard let ascii, scalar.value < 128 else { return search(scalar) }
        return scalar.value < 64 ? ascii.low >> UInt64(scalar.value) & 1 == 1 : ascii.high >> UInt64(scalar.value - 64) & 1 == 1
    }

    private func search(_ scalar: Unicode.Scalar) -> Bool {
        var isIn = holds(scalar)
        if !isIn && ignoresCase {
            let lower = scalar.properties.lowercaseMapping.unicodeScalars, upper = scalar.properties.uppercaseMapping.unicodeScalars
            isIn = [lower, upper].contains { mapping in mapping.count == 1 && mapping.first.map(holds) == true }
        }
        return isIn != isNegated
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(scalar.value) }
            || categories.contains { scalar.properties.generalCategory.abbreviation.hasPrefix($0.name) != $0.isNegated }
    }
}

extension Unicode.GeneralCategory {
    /// Unicode's two-letter name.
    var abbreviation: String {
        switch self {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }
}

extension Names {
    /// What generated names end with: no vowels, so that no words come about, and nothing that looks like another character.
    private static let alphabet = Array("bcdfghjklmnpqrstvwxz2456789")
    private static let suffixLength = 5

    /// A name for an object that has `generateName` only: the base, cut where it has to be, and five random characters. Whoever stores it tries again
    /// where the name is taken.
    /// - Parameter limit: most bytes of the name, as the kind's `NameRule` has it.
    public static func generate(_ base: String, limit: Int = labelLimit, using generator: inout some RandomNumberGenerator) -> String {
        var cut = base.utf8.index(base.startIndex, offsetBy: max(0, limit - suffixLength), limitedBy: base.endIndex) ?? base.endIndex
        // A character of several bytes, which no valid name has, is not cut apart.
        while cut > base.startIndex, cut.samePosition(in: base.unicodeScalars) == nil { cut = base.utf8.index(before: cut) }
        var name = String(base[..<cut])
        for _ in 0..<suffixLength { name.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]) }
        return name
    }
}

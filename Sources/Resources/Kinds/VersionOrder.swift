/// The order in which Kubernetes prefers versions: those of the form `v2`, `v1beta1`, `v1alpha3` before all others, finished before beta before alpha,
/// higher numbers first; the others by name.
public enum VersionOrder {
    /// Whether clients prefer the first of the two.
    public static func precedes(_ a: String, _ b: String) -> Bool {
        switch (rank(a), rank(b)) {
        case (let a?, let b?): a != b && (a.stage, a.major, a.minor) > (b.stage, b.major, b.minor)
        case (_?, nil): true
        case (nil, _?): false
        case (nil, nil): a < b
        }
    }

    private struct Rank: Equatable {
        /// 2 finished, 1 beta, 0 alpha.
        var stage: Int, major: Int, minor: Int
    }

    /// Nil where the name is of another form.
    private static func rank(_ name: String) -> Rank? {
        guard name.hasPrefix("v") else { return nil }
        let rest = name.dropFirst()
        guard let (major, tail) = number(rest) else { return nil }
        if tail.isEmpty { return Rank(stage: 2, major: major, minor: 0) }
        for (word, stage) in [("beta", 1), ("alpha", 0)] where tail.hasPrefix(word) {
            guard let (minor, end) = number(tail.dropFirst(word.count)), end.isEmpty else { return nil }
            return Rank(stage: stage, major: major, minor: minor)
        }
        return nil
    }

    private static func number(_ text: Substring) -> (Int, Substring)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let value = Int(digits), value > 0, digits.first != "0" else { return nil }
        return (value, text[digits.endIndex...])
    }
}

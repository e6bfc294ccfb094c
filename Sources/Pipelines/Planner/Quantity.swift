/// Kubernetes quantities: `500m`, `2`, `1.5`, `512Mi`, `4G`, `1e3`.
enum Quantity {
    private static let suffixes: [(String, Double)] = [
        ("Ki", 1024), ("Mi", 1_048_576), ("Gi", 1_073_741_824), ("Ti", 1_099_511_627_776), ("Pi", 1_125_899_906_842_624), ("Ei", 1_152_921_504_606_846_976),
        ("n", 1e-9), ("u", 1e-6), ("m", 0.001), ("k", 1e3), ("K", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("E", 1e18),
    ]

    /// Nil where the text is none; never negative or infinite.
    static func parse(_ text: String) -> Double? {
        let (digits, factor) = suffixes.first { text.hasSuffix($0.0) }.map { (String(text.dropLast($0.0.count)), $0.1) } ?? (text, 1)
        guard let value = Double(digits), value >= 0, (value * factor).isFinite, value * factor < 9e18 else { return nil }
        return value * factor
    }
}

/// The header `grpc-timeout`: at most eight digits and a unit.
public enum GRPCTimeout {
    private static let units: [(letter: UInt8, nanoseconds: Int64)] = [
        (UInt8(ascii: "n"), 1), (UInt8(ascii: "u"), 1000), (UInt8(ascii: "m"), 1_000_000), (UInt8(ascii: "S"), 1_000_000_000),
        (UInt8(ascii: "M"), 60_000_000_000), (UInt8(ascii: "H"), 3_600_000_000_000),
    ]

    /// - Returns: nil where the text is no timeout. Zero is one: it has passed already.
    public static func parse(_ text: String) -> Duration? {
        let digits = text.utf8.dropLast()
        guard let letter = text.utf8.last, (1...8).contains(digits.count) else { return nil }
        guard let unit = units.first(where: { $0.letter == letter }) else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard byte >= 48, byte <= 57 else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        // 99,999,999 hours would overflow in nanoseconds; seconds hold every unit.
        if unit.nanoseconds >= 1_000_000_000 { return .seconds(value * (unit.nanoseconds / 1_000_000_000)) }
        return .nanoseconds(value * unit.nanoseconds)
    }

    /// The finest unit that eight digits can hold, rounded up, so that a server never gives up before its client does.
    /// Negative durations become zero, and the longest possible one is 99,999,999 hours.
    public static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        if duration <= .zero { return "0n" }
        // In nanoseconds where that fits.
        if seconds < 9_000_000_000 {
            let total = seconds * 1_000_000_000 + (attoseconds + 999_999_999) / 1_000_000_000
            for unit in units {
                let value = total / unit.nanoseconds + (total % unit.nanoseconds == 0 ? 0 : 1)
                if value <= 99_999_999 { return "\(value)\(Character(UnicodeScalar(unit.letter)))" }
            }
        }
        let hours = seconds / 3600 + 1
        return "\(min(hours, 99_999_999))H"
    }
}

import Core

/// An amount as resources are counted in Kubernetes: `100m` (a tenth), `1.5Gi`, `2k`, `1e3`, `0.5`. Exact to a billionth of a unit; what is finer is
/// rounded away from zero when it is read, as Kubernetes does.
public struct Quantity: Sendable {
    /// How an amount is written; it does not count in comparisons.
    public enum Format: Sendable {
        /// `n`, `u`, `m`, none, `k`, `M`, `G`, `T`, `P`, `E`: powers of 1000.
        case decimalSI
        /// `Ki`, `Mi`, `Gi`, `Ti`, `Pi`, `Ei`: powers of 1024. Fractions and amounts below 1024 are written as `decimalSI`.
        case binarySI
        /// `e3`, `e-6`: powers of ten.
        case decimalExponent
    }

    /// The largest amount that is read, in units: far above what any suffix makes of a sensible number, and so small that sums do not overflow.
    static let maximumNanos: Int128 = 1_000_000_000_000_000_000_000_000_000_000

    /// The amount in billionths of a unit.
    public let nanos: Int128
    public let format: Format

    public init(nanos: Int128, format: Format = .decimalSI) {
        self.nanos = nanos
        self.format = format
    }

    public init(units: Int64, format: Format = .decimalSI) { self.init(nanos: Int128(units) * 1_000_000_000, format: format) }

    public init(milliUnits: Int64, format: Format = .decimalSI) { self.init(nanos: Int128(milliUnits) * 1_000_000, format: format) }

    public static let zero = Quantity(nanos: 0)

    /// Whole units, rounded up, within the range of the type.
    public var units: Int64 { rounded(1_000_000_000) }

    /// Thousandths of a unit, rounded up, within the range of the type.
    public var milliUnits: Int64 { rounded(1_000_000) }

    private func rounded(_ divisor: Int128) -> Int64 {
        let (quotient, remainder) = nanos.quotientAndRemainder(dividingBy: divisor)
        return Int64(clamping: quotient + (remainder > 0 ? 1 : 0))
    }

    public var isNegative: Bool { nanos < 0 }
}

extension Quantity: Hashable, Comparable {
    public static func == (a: Quantity, b: Quantity) -> Bool { a.nanos == b.nanos }
    public static func < (a: Quantity, b: Quantity) -> Bool { a.nanos < b.nanos }
    public func hash(into hasher: inout Hasher) { hasher.combine(nanos) }
}

extension Quantity: AdditiveArithmetic {
    /// The sum, written as the first is, or as the second where the first is zero. Stays at the end of its range instead of overflowing, which
    /// only sums of more than a hundred million of the largest amounts reach.
    public static func + (a: Quantity, b: Quantity) -> Quantity {
        let (sum, overflows) = a.nanos.addingReportingOverflow(b.nanos)
        return Quantity(nanos: overflows ? (a.nanos < 0 ? .min : .max) : sum, format: a.nanos == 0 ? b.format : a.format)
    }

    public static func - (a: Quantity, b: Quantity) -> Quantity {
        let (difference, overflows) = a.nanos.subtractingReportingOverflow(b.nanos)
        return Quantity(nanos: overflows ? (a.nanos < 0 ? .min : .max) : difference, format: a.nanos == 0 ? b.format : a.format)
    }
}

extension Quantity: CustomStringConvertible {
    /// The canonical text: a whole number with the largest suffix of the format that leaves it whole.
    public var description: String {
        let unit: Int128 = 1_000_000_000
        if nanos == 0 { return "0" }
        if format == .binarySI, nanos.magnitude >= 1024 * unit.magnitude, nanos % unit == 0 {
            let (value, power) = Self.reduced(nanos / unit, by: 1024, from: 0, to: 6)
            return "\(value)" + ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power]
        }
        if format == .decimalExponent {
            let (value, power) = Self.reduced(nanos, by: 1000, from: -3, to: 12)
            return power == 0 ? "\(value)" : "\(value)e\(power * 3)"
        }
        let (value, power) = Self.reduced(nanos, by: 1000, from: -3, to: 6)
        return "\(value)" + ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"][power + 3]
    }

    private static func reduced(_ value: Int128, by base: Int128, from power: Int, to maximum: Int) -> (Int128, Int) {
        var (value, power) = (value, power)
        while power < maximum, value % base == 0 {
            value /= base
            power += 1
        }
        return (value, power)
    }
}

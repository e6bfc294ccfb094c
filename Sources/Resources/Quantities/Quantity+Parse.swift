import Core

extension Quantity {
    /// Longest text of a quantity, in bytes.
    public static let maximumLength = 64

    /// Reads `[+-]digits[.digits]suffix`, the suffix none, `n`, `u`, `m`, `k`, `M`, `G`, `T`, `P`, `E`, `Ki`, `Mi`, `Gi`, `Ti`, `Pi`, `Ei`, or an exponent as
    /// in `1e3` and `1E-3`.
    /// - Throws: `invalidArgument` for another text and for amounts above 10²¹ units.
    public init(_ text: String) throws(MonoflowError) {
        var reader = QuantityReader(text)
        self = try reader.quantity()
    }

    /// Reads a field that is a text or a number.
    /// - Throws: `invalidArgument` for other values and other texts.
    public init(_ value: JSON) throws(MonoflowError) {
        switch value {
        case .string(let text): try self.init(text)
        case .int(let number): self.init(units: number)
        case .double(let number) where number.isFinite: try self.init("\(number)")
        default: throw MonoflowError(.invalidArgument, "read quantity", "", "a quantity is a text or a number, not \(value.kindName)")
        }
    }
}

/// Reads the text of a quantity: digits as one whole number and a power of ten, then the suffix as a factor.
private struct QuantityReader {
    /// As many digits always fit into the number. Digits after them are finer than a billionth, or the amount is too large anyway.
    private static let maximumDigits = 36

    private let text: String
    private let bytes: [UInt8]
    private var at = 0
    private var digits: UInt128 = 0
    /// Power of ten of `digits`.
    private var power = 0
    /// Something above zero was cut off.
    private var hasRest = false

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8.prefix(Quantity.maximumLength + 1))
    }

    private func error(_ message: String) -> MonoflowError {
        MonoflowError(.invalidArgument, "read quantity", "\"\(bytes.count > Quantity.maximumLength ? text.prefix(16) + "…" : text)\"", message)
    }

    mutating func quantity() throws(MonoflowError) -> Quantity {
        guard bytes.count <= Quantity.maximumLength else { throw error("a quantity has at most \(Quantity.maximumLength) bytes") }
        let sign = bytes.first
        if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { at = 1 }
        try number()
        let (format, binaryPower) = try suffix()
        guard let magnitude = nanos(binaryPower), magnitude <= Quantity.maximumNanos.magnitude else { throw error("the amount is too large") }
        return Quantity(nanos: sign == UInt8(ascii: "-") ? -Int128(magnitude) : Int128(magnitude), format: format)
    }

    private mutating func number() throws(MonoflowError) {
        var inFraction = false
        var count = 0
        var significant = 0
        scan: while at < bytes.count {
            switch bytes[at] {
            case 48...57:
                let digit = bytes[at] - 48
                count += 1
                if significant < Self.maximumDigits {
                    digits = digits * 10 + UInt128(digit)
                    if digits > 0 { significant += 1 }
                    if inFraction { power -= 1 }
                } else {
                    hasRest = hasRest || digit > 0
                    if !inFraction { power += 1 }
                }
            case UInt8(ascii: ".") where !inFraction: inFraction = true
            default: break scan
            }
            at += 1
        }
        if count == 0 { throw error("a quantity begins with a number, such as 100m, 1.5Gi or 2k") }
    }

    /// The format, and the power of two that the number is multiplied by.
    private mutating func suffix() throws(MonoflowError) -> (Quantity.Format, Int) {
        let suffix = bytes[at...]
        let decimal: [UInt8: Int] = [
            UInt8(ascii: "n"): -9, UInt8(ascii: "u"): -6, UInt8(ascii: "m"): -3, UInt8(ascii: "k"): 3, UInt8(ascii: "M"): 6, UInt8(ascii: "G"): 9,
            UInt8(ascii: "T"): 12, UInt8(ascii: "P"): 15, UInt8(ascii: "E"): 18,
        ]
        guard let first = suffix.first else { return (.decimalSI, 0) }
        if suffix.count == 1, let exponent = decimal[first] {
            power += exponent
            return (.decimalSI, 0)
        }
        if suffix.count == 2, suffix.last == UInt8(ascii: "i"), let place = Array("KMGTPE".utf8).firstIndex(of: first) { return (.binarySI, 10 * (place + 1)) }
        if first == UInt8(ascii: "e") || first == UInt8(ascii: "E") {
            let exponent = suffix.dropFirst()
            let digits = exponent.drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
            if exponent.count - digits.count <= 1, !digits.isEmpty, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) {
                let value = digits.reduce(0) { min(9999, $0 * 10 + Int($1 - 48)) }
                power += exponent.first == UInt8(ascii: "-") ? -value : value
                return (.decimalExponent, 0)
            }
        }
        throw error("\"\(String(decoding: suffix, as: UTF8.self))\" is no suffix; there are n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei and exponents such as e3")
    }

    /// The amount in billionths, rounded up; nil where it is far too large.
    private mutating func nanos(_ binaryPower: Int) -> UInt128? {
        if digits == 0 { return 0 }
        power += 9
        // 10³⁸ is the largest power of ten that the type holds.
        while power < -38, digits > 0 {
            hasRest = hasRest || digits % 10 > 0
            digits /= 10
            power += 1
        }
        var value: UInt128
        if power >= 0 {
            guard power <= 38 else { return nil }
            let (product, overflows) = digits.multipliedReportingOverflow(by: Self.powerOfTen(power))
            let (scaled, overflowsToo) = product.multipliedReportingOverflow(by: 1 << UInt128(binaryPower))
            if overflows || overflowsToo { return nil }
            value = scaled
        } else if digits == 0 {
            value = 0
        } else {
            let divisor = Self.powerOfTen(-power)
            let product = digits.multipliedFullWidth(by: 1 << UInt128(binaryPower))
            guard product.high < divisor else { return nil }
            let (quotient, remainder) = divisor.dividingFullWidth(product)
            hasRest = hasRest || remainder > 0
            value = quotient
        }
        if hasRest {
            guard value < .max else { return nil }
            value += 1
        }
        return value
    }

    private static func powerOfTen(_ power: Int) -> UInt128 { (0..<power).reduce(1) { value, _ in value * 10 } }
}

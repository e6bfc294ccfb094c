import Core
import Testing

@testable import Resources

@Suite struct QuantityTests {
    /// Text, billionths, canonical text.
    @Test(arguments: [
        ("0", "0", "0"), ("-0", "0", "0"), ("0Ki", "0", "0"), ("1", "1000000000", "1"), ("+1", "1000000000", "1"), ("100m", "100000000", "100m"), ("0.1", "100000000", "100m"), (".5", "500000000", "500m"), ("5.", "5000000000", "5"),
        ("1000", "1000000000000", "1k"), ("2k", "2000000000000", "2k"), ("1500", "1500000000000", "1500"), ("1.5k", "1500000000000", "1500"), ("1000m", "1000000000", "1"), ("1n", "1", "1n"), ("1500n", "1500", "1500n"),
        ("1u", "1000", "1u"), ("1M", "1000000000000000", "1M"), ("1G", "1000000000000000000", "1G"), ("3T", "3000000000000000000000", "3T"), ("1P", "1000000000000000000000000", "1P"), ("10E", "10000000000000000000000000000", "10E"),
        ("1Ki", "1024000000000", "1Ki"), ("1.5Gi", "1610612736000000000", "1536Mi"), ("1024Mi", "1073741824000000000", "1Gi"), ("0.5Ki", "512000000000", "512"), ("1.5Ki", "1536000000000", "1536"), ("1025.5Ki", "1050112000000000", "1050112"),
        ("1Ei", "1152921504606846976000000000", "1Ei"), ("0.0005Ki", "512000000", "512m"), ("1100.0001Ki", "1126400102400000", "1126400102400u"),
        ("1e3", "1000000000000", "1e3"), ("1E3", "1000000000000", "1e3"), ("12e6", "12000000000000000", "12e6"), ("1e-3", "1000000", "1e-3"), ("1e1", "10000000000", "10"), ("1.5e4", "15000000000000", "15e3"), ("1e+2", "100000000000", "100"),
        ("1e-07", "100", "100e-9"), ("-1.5Gi", "-1610612736000000000", "-1536Mi"), ("-100m", "-100000000", "-100m"),
        // Finer than a billionth: away from zero.
        ("0.1n", "1", "1n"), ("1.0000000001", "1000000001", "1000000001n"), ("-0.1n", "-1", "-1n"), ("1e-40", "1", "1e-9"), ("1e-9999999999", "1", "1e-9"), ("0e9999", "0", "0"),
        ("0.0000000000000000000000000000000000000000000000000000000001Ei", "1", "1n"), ("1.00000000000000000000000000000000000000000001Ki", "1024000000001", "1024000000001n"),
        ("000000000000000000000000000000000000000000000000000000000001", "1000000000", "1"), ("1.000000000000000000000000000000000000000000000000000000000000", "1000000000", "1"),
        ("1e21", "1000000000000000000000000000000", "1e21"),
    ])
    func table(_ text: String, _ nanos: String, _ canonical: String) throws {
        let quantity = try Quantity(text)
        #expect(quantity.nanos == Int128(nanos) && quantity.description == canonical, "\(quantity.nanos) \(quantity)")
        #expect(try Quantity(canonical) == quantity && Quantity(canonical).description == canonical)
    }

    @Test(arguments: [
        "", "-", "+", ".", "m", "Ki", "1 ", " 1", "1K", "1ki", "1KI", "1kb", "1mi", "1e", "1E+", "1e1.5", "1.2.3", "--1", "1-", "0x10", "1,5", "١", "1e--3", "1Kii", "1ee3", "1E3m", "NaN", "Infinity",
        "1001E", "1e22", "1e9999", "99999999999999999999999999999999999999999999", "1000000000000Gi", "1" + String(repeating: "0", count: 64),
    ])
    func refused(_ text: String) throws {
        let error = try #require(throws: MonoflowError.self) { try Quantity(text) }
        #expect(error.code == .invalidArgument)
    }

    @Test func values() throws {
        #expect(try Quantity(JSON.int(2)) == Quantity("2") && Quantity(JSON.double(0.5)) == Quantity("500m") && Quantity(JSON.string("1k")) == Quantity("1000"))
        #expect(try Quantity(JSON.double(1e-7)) == Quantity("100n"))
        for value: JSON in [nil, true, [], [:], .double(.infinity)] { #expect(throws: MonoflowError.self) { try Quantity(value) } }
    }

    @Test func conversions() throws {
        for (text, units, milli) in [("1", 1, 1000), ("100m", 1, 100), ("1500m", 2, 1500), ("-1500m", -1, -1500), ("1n", 1, 1), ("0", 0, 0), ("1Ki", 1024, 1_024_000)] as [(String, Int64, Int64)] {
            let quantity = try Quantity(text)
            #expect(quantity.units == units && quantity.milliUnits == milli, "\(text)")
        }
        #expect(try Quantity("100E").units == .max && Quantity("-100E").milliUnits == .min)
        #expect(Quantity(units: .max).units == .max && Quantity(milliUnits: -250).description == "-250m")
    }

    @Test func sums() throws {
        func sum(_ a: String, _ b: String) throws -> String { try (Quantity(a) + Quantity(b)).description }
        #expect(try sum("100m", "900m") == "1" && sum("1Gi", "512Mi") == "1536Mi" && sum("0", "1Gi") == "1Gi" && sum("1", "1Ki") == "1025" && sum("1Ki", "1k") == "2024")
        #expect(try (Quantity("1Gi") - Quantity("2Gi")).description == "-1Gi" && (Quantity("1") - Quantity("1")).description == "0")
        #expect((Quantity(nanos: .max) + Quantity(nanos: 1)).nanos == .max && (Quantity(nanos: .min) - Quantity(nanos: 1)).nanos == .min)
        #expect(try ["1Ki", "1k", "1024"].map(Quantity.init).reduce(.zero, +) == Quantity("3048"))
        #expect(try Quantity("1Ki").hashValue == Quantity("1024").hashValue)
    }

    /// The order of texts is the order of the numbers that they stand for, and sums are exact.
    @Test func orderAndSumsOfRandomTexts() throws {
        var random = SeededRandom(23)
        let suffixes: [(String, Int128, Int128)] = [
            ("n", 1, 1), ("u", 1000, 1), ("m", 1_000_000, 1), ("", 1_000_000_000, 1), ("k", 1_000_000_000_000, 1), ("M", 1_000_000_000_000_000, 1), ("Ki", 1_000_000_000, 1 << 10), ("Mi", 1_000_000_000, 1 << 20),
            ("Gi", 1_000_000_000, 1 << 30), ("e3", 1_000_000_000_000, 1), ("e-3", 1_000_000, 1),
        ]
        func draw() -> (String, Int128) {
            let (suffix, scale, factor) = suffixes[Int.random(in: 0..<suffixes.count, using: &random)]
            // A fraction only where it is still a whole number of billionths.
            let places = scale >= 1000 ? Int.random(in: 0...3, using: &random) : 0
            let whole = Int.random(in: 0..<5000, using: &random), fraction = Int.random(in: 0..<1000, using: &random)
            let digits = String(String(fraction + 1000).dropFirst().prefix(places))
            let power = (0..<places).reduce(Int128(1)) { value, _ in value * 10 }
            let isNegative = Int.random(in: 0..<4, using: &random) == 0
            let value = (Int128(whole) * power + Int128(Int(digits) ?? 0)) * scale / power * factor
            return ((isNegative ? "-" : "") + "\(whole)" + (places > 0 ? "." + digits : "") + suffix, isNegative ? -value : value)
        }
        for _ in 0..<3000 {
            let (a, x) = draw(), (b, y) = draw()
            let (p, q) = (try Quantity(a), try Quantity(b))
            #expect(p.nanos == x, "\(a)")
            #expect((p < q) == (x < y) && (p == q) == (x == y), "\(a) and \(b)")
            #expect((p + q).nanos == x + y && p + q - q == p, "\(a) and \(b)")
            #expect(try Quantity(p.description) == p, "\(a)")
        }
    }
}

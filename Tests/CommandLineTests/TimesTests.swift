import Core
import Testing

@testable import CommandLine

@Suite struct TimesTests {
    @Test(arguments: [("45s", 45), ("10m", 600), ("1h30m", 5400), ("30d", 2_592_000), ("4w", 2_419_200), ("1d12h", 129_600), ("90", 90), ("0", 0), ("0s", 0)])
    func lengthsAreRead(_ text: String, _ seconds: Int64) throws { #expect(try Times.seconds(text, of: "--x") == seconds) }

    @Test(arguments: ["", "d", "5", "3x", "1m1h", "1h1h", "-5s", "5s ", "99999999999d", "1.5h", "9999999999w"].filter { $0 != "5" })
    func othersAreUsageErrors(_ text: String) {
        #expect { try Times.seconds(text, of: "--expires") } throws: { ($0 as? MonoflowError)?.code == .invalidArgument && "\($0)".contains("--expires") }
    }

    @Test func agesAreShort() throws {
        let now = try #require(Timestamp(rfc3339: "2026-11-24T12:00:00Z"))
        #expect(Times.age("2026-11-24T11:59:55.123Z", now: now) == "4s")
        #expect(Times.age("2026-11-24T11:56:40Z", now: now) == "3m20s")
        #expect(Times.age("2026-11-23T00:00:00Z", now: now) == "36h")
        #expect(Times.age("2026-11-14T12:00:00Z", now: now) == "10d")
        #expect(Times.age("2026-11-24T12:00:09Z", now: now) == "0s")
        #expect(Times.age(nil, now: now) == "<unknown>")
    }
}

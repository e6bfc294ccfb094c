import Core
@testable import Resources
import Testing

@Suite struct HumanDurationTests {
    @Test(arguments: [
        (-3_000, "<invalid>"), (-2_000, "<invalid>"), (-1_999, "0s"), (-1, "0s"), (0, "0s"), (999, "0s"), (1_000, "1s"), (119_999, "119s"), (120_000, "2m"),
        (200_000, "3m20s"), (599_000, "9m59s"), (600_000, "10m"), (10_799_000, "179m"), (10_800_000, "3h"), (13_500_000, "3h45m"), (28_799_000, "7h59m"),
        (28_800_000, "8h"), (172_799_000, "47h"), (172_800_000, "2d"), (180_000_000, "2d2h"), (691_199_000, "7d23h"), (691_200_000, "8d"),
        (63_071_999_000, "729d"), (63_072_000_000, "2y"), (96_336_000_000, "3y20d"), (252_288_000_000, "8y"), (400_000_000_000, "12y"),
    ] as [(Int64, String)])
    func table(milliseconds: Int64, text: String) { #expect(HumanDuration.text(milliseconds: milliseconds) == text) }

    @Test(arguments: [
        "1970-01-01T00:00:00Z", "2026-11-24T09:00:00Z", "2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z", "2000-12-31T12:00:00.5Z", "1999-01-01T01:02:03.123Z",
        "2026-11-24T09:00:00+05:30", "2026-01-01T00:00:00-08:00", "1900-02-28T00:00:00Z", "2100-03-01T00:00:00Z", "1969-12-31T23:59:59Z",
    ])
    func timesAreReadAsTheFormatterReadsThem(text: String) { #expect(TimeText.milliseconds(text) == Timestamp(rfc3339: text)?.milliseconds) }

    @Test func microsecondsAreCutOff() { #expect(TimeText.milliseconds("1970-01-01T00:00:01.234567Z") == 1234) }

    @Test(arguments: [
        "", "2026", "2026-11-24", "2026-11-24T09:00:00", "2026-13-24T09:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T09:00:00.Z", "2026-11-24 09:00:00Z",
        "2026-11-24T09:00:00Zx", "2026-11-24T09:00:00+5:30", "x026-11-24T09:00:00Z", "2026-00-24T09:00:00Z",
    ])
    func whatIsNoTime(text: String) { #expect(TimeText.milliseconds(text) == nil) }

    @Test func firstYears() throws {
        let epoch = try #require(TimeText.milliseconds("0001-01-01T00:00:00Z")), zero = try #require(TimeText.milliseconds("0000-01-01T00:00:00Z"))
        #expect(epoch == -62_135_596_800_000 && epoch - zero == 366 * 86_400_000)
        #expect(TimeText.milliseconds("9999-12-31T23:59:59Z") == 253_402_300_799_000)
    }
}

import Core
import Foundation
import Testing

@testable import Training

@Suite struct CronScheduleTests {
    static let next: [(schedule: String, zone: String, after: String, expected: String)] = [
        ("* * * * *", "UTC", "2026-03-01T12:00:00Z", "2026-03-01T12:01:00Z"),
        ("* * * * *", "UTC", "2026-03-01T12:00:59Z", "2026-03-01T12:01:00Z"),
        ("*/15 * * * *", "UTC", "2026-03-01T12:46:00Z", "2026-03-01T13:00:00Z"),
        ("5/20 * * * *", "UTC", "2026-03-01T12:46:00Z", "2026-03-01T13:05:00Z"),
        ("0 0 * * *", "UTC", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("30 4 1,15 * *", "UTC", "2026-03-01T04:30:00Z", "2026-03-15T04:30:00Z"),
        ("0 9 * * MON-FRI", "UTC", "2026-02-27T10:00:00Z", "2026-03-02T09:00:00Z"),
        ("0 9 * * 0", "UTC", "2026-02-27T10:00:00Z", "2026-03-01T09:00:00Z"),
        ("0 9 * * 7", "UTC", "2026-02-27T10:00:00Z", "2026-03-01T09:00:00Z"),
        // Both days given: either will do.
        ("0 0 13 * FRI", "UTC", "2026-03-01T00:00:00Z", "2026-03-06T00:00:00Z"),
        ("0 0 13 * *", "UTC", "2026-03-01T00:00:00Z", "2026-03-13T00:00:00Z"),
        ("0 0 29 2 *", "UTC", "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 29 FEB ?", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"),
        ("0 0 31 jan-apr *", "UTC", "2026-02-01T00:00:00Z", "2026-03-31T00:00:00Z"),
        ("@hourly", "UTC", "2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z"),
        ("@daily", "UTC", "2026-03-01T12:00:00Z", "2026-03-02T00:00:00Z"),
        ("@weekly", "UTC", "2026-03-02T12:00:00Z", "2026-03-08T00:00:00Z"),
        ("@monthly", "UTC", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ("@yearly", "UTC", "2026-03-01T12:00:00Z", "2027-01-01T00:00:00Z"),
        ("@every 1h30m", "UTC", "2026-03-01T12:00:10Z", "2026-03-01T13:30:10Z"),
        ("0 12 * * *", "Europe/Berlin", "2026-01-10T00:00:00Z", "2026-01-10T11:00:00Z"),
        ("0 12 * * *", "Europe/Berlin", "2026-07-10T00:00:00Z", "2026-07-10T10:00:00Z"),
        ("45 5 * * *", "Asia/Kathmandu", "2026-07-10T00:00:00Z", "2026-07-11T00:00:00Z"),
        // 02:30 does not come on 29 March 2026 in Berlin.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z"),
        ("0 0 * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("0 0 * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        // 02:30 comes twice on 25 October 2026.
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"),
        // A change of half an hour: 02:00 on 4 October 2026 becomes 02:30.
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-04T15:15:00Z"),
        ("45 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:45:00Z"),
        // Midnight itself is leapt over on 6 September 2026 in Santiago.
        ("0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", "2026-09-07T03:00:00Z"),
    ]

    @Test(arguments: next) func nextTime(_ row: (schedule: String, zone: String, after: String, expected: String)) throws {
        let zone = try #require(TimeZone(identifier: row.zone)), after = try #require(Timestamp(rfc3339: row.after))
        let found = try CronSchedule(row.schedule).next(after: after, in: zone)
        #expect(found?.rfc3339() == row.expected, "\(row.schedule) in \(row.zone) after \(row.after)")
    }

    @Test func aDayThatNeverComes() throws {
        let zone = try #require(TimeZone(identifier: "UTC"))
        #expect(try CronSchedule("0 0 30 2 *").next(after: Timestamp(milliseconds: 0), in: zone) == nil)
    }

    @Test(arguments: [
        ("* * * *", "5 fields"), ("60 * * * *", "60 is not in 0-59"), ("* 24 * * *", "24 is not in 0-23"), ("* * 0 * *", "0 is not in 1-31"),
        ("* * * 13 *", "13 is not in 1-12"), ("* * * * 8", "8 is not in 0-7"), ("5-1 * * * *", "5 comes after 1"), ("*/0 * * * *", "step"), ("1,,2 * * * *", "empty"),
        ("a * * * *", "\"a\" is no number"), ("* * * foo *", "no number"), ("@often", "none of"), ("CRON_TZ=UTC * * * * *", "timeZone"), ("@every x", "duration"),
        ("-1 * * * *", "no number"), ("", "5 fields"),
    ]) func errors(_ text: String, _ message: String) {
        do {
            _ = try CronSchedule(text)
            Issue.record("\(text) was read")
        } catch { #expect(error.message.contains(message), "\(text): \(error)") }
    }

    @Test(arguments: [
        ("0 * * * *", "2026-03-01T10:30:00Z", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z", 2),
        ("0 * * * *", "2026-03-01T11:00:00Z", "2026-03-01T11:59:00Z", nil, 0),
        ("* * * * *", "2025-03-01T11:00:00Z", "2026-03-01T11:59:30Z", "2026-03-01T11:59:00Z", 101),
        ("0 0 1 1 *", "2020-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-01-01T00:00:00Z", 6),
        ("@every 10m", "2026-03-01T10:00:00Z", "2026-03-01T10:35:00Z", "2026-03-01T10:30:00Z", 3),
    ] as [(String, String, String, String?, Int)]) func missedTimes(_ text: String, _ from: String, _ to: String, _ last: String?, _ count: Int) throws {
        let zone = try #require(TimeZone(identifier: "UTC")), schedule = try CronSchedule(text)
        let start = try #require(Timestamp(rfc3339: from)), end = try #require(Timestamp(rfc3339: to))
        #expect(schedule.last(after: start, through: end, in: zone)?.rfc3339() == last)
        #expect(schedule.count(after: start, through: end, in: zone, limit: 101) == count)
    }
}

import Core
import Foundation

/// A schedule of five fields, as cron and Kubernetes have it: minute, hour, day of the month, month, day of the week. A minute is one of the schedule where
/// the wall clock of the time zone shows it: one that the clock leaps over does not come, one that it shows twice comes twice.
struct CronSchedule: Sendable, Equatable {
    /// Bits of the values that match.
    private(set) var minutes: UInt64 = 0
    private(set) var hours: UInt64 = 0
    private(set) var days: UInt64 = 0
    private(set) var months: UInt64 = 0
    private(set) var weekdays: UInt64 = 0
    /// `*`: where both days are given, either will do; else both must match.
    private(set) var anyDay = false
    private(set) var anyWeekday = false
    /// Of `@every`: seconds between two; the fields say nothing then.
    private(set) var interval: Int64?

    private static let names = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
        "@hourly": "0 * * * *",
    ]
    private static let monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    /// - Throws: `invalidArgument` that says which part is wrong.
    init(_ text: String) throws(MonoflowError) {
        if text.hasPrefix("@every ") {
            interval = try Self.seconds(text.dropFirst("@every ".count))
            return
        }
        let fields = (Self.names[text] ?? text).split(whereSeparator: \.isWhitespace)
        if text.hasPrefix("@"), Self.names[text] == nil { throw Self.wrong(text, "is none of \(Self.names.keys.sorted().joined(separator: ", "))") }
        if text.contains("TZ=") { throw Self.wrong(text, "the time zone stands in timeZone") }
        guard fields.count == 5 else { throw Self.wrong(text, "expected 5 fields, found \(fields.count)") }
        minutes = try Self.bits(fields[0], 0...59)
        hours = try Self.bits(fields[1], 0...23)
        days = try Self.bits(fields[2], 1...31)
        months = try Self.bits(fields[3], 1...12, names: Self.monthNames, first: 1)
        weekdays = try Self.bits(fields[4], 0...7, names: Self.weekdayNames, first: 0)
        if weekdays & 1 << 7 != 0 { weekdays = weekdays & ~(1 << 7) | 1 }
        anyDay = ["*", "?"].contains(fields[2])
        anyWeekday = ["*", "?"].contains(fields[4])
    }

    private static func wrong(_ text: some StringProtocol, _ what: String) -> MonoflowError {
        MonoflowError(.invalidArgument, "read schedule", "\"\(text)\"", what)
    }

    private static func bits(_ field: Substring, _ range: ClosedRange<Int>, names: [String] = [], first: Int = 0) throws(MonoflowError) -> UInt64 {
        func number(_ text: Substring) throws(MonoflowError) -> Int {
            if let place = names.firstIndex(of: text.lowercased()) { return place + first }
            guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(text) else { throw wrong(field, "\"\(text)\" is no number") }
            guard range.contains(value) else { throw wrong(field, "\(value) is not in \(range.lowerBound)-\(range.upperBound)") }
            return value
        }
        var bits: UInt64 = 0
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let head = halves.first, !head.isEmpty else { throw wrong(field, "a part of the list is empty") }
            var low = range.lowerBound, high = range.upperBound == 7 ? 6 : range.upperBound
            if head != "*", head != "?" {
                let ends = head.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
                low = try number(ends[0])
                // A step from a number on goes to the end.
                high = ends.count == 2 ? try number(ends[1]) : halves.count == 2 ? high : low
            }
            guard low <= high else { throw wrong(field, "\(low) comes after \(high)") }
            let step = halves.count == 2 ? Int(halves[1]) ?? 0 : 1
            guard step > 0 else { throw wrong(field, "a step must be a number above 0") }
            for value in stride(from: low, through: high, by: step) { bits |= 1 << UInt64(value) }
        }
        return bits
    }

    /// `1h30m`, `90s`.
    private static func seconds(_ text: Substring) throws(MonoflowError) -> Int64 {
        var total: Int64 = 0, rest = text
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let value = Int64(digits), digits.count <= 9, let unit = rest.dropFirst(digits.count).first,
                let factor = ["s": 1, "m": 60, "h": 3600][unit] as Int64?
            else {
                throw wrong(text, "is no duration such as 1h30m")
            }
            total += value * factor
            rest = rest.dropFirst(digits.count + 1)
        }
        guard total > 0 else { throw wrong(text, "is no duration such as 1h30m") }
        return total
    }
}

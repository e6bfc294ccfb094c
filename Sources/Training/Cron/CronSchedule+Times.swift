import Core
import Foundation

extension CronSchedule {
    /// Days between two Februaries with a 29th at most, and some more.
    private static let horizon: Int64 = 9 * 366 * 86_400

    /// The first time after the given one; nil where none comes within nine years.
    func next(after time: Timestamp, in zone: TimeZone) -> Timestamp? {
        let from = Self.seconds(time)
        if let interval { return Timestamp(milliseconds: (from + interval) * 1000) }
        var at = (from / 60 + 1) * 60
        while at - from < Self.horizon {
            let local = at + Int64(zone.secondsFromGMT(for: Foundation.Date(timeIntervalSince1970: Double(at))))
            let second = Self.remainder(local, 86_400)
            if !matchesDay((local - second) / 86_400) {
                // Nearly to the next midnight: the clock may be changed on the way.
                let left = 86_400 - second
                at += left > 3 * 3600 ? left - 2 * 3600 : 3600 - Self.remainder(local, 3600)
            } else if hours & 1 << UInt64(second / 3600) == 0 {
                at += 3600 - Self.remainder(local, 3600)
            } else if minutes & 1 << UInt64(second % 3600 / 60) == 0 {
                at += 60
            } else {
                return Timestamp(milliseconds: at * 1000)
            }
        }
        return nil
    }

    /// The last time that is after `start` and not after `end`; nil where there is none.
    func last(after start: Timestamp, through end: Timestamp, in zone: TimeZone) -> Timestamp? {
        if let interval {
            let count = (Self.seconds(end) - Self.seconds(start)) / interval
            return count > 0 ? Timestamp(milliseconds: (Self.seconds(start) + count * interval) * 1000) : nil
        }
        // Looked for backwards in longer and longer pieces, so that many missed ones cost no more than few.
        let lengths: [Int64] = [3600, 86_400, 32 * 86_400, 366 * 86_400, .max / 2000]
        for length in lengths {
            let from = max(start.milliseconds, end.milliseconds - min(length * 1000, end.milliseconds - start.milliseconds))
            var found: Timestamp?, at = Timestamp(milliseconds: from)
            while let time = next(after: at, in: zone), time <= end {
                found = time
                at = time
            }
            if found != nil || from <= start.milliseconds { return found }
        }
        return nil
    }

    /// How many times come after `start` and not after `end`, counted up to a limit.
    func count(after start: Timestamp, through end: Timestamp, in zone: TimeZone, limit: Int) -> Int {
        var count = 0, at = start
        while count < limit, let time = next(after: at, in: zone), time <= end {
            count += 1
            at = time
        }
        return count
    }

    private static func seconds(_ time: Timestamp) -> Int64 { time.milliseconds / 1000 - (time.milliseconds % 1000 < 0 ? 1 : 0) }

    private static func remainder(_ value: Int64, _ divisor: Int64) -> Int64 { ((value % divisor) + divisor) % divisor }

    /// - Parameter day: days since 1970-01-01, a Thursday.
    private func matchesDay(_ day: Int64) -> Bool {
        let (month, dayOfMonth) = Self.civil(day)
        guard months & 1 << UInt64(month) != 0 else { return false }
        let isDay = days & 1 << UInt64(dayOfMonth) != 0, isWeekday = weekdays & 1 << UInt64(Self.remainder(day + 4, 7)) != 0
        return anyDay || anyWeekday ? isDay && isWeekday : isDay || isWeekday
    }

    /// Month and day of the Gregorian calendar. Years begin in March, so that the leap day is a year's last, and eras of 400 years are all alike.
    private static func civil(_ day: Int64) -> (month: Int64, day: Int64) {
        let ofEra = remainder(day + 719_468, 146_097)
        let year = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        return (month < 10 ? month + 3 : month - 9, ofYear - (153 * month + 2) / 5 + 1)
    }
}

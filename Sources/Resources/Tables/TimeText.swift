import Core

/// Reads the times of objects (RFC 3339) without a formatter: a table has several in each row.
enum TimeText {
    /// Milliseconds since 1970; nil where the text is no time.
    static func milliseconds(_ text: String) -> Int64? {
        var bytes = text.utf8[...]
        guard let year = number(&bytes, 4), take(&bytes, "-"), let month = number(&bytes, 2), take(&bytes, "-"), let day = number(&bytes, 2),
            take(&bytes, "T") || take(&bytes, "t"), let hour = number(&bytes, 2), take(&bytes, ":"), let minute = number(&bytes, 2), take(&bytes, ":"),
            let second = number(&bytes, 2), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if take(&bytes, ".") {
            var scale: Int64 = 100, digits = 0
            while let digit = number(&bytes, 1) {
                fraction += digit * scale
                scale /= 10
                digits += 1
            }
            if digits == 0 { return nil }
        }
        guard let offset = offset(&bytes), bytes.isEmpty else { return nil }
        return (days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset) * 1000 + fraction
    }

    /// Seconds east of UTC.
    private static func offset(_ bytes: inout Substring.UTF8View) -> Int64? {
        if take(&bytes, "Z") || take(&bytes, "z") { return 0 }
        let isEast = take(&bytes, "+")
        guard isEast || take(&bytes, "-"), let hours = number(&bytes, 2), take(&bytes, ":"), let minutes = number(&bytes, 2), hours < 24, minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (isEast ? 1 : -1)
    }

    private static func take(_ bytes: inout Substring.UTF8View, _ character: Unicode.Scalar) -> Bool {
        guard let first = bytes.first, UInt32(first) == character.value else { return false }
        bytes.removeFirst()
        return true
    }

    private static func number(_ bytes: inout Substring.UTF8View, _ digits: Int) -> Int64? {
        var value: Int64 = 0, rest = bytes
        for _ in 0..<digits {
            guard let byte = rest.first, (48...57).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 48)
            rest.removeFirst()
        }
        bytes = rest
        return value
    }

    /// Days from 1970-01-01 in the Gregorian calendar: years are counted from March on, so that the leap day is a year's last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let march = (month + 9) % 12, year = month <= 2 ? year - 1 : year
        let leaps = (year / 4) - (year / 100) + (year / 400)
        // Year 0 is the earliest that four digits write; January of it is in the year before.
        let days = year < 0 ? -366 : year * 365 + leaps
        return days + (march * 153 + 2) / 5 + day - 1 - 719_468
    }
}

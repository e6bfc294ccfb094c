import Core

/// Times and lengths of time as people read them.
enum Times {
    /// How long ago, in one or two units: `5s`, `3m`, `2h`, `4d`.
    static func age(_ text: String?, now: Timestamp) -> String {
        guard let text, let time = Timestamp(rfc3339: text) else { return "<unknown>" }
        return length(milliseconds: now.milliseconds - time.milliseconds)
    }

    /// From one time to another, or to now.
    static func between(_ start: String?, _ end: String?, now: Timestamp) -> String {
        guard let start = start.flatMap(Timestamp.init(rfc3339:)) else { return "" }
        return length(milliseconds: (end.flatMap(Timestamp.init(rfc3339:)) ?? now).milliseconds - start.milliseconds)
    }

    static func length(milliseconds: Int64) -> String {
        let seconds = max(milliseconds / 1000, 0)
        if seconds < 120 { return "\(seconds)s" }
        if seconds < 600 { return seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds / 60)m\(seconds % 60)s" }
        if seconds < 3 * 3600 { return "\(seconds / 60)m" }
        if seconds < 48 * 3600 { return "\(seconds / 3600)h" }
        return "\(seconds / 86_400)d"
    }

    private static let units: [(letter: Character, seconds: Int64)] = [("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]

    /// Seconds of `30d`, `1h30m`, `45s` or a plain number of seconds; units from the largest to the smallest.
    /// - Throws: `invalidArgument`.
    static func seconds(_ text: String, of option: String) throws(MonoflowError) -> Int64 {
        let wrong = MonoflowError(.invalidArgument, "read option", option, "\"\(text)\" is no length of time", hint: "write 45s, 10m, 1h30m, 30d or 4w")
        if let plain = Int64(text), plain >= 0, plain <= 3_200_000_000 { return plain }
        var total: Int64 = 0, digits = "", largest = Int64.max
        for character in text {
            if character.isASCII && character.isNumber && digits.count < 10 {
                digits.append(character)
                continue
            }
            guard let unit = units.first(where: { $0.letter == character })?.seconds, unit < largest, let count = Int64(digits) else { throw wrong }
            total += count * unit
            largest = unit
            digits = ""
        }
        guard digits.isEmpty, !text.isEmpty, total <= 3_200_000_000 else { throw wrong }
        return total
    }
}

/// Lengths of time in the form of `kubectl get`: two or three significant figures, `5s`, `3m20s`, `47h`, `2d`, `3y20d`.
public enum HumanDuration {
    /// - Parameter milliseconds: below zero by up to two seconds is taken as nothing, as clocks differ; more is `<invalid>`.
    public static func text(milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        if seconds < -1 { return "<invalid>" }
        if seconds < 120 { return "\(max(seconds, 0))s" }
        let minutes = seconds / 60
        if minutes < 10 { return pair(minutes, "m", seconds % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return pair(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        let days = hours / 24
        if days < 8 { return pair(days, "d", hours % 24, "h") }
        if days < 365 * 2 { return "\(days)d" }
        return days < 365 * 8 ? pair(days / 365, "y", days % 365, "d") : "\(days / 365)y"
    }

    /// The second unit is left out where there is nothing of it.
    private static func pair(_ major: Int64, _ majorUnit: String, _ minor: Int64, _ minorUnit: String) -> String {
        minor == 0 ? "\(major)\(majorUnit)" : "\(major)\(majorUnit)\(minor)\(minorUnit)"
    }
}

import Foundation

/// Milliseconds since 1970 UTC: how every time is stored and passed between layers.
public struct Timestamp: Sendable, Hashable, Comparable, Codable {
    public var milliseconds: Int64
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    public init(from decoder: any Decoder) throws { milliseconds = try decoder.singleValueContainer().decode(Int64.self) }
    public func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        try single.encode(milliseconds)
    }
    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// So many seconds later, at most a thousand years: a length that somebody wrote into a definition never overflows.
    public func advanced(seconds: Double) -> Timestamp {
        let bounded = seconds.isNaN ? 0 : min(max(seconds, 0), 3.2e10)
        return Timestamp(milliseconds: milliseconds + Int64(bounded * 1000))
    }

    /// `2026-11-23T12:34:56Z`, the form of every API here; milliseconds are shown when asked for.
    public func rfc3339(milliseconds shown: Bool = false) -> String {
        let fraction = ((milliseconds % 1000) + 1000) % 1000
        var seconds = time_t((milliseconds - fraction) / 1000), parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ v: Int32) -> String { v < 10 ? "0\(v)" : "\(v)" }
        let date = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        let rest = String(1000 + fraction).dropFirst()
        return "\(date)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))\(shown ? ".\(rest)" : "")Z"
    }

    /// Reads RFC 3339 with or without fraction and offset; nil where it is none.
    public init?(rfc3339 text: String) {
        let plain = ISO8601DateFormatter()
        let fraction = ISO8601DateFormatter()
        fraction.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        guard let date = plain.date(from: text) ?? fraction.date(from: text) else { return nil }
        milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded())
    }
}

/// The wall clock; passed in, so that stores never read it themselves.
public struct WallClock: Sendable {
    private let read: @Sendable () -> Timestamp
    public init(_ read: @escaping @Sendable () -> Timestamp) { self.read = read }
    public func now() -> Timestamp { read() }
    public static let system = WallClock {
        var t = timespec()
        clock_gettime(CLOCK_REALTIME, &t)
        return Timestamp(milliseconds: Int64(t.tv_sec) * 1000 + Int64(t.tv_nsec) / 1_000_000)
    }
}

import Core

/// Reads both dialects' retry policies. One that allows no retry reads as nil.
enum RetryReader {
    /// Argo's `retryStrategy`. Without `limit` there is no bound; the policy is `OnFailure` where none is named.
    static func argo(_ field: Fields) throws -> Retry? {
        var retry = Retry(limit: try field.count("limit"), policy: try policy(field))
        if let backoff = try field.fields("backoff") {
            retry.backoffSeconds = try seconds(backoff, "duration") ?? 0
            retry.backoffFactor = try number(backoff, "factor") ?? 1
            retry.backoffMaximumSeconds = try seconds(backoff, "cap")
            retry.maximumSeconds = try seconds(backoff, "maxDuration")
            try backoff.finish()
        }
        try field.finish()
        return retry.limit == 0 ? nil : retry
    }

    private static func policy(_ field: Fields) throws -> Retry.Policy {
        switch try field.string("retryPolicy") ?? "" {
        case "Always": .always
        case "OnFailure", "": .onFailure
        case "OnError": .onError
        case "OnTransientError": .onTransientError
        case let other: throw field.fail("retryPolicy", "\"\(other)\" is unknown; known are Always, OnFailure, OnError and OnTransientError")
        }
    }

    /// The longest time that kfp 2 tries a task again for, also where more is asked for.
    static let kfp2MaximumSeconds = 3600.0

    /// kfp 2's `retryPolicy`: whatever the failure.
    static func kfp2(_ field: Fields) throws -> Retry? {
        let retry = Retry(
            limit: try field.count("maxRetryCount") ?? 0, backoffSeconds: try seconds(field, "backoffDuration") ?? 0,
            backoffFactor: try number(field, "backoffFactor") ?? 2,
            maximumSeconds: min(try seconds(field, "backoffMaxDuration") ?? kfp2MaximumSeconds, kfp2MaximumSeconds))
        try field.finish()
        return retry.limit == 0 ? nil : retry
    }

    private static func number(_ field: Fields, _ key: String) throws -> Double? {
        try field.scalarText(key).map { text in
            guard let value = Double(text), value >= 0, value.isFinite else { throw field.fail(key, "\"\(text)\" is not a number of 0 or more") }
            return value
        }
    }

    private static func seconds(_ field: Fields, _ key: String) throws -> Double? {
        try field.scalarText(key).flatMap { $0.isEmpty ? nil : try duration($0, field.place(key)) }
    }

    /// `90`, `30s`, `2m`, `1h30m`.
    static func duration(_ text: String, _ path: String) throws -> Double {
        if let seconds = Double(text), seconds >= 0, seconds.isFinite { return seconds }
        let wrong = MonoflowError(.invalidArgument, "read pipeline", path, "\"\(text)\" is not a duration such as 30s or 2m")
        var total = 0.0, digits = ""
        for character in text {
            if character.isNumber || character == "." { digits.append(character); continue }
            guard let value = Double(digits), let unit = ["s": 1.0, "m": 60, "h": 3600, "d": 86400][String(character)] else { throw wrong }
            total += value * unit
            digits = ""
        }
        guard digits.isEmpty, total.isFinite, !text.isEmpty else { throw wrong }
        return total
    }
}

import Core
import Synchronization

/// A request beyond what its token may send.
public struct RateExceeded: Error, Equatable {
    /// Seconds after which one more is taken, at least 1.
    public let retryAfter: Int

    public var error: MonoflowError {
        MonoflowError(.resourceExhausted, "authenticate", "", "the token's requests per minute are used up", hint: "try again in \(retryAfter) s")
    }
}

/// A bucket for each token that has a limit: it holds the requests of a minute and fills at an even pace. Kept in memory only, so that
/// a restart gives everybody a full one.
final class RequestRates: Sendable {
    private struct Bucket {
        var perMinute: Int
        /// Requests that may come now.
        var left: Double
        var at: Timestamp

        mutating func fill(to now: Timestamp) {
            // A clock that is set back gives nothing.
            left = min(Double(perMinute), left + Double(max(0, now.milliseconds - at.milliseconds)) * Double(perMinute) / 60_000)
            at = now
        }
    }

    private let capacity: Int
    private let buckets = Mutex<[String: Bucket]>([:])

    /// - Parameter capacity: buckets that are kept.
    init(capacity: Int) { self.capacity = capacity }

    var count: Int { buckets.withLock { $0.count } }

    func take(_ tokenID: String, perMinute: Int, now: Timestamp) throws(RateExceeded) {
        let wait = buckets.withLock { buckets -> Int? in
            if buckets[tokenID] == nil, buckets.count >= capacity { Self.makeRoom(in: &buckets, capacity: capacity, now: now) }
            var bucket = buckets[tokenID] ?? Bucket(perMinute: perMinute, left: Double(perMinute), at: now)
            bucket.fill(to: now)
            defer { buckets[tokenID] = bucket }
            guard bucket.left < 1 else {
                bucket.left -= 1
                return nil
            }
            return max(1, Int(((1 - bucket.left) * 60 / Double(perMinute)).rounded(.up)))
        }
        if let wait { throw RateExceeded(retryAfter: wait) }
    }

    /// A full bucket says as much as none. Where all are in use, all begin anew: a limit is no reason to refuse what is within it.
    private static func makeRoom(in buckets: inout [String: Bucket], capacity: Int, now: Timestamp) {
        for (id, var bucket) in buckets {
            bucket.fill(to: now)
            if bucket.left >= Double(bucket.perMinute) { buckets[id] = nil }
        }
        if buckets.count >= capacity { buckets = [:] }
    }
}

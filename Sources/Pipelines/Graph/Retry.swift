import Core
import Foundation

/// Why an attempt failed, as retry policies tell ends apart. The raw values are stored: never rename one.
public enum FailureCause: String, Codable, Sendable {
    /// The command itself: a non-zero status, a signal, its deadline.
    case failure
    /// The system around it: it could not start, or its outputs could not be read.
    case error
    /// The system around it, in a way that passes: the attempt was lost with its machine or supervisor.
    case transientError
}

/// When a failed container or dag is tried again.
public struct Retry: Codable, Sendable, Equatable {
    public enum Policy: String, Codable, Sendable {
        case always, onFailure, onError, onTransientError

        func covers(_ cause: FailureCause) -> Bool {
            switch self {
            case .always: true
            case .onFailure: cause == .failure
            case .onError: cause != .failure
            case .onTransientError: cause == .transientError
            }
        }
    }

    /// Attempts after the first; nil is unlimited.
    public var limit: Int?
    public var policy: Policy
    public var backoffSeconds: Double
    public var backoffFactor: Double
    /// The longest single wait; nil is unlimited.
    public var backoffMaximumSeconds: Double?
    /// From the start of the first attempt to the latest start of another one; nil is unlimited.
    public var maximumSeconds: Double?

    public init(
        limit: Int?, policy: Policy = .always, backoffSeconds: Double = 0, backoffFactor: Double = 1, backoffMaximumSeconds: Double? = nil,
        maximumSeconds: Double? = nil
    ) {
        self.limit = limit
        self.policy = policy
        self.backoffSeconds = backoffSeconds
        self.backoffFactor = backoffFactor
        self.backoffMaximumSeconds = backoffMaximumSeconds
        self.maximumSeconds = maximumSeconds
    }

    /// Attempts without end and without a wait would fill the disk. From the tenth on (the hundredth, where the policy has a
    /// limit) the wait is so many seconds at least.
    static let floorSeconds = 10.0

    /// Seconds to wait before the next attempt, when so many (1, 2, …) have failed.
    public func delay(afterAttempt attempt: Int) -> Double {
        let grown = backoffSeconds * pow(backoffFactor, Double(max(attempt, 1) - 1))
        let floor = attempt >= (limit == nil ? 10 : 100) ? Self.floorSeconds : 0
        return max(min(grown.isNaN ? 0 : grown, backoffMaximumSeconds ?? .infinity), floor)
    }

    enum Verdict: Equatable {
        /// Another attempt, not before this time (nil: now).
        case again(notBefore: Timestamp?)
        /// None; the text says why where the reason is not simply that no attempt is left.
        case end(String?)
    }

    /// - Parameters:
    ///   - attempt: how many have been made, the failed one included.
    ///   - first: start of the first attempt.
    func verdict(afterAttempt attempt: Int, _ cause: FailureCause, first: Timestamp, now: Timestamp) -> Verdict {
        guard policy.covers(cause), limit.map({ attempt <= $0 }) ?? true else { return .end(nil) }
        let delay = delay(afterAttempt: attempt)
        if let maximumSeconds, Double(now.milliseconds - first.milliseconds) / 1000 + delay > maximumSeconds {
            return .end("not tried again: \(Scope.plain(.double(maximumSeconds))) s after the first start no attempt may begin")
        }
        return .again(notBefore: delay > 0 ? now.advanced(seconds: delay) : nil)
    }
}

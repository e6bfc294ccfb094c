import Core

/// Which requests that failed are sent again, and when. Only idempotent ones whose body can be sent again are, and any
/// whose connection could not be made.
public struct RetryPolicy: Sendable {
    /// How often a request is sent at most; 1 is without retries. (A request that meets a kept connection which the server
    /// has just closed is sent once more whatever this says.)
    public var attempts = 1
    /// Before the second attempt; doubled with each further one.
    public var delay: Duration = .milliseconds(100)
    public var maxDelay: Duration = .seconds(5)
    /// The part of the delay that is left to chance, 0–1.
    public var jitter = 0.5
    /// Responses that count as failures while attempts are left. `Retry-After` in seconds is obeyed up to `maxDelay`.
    public var statuses: Set<Int> = [502, 503, 504]

    public init(attempts: Int = 1) { self.attempts = attempts }

    /// How long to wait before an attempt. - Parameters:
    ///   - attempt: 2 for the first retry.
    ///   - random: 0..<1.
    func wait(before attempt: Int, random: Double) -> Duration {
        let doubled = delay * (1 << min(max(attempt - 2, 0), 20))
        return min(doubled, maxDelay) * (1 - min(max(jitter, 0), 1) * random)
    }

    /// Nil: the response is an answer like any other.
    func wait(after response: HTTPClientResponse, attempt: Int, random: Double) -> Duration? {
        guard statuses.contains(response.status.code) else { return nil }
        let own = wait(before: attempt + 1, random: random)
        guard let asked = response.headers["Retry-After"].flatMap({ Int64($0) }), asked >= 0 else { return own }
        return .seconds(min(asked, 1 << 32)) <= maxDelay ? max(own, .seconds(asked)) : nil
    }
}

/// The clock and the chance of retries; passed in, so that tests hold both.
public struct RetryTiming: Sendable {
    public var sleep: @Sendable (Duration) async throws -> Void
    /// 0..<1.
    public var random: @Sendable () -> Double

    public init(
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.sleep = sleep
        self.random = random
    }
}

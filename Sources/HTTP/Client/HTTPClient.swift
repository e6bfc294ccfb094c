import Core
import Logging
import Sockets

/// An HTTP/1.1 client over a group of event loops, with connections kept by origin.
///
///     let response = try await client.send(HTTPClientRequest(.get, "http://127.0.0.1:8080/runs"))
///     let text = try await response.body.collect()
///
/// Every error is a `MonoflowError` that names the origin: `unavailable` (no connection, or closed before an answer),
/// `deadlineExceeded`, `dataLoss` (malformed, or cut short), `resourceExhausted` (a bound of the client), `cancelled`,
/// `invalidArgument` (the request cannot be sent), `failedPrecondition` (a redirect that must not be followed).
public final class HTTPClient: Sendable {
    public let options: HTTPClientOptions
    private let pool: ConnectionPool
    private let timing: RetryTiming
    private let log: Logger

    /// - Parameter tls: for `https`; without it such requests are refused. Its protocols, where it names any, are `["http/1.1"]`.
    public init(
        group: EventLoopGroup, options: HTTPClientOptions = HTTPClientOptions(), tls: TLSClientContext? = nil, connector: Connector = Connector(),
        timing: RetryTiming = RetryTiming(), log: Logger = Logger(label: "monoflow.client")
    ) {
        self.options = options
        self.timing = timing
        self.log = log
        pool = ConnectionPool(group: group, options: options, connector: connector, tls: tls)
    }

    deinit { pool.close() }

    public var counters: HTTPClientCounters { pool.snapshot() }

    /// Refuses further requests and closes unused connections; requests under way end as they would.
    public func shutDown() { pool.close() }

    /// Sends a request, retries and redirects by the policies included, and returns at the end of the response's head.
    /// Cancelling the task closes the request's connection.
    public func send(_ request: HTTPClientRequest) async throws(MonoflowError) -> HTTPClientResponse {
        let deadline = (request.timeouts ?? options.timeouts).total.map { ContinuousClock.now + $0 }
        let redirects = request.redirects ?? options.redirects
        var request = request, followed = 0
        request.askForCompression()
        pool.counters.requests.add(1, ordering: .relaxed)
        while true {
            let response = try await sendRepeatedly(request, deadline)
            guard let next = try redirects.next(request, response, followed: followed) else { return response.decoded(for: request) }
            followed += 1
            pool.counters.redirects.add(1, ordering: .relaxed)
            request = next
        }
    }

    private func sendRepeatedly(_ request: HTTPClientRequest, _ deadline: ContinuousClock.Instant?) async throws(MonoflowError) -> HTTPClientResponse {
        let policy = request.retries ?? options.retries
        let isRepeatable = request.isIdempotent && request.body.isReplayable
        var attempt = 1
        while true {
            let isLast = attempt >= policy.attempts
            var wait = policy.wait(before: attempt + 1, random: timing.random())
            do throws(ClientFailure) {
                let response = try await sendOnKeptOrNew(request, isRepeatable: isRepeatable, deadline)
                guard !isLast, isRepeatable, let pause = policy.wait(after: response, attempt: attempt, random: timing.random()) else { return response }
                wait = pause
            } catch {
                let mayRepeat = error.stage == .notSent || isRepeatable && error.stage == .noResponse
                guard !isLast, mayRepeat, error.error.code == .unavailable else { throw error.error }
            }
            if let deadline, ContinuousClock.now + wait >= deadline {
                throw MonoflowError(.deadlineExceeded, "send request", "\(request.url.origin)", "no time is left for another attempt")
            }
            do { try await timing.sleep(wait) } catch {
                throw MonoflowError(.cancelled, "send request", "\(request.url.origin)", "the task was cancelled")
            }
            attempt += 1
            pool.counters.retries.add(1, ordering: .relaxed)
            log.debug("sending \(request.method.rawValue) \(request.url) again, attempt \(attempt)")
        }
    }

    /// A kept connection may have been closed by the server a moment ago. What was not sent, or may be sent twice, then goes
    /// over a new one, once.
    private func sendOnKeptOrNew(
        _ request: HTTPClientRequest, isRepeatable: Bool, _ deadline: ContinuousClock.Instant?
    ) async throws(ClientFailure) -> HTTPClientResponse {
        let (connection, isReused) = try await take(request, isFresh: false, deadline)
        do throws(ClientFailure) { return try await perform(request, connection, deadline) } catch {
            let mayRepeat = error.stage == .notSent || isRepeatable && error.stage == .noResponse
            guard isReused, mayRepeat, error.error.code == .unavailable else { throw error }
        }
        pool.counters.retries.add(1, ordering: .relaxed)
        return try await perform(request, try await take(request, isFresh: true, deadline).connection, deadline)
    }

    private func take(
        _ request: HTTPClientRequest, isFresh: Bool, _ deadline: ContinuousClock.Instant?
    ) async throws(ClientFailure) -> (connection: ClientConnection, isReused: Bool) {
        let left = deadline.map { max($0 - ContinuousClock.now, .zero) } ?? .seconds(1 << 31)
        let timeouts = request.timeouts ?? options.timeouts
        do throws(MonoflowError) {
            let taken = try await pool.take(
                request.url.origin, isFresh: isFresh, isUpgrade: request.upgrade != nil, wait: min(left, options.waitLimit),
                connect: min(left, timeouts.connect))
            if taken.isReused { pool.counters.reused.add(1, ordering: .relaxed) }
            return taken
        } catch { throw ClientFailure(error: error, stage: .notSent) }
    }

    private func perform(
        _ request: HTTPClientRequest, _ connection: ClientConnection, _ deadline: ContinuousClock.Instant?
    ) async throws(ClientFailure) -> HTTPClientResponse {
        let exchange = ClientExchange(request, timeouts: request.timeouts ?? options.timeouts, deadline: deadline)
        connection.send(exchange)
        do { return try await exchange.response.value() } catch let failure as ClientFailure { throw failure } catch {
            let error = exchange.error(.cancelled, "the task was cancelled")
            ClientExchangeReference(connection, exchange).onLoop { connection, _ in connection.cut(error) }
            throw ClientFailure(error: error, stage: .noResponse)
        }
    }
}

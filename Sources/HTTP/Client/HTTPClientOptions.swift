/// How long each part of a request may take; nil is without limit.
public struct HTTPTimeouts: Sendable {
    /// Name look-up, connecting, and TLS.
    public var connect: Duration = .seconds(10)
    /// From the end of the request to the end of the response's head.
    public var head: Duration? = .seconds(60)
    /// Without a byte of a body that somebody waits for.
    public var bodyIdle: Duration? = .seconds(60)
    /// Without the server taking a byte of what is sent.
    public var write: Duration? = .seconds(60)
    /// For `100 Continue`, before the body is sent without it.
    public var awaitContinue: Duration = .seconds(1)
    /// From `send` to the end of the response's body, retries and redirects included.
    public var total: Duration?

    public init() {}
}

/// Every bound of a client. Sizes in bytes.
public struct HTTPClientOptions: Sendable {
    public var timeouts = HTTPTimeouts()
    /// Open connections of one origin; more requests wait.
    public var connectionsPerOrigin = 64
    /// Open connections to all origins; with all of them in use further requests are refused.
    public var connections = 1024
    /// Connections of one origin that are kept for later requests.
    public var idlePerOrigin = 32
    /// How long; shorter than servers keep them, so that it is the client that closes.
    public var idleTimeout: Duration = .seconds(30)
    /// Connections of one origin that were switched to another protocol; they do not count among the others.
    public var upgradesPerOrigin = 1024
    /// Requests of one origin that wait for a connection; more are refused with `resourceExhausted`.
    public var waitingPerOrigin = 1024
    /// How long a request waits for a connection.
    public var waitLimit: Duration = .seconds(10)
    /// A response's status line and fields together.
    public var headBytes = 64 << 10
    public var headerCount = 200
    /// What `HTTPBody.collect()` takes of a response where it is given no limit.
    public var bodyBytes = 16 << 20
    public var retries = RetryPolicy()
    public var redirects = RedirectPolicy.none

    public init() {}

    /// The parser's bounds.
    var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.requestLineBytes = headBytes
        limits.headerBytes = headBytes
        limits.headerCount = headerCount
        limits.streamedBodyBytes = .max
        limits.bodyBytes = bodyBytes
        return limits
    }
}

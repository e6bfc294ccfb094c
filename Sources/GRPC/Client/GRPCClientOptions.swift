import HTTP

/// What holds for all calls of a client.
public struct GRPCClientOptions: Sendable {
    public var limits = GRPCLimits()
    /// Streams at once, windows, time limits and PINGs of the connection.
    public var connection = HTTP2ClientOptions()
    /// From a failed attempt to connect to the next; grows with every failure.
    public var backoff = GRPCBackoff()
    /// Calls that wait for a connection; more fail with RESOURCE_EXHAUSTED.
    public var waitingCalls = 1_000
    /// Sent as `user-agent`.
    public var userAgent = "monoflow-grpc"

    public init() {}
}

/// How long a client waits before it connects again.
public struct GRPCBackoff: Sendable {
    public var first = Duration.seconds(1)
    public var factor = 1.6
    public var longest = Duration.seconds(120)
    /// Each wait is longer or shorter by up to this share, so that clients of one server do not come back together.
    public var jitter = 0.2

    public init() {}

    /// - Parameters:
    ///   - failures: in a row, at least 1.
    ///   - random: in 0..<1.
    func wait(after failures: Int, random: Double) -> Duration {
        var wait = first
        for _ in 1..<max(1, min(failures, 64)) where wait < longest { wait = wait * factor }
        return min(wait, longest) * (1 + jitter * (2 * random - 1))
    }
}

/// What holds for one call.
public struct GRPCCallOptions: Sendable {
    public var metadata = GRPCMetadata()
    /// From the beginning of the call to its end; the server is told. Nil: no limit, which is seldom right.
    public var timeout: Duration?
    /// Whether the call waits (until its timeout) for a server that cannot be reached now, instead of failing with UNAVAILABLE.
    public var waitsForReady = false
    /// How requests of `compressionThreshold` bytes and more are packed.
    public var compression = GRPCEncoding.identity
    /// Nil takes the client's.
    public var limits: GRPCLimits?

    public init(metadata: GRPCMetadata = GRPCMetadata(), timeout: Duration? = nil, waitsForReady: Bool = false) {
        self.metadata = metadata
        self.timeout = timeout
        self.waitsForReady = waitsForReady
    }
}

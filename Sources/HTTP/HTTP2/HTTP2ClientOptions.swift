/// The bounds of an HTTP/2 connection to a server. Sizes in bytes.
public struct HTTP2ClientOptions: Sendable {
    /// Requests at once; the server may allow fewer.
    public var streams = 100
    /// Requests that wait for one of these to end; more fail with `resourceExhausted`.
    public var waiting = 1_000
    /// What the server may send ahead on one stream.
    public var streamWindowBytes = 256 << 10
    /// The same for all streams of the connection together.
    public var connectionWindowBytes = 4 << 20
    /// The fields of a response, and of its trailers.
    public var headerBytes = 64 << 10
    public var headerCount = 200
    /// What `HTTPBody.collect()` of a response takes where it is given no limit.
    public var bodyBytes = 16 << 20
    /// To the end of TCP's handshake; TLS's has its own limit in its context.
    public var connectTimeout = Duration.seconds(10)
    /// Without the server taking a byte of what is sent.
    public var writeTimeout = Duration.seconds(60)
    /// Without a request; the connection is closed then.
    public var idleTimeout = Duration.seconds(300)
    /// While requests are under way, a PING after so long without a byte from the server; nil: none.
    public var keepAlive: Duration?
    /// From such a PING to any byte.
    public var keepAliveTimeout = Duration.seconds(20)

    public init() {}
}

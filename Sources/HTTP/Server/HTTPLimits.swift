/// Every bound of the server. Sizes in bytes.
public struct HTTPLimits: Sendable {
    /// The request line; more is answered 414.
    public var requestLineBytes = 8 << 10
    /// Request line and header fields together; more is answered 431.
    public var headerBytes = 32 << 10
    public var headerCount = 100
    /// What `HTTPBody.collect()` takes where the handler names no limit; more is answered 413.
    public var bodyBytes = 16 << 20
    /// The body of a request to an inline handler, which is gathered before the handler runs; more is answered 413.
    public var inlineBodyBytes = 16 << 20
    /// Any body, also one that a handler streams.
    public var streamedBodyBytes: Int64 = 1 << 40
    /// Open connections; more wait in the kernel's queue until one closes.
    public var connections = 10_000
    /// Open connections of one client address; more are closed at once.
    public var connectionsPerClient = 2_000
    /// Bytes of later requests that are kept while one is answered; more are left in the socket.
    public var pipelinedBytes = 64 << 10
    /// Requests at once on one connection of HTTP/2; more are refused, to be tried again.
    public var streams = 128
    /// What a client may send ahead on one stream of HTTP/2.
    public var streamWindowBytes = 256 << 10
    /// The same for all streams of a connection together.
    public var connectionWindowBytes = 4 << 20
    /// From the first byte of a head to its end, else 408.
    public var headerTimeout: Duration = .seconds(15)
    /// Between requests on a kept-alive connection.
    public var idleTimeout: Duration = .seconds(75)
    /// Without a byte of a body that somebody waits for, else 408.
    public var bodyTimeout: Duration = .seconds(60)
    /// Without the client taking a byte of what is sent.
    public var writeTimeout: Duration = .seconds(60)

    public init() {}
}

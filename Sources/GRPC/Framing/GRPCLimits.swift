/// The bounds of a server's or a client's calls.
public struct GRPCLimits: Sendable {
    /// The largest message that is received, in bytes, as it is on the wire and after it is decompressed. A larger one
    /// ends the call with RESOURCE_EXHAUSTED. At most 2 GiB - 1 is used.
    public var receivedMessageBytes = 4 << 20
    /// The largest message that is sent; by default only the protocol's own bound.
    public var sentMessageBytes = Int(UInt32.max)
    /// Messages below this many bytes are sent as they are, also where compression is asked for.
    public var compressionThreshold = 1 << 10

    public init() {}
}

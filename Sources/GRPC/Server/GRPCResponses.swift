import HTTP

/// Where a streaming handler puts its answers. Usable from one task at a time, which need not be the reader's.
public struct GRPCResponses<Value: Sendable>: Sendable {
    let stream: ServerStream
    let codec: GRPCCodec<Value>

    /// Sends one message; returns when it is queued and waits while the client is more than 256 KiB behind.
    /// - Throws: `GRPCStatus` where the call has ended or the message is over the limit; `MonoflowError` `cancelled`
    ///   where the client is gone.
    public func send(_ value: Value) async throws {
        // The head first: it settles the compression.
        let writer = try await stream.exchange.writer()
        try await writer.write(try stream.frame(value, codec))
    }
}

/// What a method works on: the two directions of one call.
struct ServerStream: Sendable {
    let call: GRPCCall
    let exchange: ServerExchange
    let body: HTTPBody
    let requestEncoding: GRPCEncoding
    /// What the client accepts; nil for nothing but plain messages.
    let acceptedEncoding: GRPCEncoding?
    let limits: GRPCLimits

    func requests<Value>(_ codec: GRPCCodec<Value>) -> GRPCMessages<Value> {
        GRPCMessages(source: RequestSource(body: body, encoding: requestEncoding), limit: limits.receivedMessageBytes, decode: codec.decode)
    }

    // Not inlined: Swift 6.3.1's optimiser crashes on asynchronous callers that take this in.
    @inline(never)
    func frame<Value>(_ value: Value, _ codec: GRPCCodec<Value>) throws -> [UInt8] {
        try FrameWriter(encoding: responseEncoding, limits: limits).frame(try codec.encode(value))
    }

    /// What the head says, once it is sent.
    var responseEncoding: GRPCEncoding { call.compressesResponses ? acceptedEncoding ?? .identity : .identity }
}

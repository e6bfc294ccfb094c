import Core
import HTTP

/// Where a direction's bytes come from, and what the ends of it mean.
protocol GRPCMessageSource: Sendable {
    /// The bytes, and how they are packed. Asked once.
    func open() async throws -> (body: HTTPBody, encoding: GRPCEncoding)
    /// The bytes have ended in order. - Parameter isWhole: between two messages. - Throws: where that is no good end of the call.
    func ended(isWhole: Bool) throws
    /// Something went wrong with reading. - Returns: what the reader is to be told.
    func failed(_ error: any Error) -> any Error
}

/// The messages of one direction of a call as they arrive. Read once, by one task; the sender is held back while its
/// reader is behind, so at most one message and what the connection buffers (256 KiB) wait here.
public struct GRPCMessages<Value: Sendable>: AsyncSequence, Sendable {
    public typealias Element = Value

    let source: any GRPCMessageSource
    let limit: Int
    let decode: @Sendable (GRPCMessage) throws -> Value

    public func makeAsyncIterator() -> Iterator { Iterator(source: source, limit: limit, decode: decode) }

    /// At a server: throws `GRPCStatus` for a message that is too large or broken, `MonoflowError` as `HTTPBody.Iterator`.
    /// At a client: throws `GRPCStatus` for every end of the call but a good one.
    public struct Iterator: AsyncIteratorProtocol {
        let source: any GRPCMessageSource
        let limit: Int
        let decode: @Sendable (GRPCMessage) throws -> Value
        private var open: (body: HTTPBody.Iterator, reader: FrameReader)?
        private var hasEnded = false

        init(source: any GRPCMessageSource, limit: Int, decode: @escaping @Sendable (GRPCMessage) throws -> Value) {
            self.source = source
            self.limit = limit
            self.decode = decode
        }

        public mutating func next() async throws -> Value? {
            if hasEnded { return nil }
            do { return try await advance() } catch {
                hasEnded = true
                throw source.failed(error)
            }
        }

        private mutating func advance() async throws -> Value? {
            if open == nil {
                let (body, encoding) = try await source.open()
                open = (body.makeAsyncIterator(), FrameReader(limit: limit, encoding: encoding))
            }
            while true {
                if let message = try open?.reader.next() { return try decode(message) }
                guard let chunk = try await open?.body.next() else {
                    hasEnded = true
                    try source.ended(isWhole: open?.reader.isAtBoundary ?? true)
                    return nil
                }
                open?.reader.append(chunk)
            }
        }
    }

    /// The one message of a direction that carries no more.
    /// - Throws: as the iterator; `internalError` where there is none, or more than one.
    func single() async throws -> Value {
        var iterator = makeAsyncIterator()
        guard let first = try await iterator.next() else { throw source.failed(GRPCStatus(.internalError, "no message came")) }
        if try await iterator.next() != nil { throw source.failed(GRPCStatus(.internalError, "more than one message came")) }
        return first
    }

    static var brokenOff: GRPCStatus { GRPCStatus(.internalError, "the stream ends inside a message") }
}

/// A request's messages, at a server.
struct RequestSource: GRPCMessageSource {
    let body: HTTPBody
    let encoding: GRPCEncoding

    func open() -> (body: HTTPBody, encoding: GRPCEncoding) { (body, encoding) }
    func ended(isWhole: Bool) throws { if !isWhole { throw GRPCMessages<GRPCMessage>.brokenOff } }
    func failed(_ error: any Error) -> any Error { error }
}

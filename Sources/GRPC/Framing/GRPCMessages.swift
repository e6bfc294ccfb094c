import Core
import HTTP

/// The messages of one direction of a call as they arrive. Read once, by one task; the sender is held back while its
/// reader is behind, so at most one message and what the connection buffers (256 KiB) wait here.
public struct GRPCMessages<Value: Sendable>: AsyncSequence, Sendable {
    public typealias Element = Value

    let body: HTTPBody
    let limit: Int
    let encoding: GRPCEncoding
    let decode: @Sendable (GRPCMessage) throws -> Value
    /// Looks at how the stream ended; throws where that was no orderly end.
    var atEnd: (@Sendable () throws -> Void)?

    public func makeAsyncIterator() -> Iterator {
        Iterator(body: body.makeAsyncIterator(), reader: FrameReader(limit: limit, encoding: encoding), decode: decode, atEnd: atEnd)
    }

    /// Throws `GRPCStatus` for a message that is too large or broken, `MonoflowError` as `HTTPBody.Iterator`.
    public struct Iterator: AsyncIteratorProtocol {
        var body: HTTPBody.Iterator
        var reader: FrameReader
        let decode: @Sendable (GRPCMessage) throws -> Value
        let atEnd: (@Sendable () throws -> Void)?

        public mutating func next() async throws -> Value? {
            while true {
                if let message = try reader.next() { return try decode(message) }
                guard let chunk = try await body.next() else {
                    try atEnd?()
                    if !reader.isAtBoundary { throw GRPCStatus(.internalError, "the stream ends inside a message") }
                    return nil
                }
                reader.append(chunk)
            }
        }
    }

    /// The one message of a direction that carries no more.
    /// - Throws: `internalError` where there is none, or more than one.
    func single() async throws -> Value {
        var iterator = makeAsyncIterator()
        guard let first = try await iterator.next() else { throw GRPCStatus(.internalError, "no message came") }
        if try await iterator.next() != nil { throw GRPCStatus(.internalError, "more than one message came") }
        return first
    }
}

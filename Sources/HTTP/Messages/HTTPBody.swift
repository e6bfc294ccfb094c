import Core

/// A body that is received: already whole, or arriving. Iterating gives chunks as they come (each at most 64 KiB or so) and
/// holds the socket back while the reader is behind, so memory does not grow with the body. It is read once.
public struct HTTPBody: Sendable, AsyncSequence {
    public typealias Element = [UInt8]

    enum Source: Sendable {
        case bytes([UInt8])
        case stream(BodyStream)
        case decoded(DecodedBody)
    }

    let source: Source
    /// What `collect()` allows where it is given no limit, in bytes.
    let defaultLimit: Int
    /// Of a body that has already arrived.
    private let ownTrailers: HTTPHeaders

    init(source: Source, defaultLimit: Int, ownTrailers: HTTPHeaders = HTTPHeaders()) {
        self.source = source
        self.defaultLimit = defaultLimit
        self.ownTrailers = ownTrailers
    }

    public static let empty = HTTPBody([])

    public init(_ bytes: [UInt8]) {
        self.init(source: .bytes(bytes), defaultLimit: .max)
    }

    /// The whole body where it has already arrived, as it always has in an `inline` handler; else nil.
    public var bytes: [UInt8]? { if case .bytes(let bytes) = source { bytes } else { nil } }

    /// The length in bytes where it is known beforehand.
    public var length: Int64? {
        switch source {
        case .bytes(let bytes): Int64(bytes.count)
        case .stream(let stream): stream.length
        case .decoded: nil
        }
    }

    /// Fields that came behind the body; of a streamed one known once iterating has ended, empty where there were none. What frames, routes or
    /// authenticates a message is never taken from here.
    public var trailers: HTTPHeaders {
        switch source {
        case .bytes: ownTrailers
        case .stream(let stream): stream.trailers
        case .decoded(let body): body.coded.trailers
        }
    }

    /// The whole body. - Parameter limit: in bytes; nil takes the server's `HTTPLimits.bodyBytes`.
    /// - Throws: `payloadTooLarge` over the limit, at once where the length was announced; `invalidArgument` for a broken
    ///   chunked coding; `cancelled` where the client went away before the end; `deadlineExceeded` where it was too slow.
    public func collect(limit: Int? = nil) async throws -> [UInt8] {
        let limit = limit ?? defaultLimit
        func check(_ count: Int64) throws {
            if count > Int64(limit) { throw MonoflowError(.payloadTooLarge, "read body", "", "larger than \(limit) bytes") }
        }
        if let length { try check(length) }
        if let bytes { return bytes }
        var out: [UInt8] = []
        if let length { out.reserveCapacity(Int(length)) }
        for try await chunk in self {
            try check(Int64(out.count + chunk.count))
            out.append(contentsOf: chunk)
        }
        return out
    }

    public func makeAsyncIterator() -> Iterator { Iterator(source: source) }

    /// Errors as `collect`, less the limit.
    public struct Iterator: AsyncIteratorProtocol {
        var source: Source?
        private var reader: DecodedBodyReader?

        init(source: Source) {
            self.source = source
            if case .decoded(let body) = source { reader = DecodedBodyReader(body) }
        }

        public mutating func next() async throws -> [UInt8]? {
            switch source {
            case nil: return nil
            case .bytes(let bytes):
                source = nil
                return bytes.isEmpty ? nil : bytes
            case .stream(let stream): return try await stream.next()
            case .decoded: return try await reader?.next()
            }
        }
    }
}

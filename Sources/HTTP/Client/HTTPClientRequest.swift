import Core

/// A request to be sent. The client writes `Host` (where the request has none), `Content-Length`, `Transfer-Encoding`,
/// `Connection`, `Expect` and `Upgrade` itself; what `headers` says about the latter five is left out.
public struct HTTPClientRequest: Sendable {
    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// A part of an open file, sent by the kernel; nil sends all of it.
        case file(HTTPFile, Range<Int64>? = nil)
        /// The closure runs in a task of its own once the head is sent. `length` in bytes where it is known; else the body
        /// is chunked. An error thrown by it cuts the connection and fails the request. It is run once at most, so such a
        /// request is not sent again after the body was begun.
        case stream(length: Int64?, @Sendable (ResponseWriter) async throws -> Void)

        /// Passes on a body that arrives, with what is known of its length, and its trailers.
        public static func passing(_ body: HTTPBody) -> Body {
            if let bytes = body.bytes { return bytes.isEmpty ? .none : .bytes(bytes) }
            return .stream(length: body.length) { writer in
                for try await chunk in body { try await writer.write(chunk) }
                writer.trailers(body.trailers)
            }
        }

        /// A sequence of chunks; chunked on the wire unless its `length` in bytes is given.
        public static func chunks<S: AsyncSequence & Sendable>(_ chunks: S, length: Int64? = nil) -> Body where S.Element == [UInt8] {
            .stream(length: length) { writer in
                for try await chunk in chunks { try await writer.write(chunk) }
            }
        }

        /// In bytes; nil where it is not known.
        var length: Int64? {
            switch self {
            case .none: 0
            case .bytes(let bytes): Int64(bytes.count)
            case .file(let file, let part): part.map { $0.upperBound - $0.lowerBound } ?? file.size
            case .stream(let length, _): length
            }
        }

        var isReplayable: Bool { if case .stream = self { false } else { true } }
    }

    public var method: HTTPMethod
    public var url: HTTPURL
    public var headers: HTTPHeaders
    public var body: Body
    /// Asks the server whether it wants the body before sending it.
    public var expectsContinue = false
    /// Asks for gzip or deflate and decodes the answer; `Content-Encoding` and `Content-Length` are then taken away.
    public var acceptsCompression = false
    /// A protocol to switch to, e.g. `"websocket"`; a response of 101 then comes with `HTTPClientResponse.upgrade`.
    public var upgrade: String?
    /// Nil takes the client's.
    public var timeouts: HTTPTimeouts?
    public var retries: RetryPolicy?
    public var redirects: RedirectPolicy?
    /// Told of every 1xx response before the final one, less 100 and 101; runs on an event loop and must not block.
    public var onInformational: (@Sendable (HTTPStatus, HTTPHeaders) -> Void)?

    public init(_ method: HTTPMethod, _ url: HTTPURL, headers: HTTPHeaders = HTTPHeaders(), body: Body = .none) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }

    /// - Throws: `invalidArgument` where the text is no URL.
    public init(_ method: HTTPMethod, _ url: String, headers: HTTPHeaders = HTTPHeaders(), body: Body = .none) throws(MonoflowError) {
        self.init(method, try HTTPURL(url), headers: headers, body: body)
    }

    /// Whether sending it twice does no more than sending it once (RFC 9110, section 9.2.2).
    var isIdempotent: Bool {
        switch method {
        case .get, .head, .put, .delete, .options: upgrade == nil
        default: false
        }
    }
}

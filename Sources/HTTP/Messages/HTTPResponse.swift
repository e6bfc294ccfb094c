import Core

/// What a handler answers.
public struct HTTPResponse: Sendable {
    public enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Sent by the kernel from the open file. With status 200 the server honours `Range` and the conditional
        /// headers, by the response's `ETag` and `Last-Modified`.
        case file(HTTPFile)
        /// The closure runs in the handler's task after the head is sent. `length` in bytes where it is known; else
        /// the body is chunked. An error thrown by the closure cuts the connection, so that the client sees that the
        /// body is not whole.
        case stream(length: Int64?, @Sendable (ResponseWriter) async throws -> Void)
        /// Takes the connection (HTTP/1.1, with status 101) or the stream (HTTP/2) over as a pipe: the body yields what the client
        /// sends and holds it back while it is not read, the writer sends. After the closure has returned, what is queued is sent and
        /// the pipe closed. A WebSocket request of HTTP/2 (RFC 8441) looks to the handler like one of HTTP/1.1, and is answered alike.
        case tunnel(@Sendable (HTTPBody, ResponseWriter) async throws -> Void)
    }

    public var status: HTTPStatus
    public var headers: HTTPHeaders
    public var body: Body
    /// Whether the connection is closed after this response.
    public var closesConnection = false

    public init(_ status: HTTPStatus = .ok, headers: HTTPHeaders = HTTPHeaders(), body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

extension HTTPResponse {
    public static func bytes(
        _ bytes: [UInt8], type: String = "application/octet-stream", status: HTTPStatus = .ok
    ) -> HTTPResponse {
        HTTPResponse(status, headers: ["Content-Type": type], body: .bytes(bytes))
    }

    public static func text(
        _ text: String, type: String = "text/plain; charset=utf-8", status: HTTPStatus = .ok
    ) -> HTTPResponse {
        bytes(Array(text.utf8), type: type, status: status)
    }

    public static func json(_ value: JSON, status: HTTPStatus = .ok) -> HTTPResponse {
        bytes(value.serialized(), type: "application/json", status: status)
    }

    /// - Parameter location: must be a URI reference; line ends in it become spaces.
    public static func redirect(_ location: String, status: HTTPStatus = .found) -> HTTPResponse {
        HTTPResponse(status, headers: ["Location": location])
    }

    public static func stream(
        type: String, status: HTTPStatus = .ok, length: Int64? = nil,
        _ write: @escaping @Sendable (ResponseWriter) async throws -> Void
    ) -> HTTPResponse {
        HTTPResponse(status, headers: ["Content-Type": type], body: .stream(length: length, write))
    }

    /// `text/event-stream`, not cached and not buffered by proxies.
    public static func events(_ write: @escaping @Sendable (ResponseWriter) async throws -> Void) -> HTTPResponse {
        var response = stream(type: "text/event-stream", write)
        response.headers.add("Cache-Control", "no-store")
        response.headers.add("X-Accel-Buffering", "no")
        return response
    }

    /// A file of the server's choice (no check of the path). - Throws: `notFound` where it is missing or no regular file.
    public static func file(_ path: String, type: String? = nil) throws(MonoflowError) -> HTTPResponse {
        file(try HTTPFile(path: path), type: type ?? MediaTypes.type(ofPath: path))
    }

    public static func file(_ file: HTTPFile, type: String = "application/octet-stream") -> HTTPResponse {
        HTTPResponse(headers: ["Content-Type": type], body: .file(file))
    }
}

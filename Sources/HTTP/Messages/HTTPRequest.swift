import Core

/// One request as a handler sees it.
public struct HTTPRequest: Sendable {
    public let method: HTTPMethod
    /// The target as it was sent (origin form: path and query, not decoded).
    public let target: String
    public let version: HTTPVersion
    public var headers: HTTPHeaders
    /// The client's address as text without port, e.g. `"127.0.0.1"`; `"unix"` on a Unix socket.
    public let peer: String
    /// Whether it came over TLS to this server; TLS that a proxy in front has ended does not count.
    public internal(set) var isSecure = false
    public var body: HTTPBody
    /// The matched route's pattern, e.g. `"/runs/{id}"`; nil where none matched.
    public internal(set) var route: String?
    /// The matched route's place in `Router.allRoutes`; nil where none matched.
    public internal(set) var routeIndex: Int?
    /// What middleware hands on to the handler.
    public var context = RequestContext()
    var parameters: [(name: String, value: String)] = []
    /// Sends a 1xx response; nil where nothing can.
    var sendInformational: (@Sendable (HTTPStatus, HTTPHeaders) -> Void)?

    /// Also for tests of handlers without a server.
    public init(
        _ method: HTTPMethod, _ target: String, headers: HTTPHeaders = HTTPHeaders(), body: HTTPBody = .empty,
        peer: String = "127.0.0.1", version: HTTPVersion = .http11
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.peer = peer
        self.version = version
    }

    /// The target's path, not decoded, without the query.
    public var rawPath: Substring { target.prefix { $0 != "?" } }

    /// The percent-decoded path. For messages and static files; routing works on raw segments, where an encoded slash
    /// is not a separator. A broken escape leaves the path as it was sent.
    public var path: String { HTTPText.percentDecoded(rawPath) ?? String(rawPath) }

    /// The decoded pairs of the query in order; a name without `=` has an empty value. Broken escapes stay as sent.
    public var queryItems: [(name: String, value: String)] {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        return target[target.index(after: mark)...].split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = parts.map { HTTPText.percentDecoded($0, plusIsSpace: true) ?? String($0) }
            return (decoded[0], decoded.count > 1 ? decoded[1] : "")
        }
    }

    /// The first value of a query item; nil where it is missing.
    public func query(_ name: String) -> String? { queryItems.first { $0.name == name }?.value }

    /// The decoded value of a `{name}` in the route's pattern. A name that the pattern lacks is `internalError`,
    /// so that a misspelt one is seen at the first request.
    public func parameter(_ name: String) throws(MonoflowError) -> String {
        for parameter in parameters where parameter.name == name { return parameter.value }
        throw MonoflowError(.internalError, "read path parameter", route ?? rawPath.description, "the route has no {\(name)}")
    }

    /// The media type without parameters, in lower case, e.g. `"application/json"`; nil without a Content-Type.
    public var mediaType: String? {
        headers["Content-Type"].map { HTTPText.trim($0.prefix { $0 != ";" }).lowercased() }
    }

    /// The value of a cookie; nil where it was not sent.
    public func cookie(_ name: String) -> String? {
        for line in headers.values("Cookie") {
            for pair in line.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                if parts.count == 2, HTTPText.trim(parts[0]) == name { return String(HTTPText.trim(parts[1])) }
            }
        }
        return nil
    }

    /// Sends a response of 102–199 ahead of the answer, e.g. 103 with links. Does nothing where the answer has begun, for a client of HTTP/1.0,
    /// and in handlers that run on the event loop.
    public func inform(_ status: HTTPStatus, _ headers: HTTPHeaders = HTTPHeaders()) {
        precondition((102...199).contains(status.code), "an informational status is 102–199")
        if version != .http10 { sendInformational?(status, headers) }
    }

    /// Reads the whole body as JSON. - Throws: `payloadTooLarge` over `limit`; `invalidArgument` for text that is no JSON.
    public func json(limit: Int? = nil) async throws -> JSON {
        try JSONParser.parse(try await body.collect(limit: limit))
    }
}

/// Names one value in a `RequestContext`.
public protocol RequestContextKey {
    associatedtype Value: Sendable
}

/// Typed storage that travels with a request: `request.context[PrincipalKey.self] = principal`.
public struct RequestContext: Sendable {
    private var entries: [(key: ObjectIdentifier, value: any Sendable)] = []

    public init() {}

    public subscript<Key: RequestContextKey>(key: Key.Type) -> Key.Value? {
        get {
            let wanted = ObjectIdentifier(key)
            return entries.first { $0.key == wanted }?.value as? Key.Value
        }
        set {
            let wanted = ObjectIdentifier(key)
            entries.removeAll { $0.key == wanted }
            if let newValue { entries.append((wanted, newValue)) }
        }
    }
}

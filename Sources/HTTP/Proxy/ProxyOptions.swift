/// How a `ReverseProxy` changes what it passes on.
public struct ProxyOptions: Sendable {
    /// What is done with `Forwarded` and `X-Forwarded-…` fields that the client sent.
    public enum Forwarding: Sendable {
        /// Left out: they are the client's claims.
        case replaced
        /// Kept, and added to: the client is a proxy that is trusted.
        case appended
    }

    /// Which `Host` the server sees.
    public enum Host: Sendable {
        /// That of its origin.
        case rewritten
        /// What the client asked for.
        case preserved
    }

    /// Which cookies pass, both ways.
    public enum Cookies: Sendable {
        case all
        /// All but these: the server neither sees nor sets them.
        case allBut(Set<String>)
        case none
    }

    /// What the server is called in errors; nil shows its origin.
    public var name: String?
    /// Turns the target (path and query, as sent) into the server's; nil answers 404.
    public var rewriteTarget: (@Sendable (_ target: String) -> String?)?
    /// Changes the fields of a response, e.g. `Location`; after the proxy's own changes.
    public var rewriteResponse: (@Sendable (_ request: HTTPRequest, _ status: HTTPStatus, _ headers: inout HTTPHeaders) -> Void)?
    public var forwarding = Forwarding.replaced
    public var host = Host.rewritten
    /// This proxy's name in `Via`; nil leaves the field as it came.
    public var via: String? = "monoflow"
    public var cookies = Cookies.all
    /// Whether the server gets the client's `Authorization`.
    public var passesAuthorization = true
    /// Nil takes the client's.
    public var timeouts: HTTPTimeouts?
    /// A tunnel on which nothing is sent either way for so long is closed.
    public var tunnelIdle: Duration = .seconds(300)
    /// How long the server may go on sending after the client has ended its direction of a tunnel.
    public var tunnelHalfOpen: Duration = .seconds(30)

    public init() {}

    /// Takes a prefix such as `"/apps/x"` from the path; what does not start with it is answered 404.
    public static func withoutPrefix(_ prefix: String) -> @Sendable (String) -> String? {
        { target in
            guard target.hasPrefix(prefix) else { return nil }
            let rest = target.dropFirst(prefix.count)
            switch rest.first {
            case "/": return String(rest)
            case nil, "?": return "/" + rest
            default: return nil
            }
        }
    }
}

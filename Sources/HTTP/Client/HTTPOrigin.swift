import Core
import Sockets

/// Who is asked: scheme, host and port, and the socket behind them. Connections are pooled by it.
public struct HTTPOrigin: Sendable, Hashable {
    public enum Scheme: String, Sendable, Hashable {
        case http, https

        public var defaultPort: Int { self == .http ? 80 : 443 }
    }

    public let scheme: Scheme
    /// In lower case, an IPv6 address without brackets.
    public let host: String
    public let port: Int
    /// What is connected to: host and port, or a Unix socket that stands in for them.
    public let address: SocketAddress

    /// - Parameters:
    ///   - host: a name of ASCII letters, digits, `-`, `.` and `_`, or a numeric address.
    ///   - port: 1–65535; nil takes the scheme's.
    ///   - address: nil takes host and port.
    /// - Throws: `invalidArgument`.
    public init(_ scheme: Scheme = .http, host: String, port: Int? = nil, address: SocketAddress? = nil) throws(MonoflowError) {
        let host = host.lowercased(), port = port ?? scheme.defaultPort
        let allowed = host.contains(":") ? "0123456789abcdef:." : "0123456789abcdefghijklmnopqrstuvwxyz-._"
        guard !host.isEmpty, host.utf8.count <= 255, host.allSatisfy(allowed.contains) else {
            throw MonoflowError(.invalidArgument, "read origin", host, "no host name or address", hint: "write other scripts in their ASCII form")
        }
        guard (1...65535).contains(port) else { throw MonoflowError(.invalidArgument, "read origin", host, "port \(port) is not 1–65535") }
        self.scheme = scheme
        self.host = host
        self.port = port
        self.address = address ?? .ip(host: host, port: port)
    }

    /// As it stands in `Host`: the scheme's own port is left out.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }
}

extension HTTPOrigin: CustomStringConvertible {
    /// For messages, e.g. `http://127.0.0.1:8080`, or `http://localhost (unix:/run/app)`.
    public var description: String {
        let text = "\(scheme.rawValue)://\(authority)"
        if case .unix = address { return "\(text) (\(address))" }
        return text
    }
}

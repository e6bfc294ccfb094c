/// Whether a connection is encrypted, and which side of TLS it plays.
public enum ConnectionSecurity: Sendable {
    case plain
    case server(TLSServerContext)
    /// - serverName: host name or IP address without port; sent as SNI where it is a name, and what the peer's certificate is
    ///   checked against.
    case client(TLSClientContext, serverName: String)

    var isPlain: Bool { if case .plain = self { true } else { false } }
}

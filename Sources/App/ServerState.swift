import Core
import GRPC
import HTTP
import Sockets
import Synchronization

/// What clients need to know to speak TLS with the server.
struct ServedTLS: Sendable {
    var url: String
    /// The certificate to trust, PEM; nil where certificates were given to the server.
    var authority: String?
}

/// What changes while the server runs and is read from many places.
final class ServerState: Sendable {
    private struct Inner {
        var phase = Phase.starting
        var url: String?
        var tls: ServedTLS?
        var counters: (@Sendable () -> HTTPCounters)?
        var requests: RequestMetrics?
    }
    private enum Phase { case starting, ready, stopping }
    private let inner = Mutex(Inner())
    /// What gRPC's clients are told of the server as a whole.
    let health = GRPCHealth(["": .notServing])

    func setReady() {
        inner.withLock { $0.phase = .ready }
        health.set("", .serving)
    }

    func setStopping() {
        inner.withLock { $0.phase = .stopping }
        health.set("", .notServing)
    }

    var notReady: String? {
        switch inner.withLock({ $0.phase }) {
        case .starting: "the server is starting"
        case .ready: nil
        case .stopping: "the server is stopping"
        }
    }

    var url: String? { inner.withLock { $0.url } }

    func setAddress(_ address: SocketAddress) {
        guard let url = Self.url("http", address) else { return }
        inner.withLock { $0.url = url }
    }

    /// Where TLS is spoken; nil where it is not.
    var tls: ServedTLS? {
        get { inner.withLock { $0.tls } }
        set { inner.withLock { $0.tls = newValue } }
    }

    /// How clients on this machine reach the address: one that listens on every interface on loopback. Nil for a Unix socket.
    static func url(_ scheme: String, _ address: SocketAddress) -> String? {
        guard case .ip(let host, let port) = address else { return nil }
        let local = ["", "0.0.0.0", "::", "*"].contains(host) ? "127.0.0.1" : host
        let shown = local.contains(":") ? "[\(local)]" : local
        return "\(scheme)://\(shown):\(port)"
    }

    var requests: RequestMetrics? {
        get { inner.withLock { $0.requests } }
        set { inner.withLock { $0.requests = newValue } }
    }

    var counters: (@Sendable () -> HTTPCounters)? {
        get { inner.withLock { $0.counters } }
        set { inner.withLock { $0.counters = newValue } }
    }
}

import Core
import Logging
import Sockets
import Synchronization

/// An HTTP/1.1 server over a group of event loops.
public final class HTTPServer: Sendable {
    private let core: ServerCore
    private let group: EventLoopGroup
    private let encoders: [LoopEncoder]
    private let turn = Atomic(0)
    private let listeners = Mutex<[Listener]>([])

    /// A loop's encoder; used on that loop only.
    private struct LoopEncoder: @unchecked Sendable {
        let encoder = ResponseEncoder()
    }

    /// - Parameters:
    ///   - onError: what an error thrown by a handler, or no route, is answered with.
    ///   - observer: told of every request when its response ends; runs on the loop and must not block.
    public init(
        router: Router, group: EventLoopGroup, limits: HTTPLimits = HTTPLimits(), log: Logger = Logger(label: "monoflow.http"),
        onError: @escaping @Sendable (any Error, HTTPRequest) -> HTTPResponse = HTTPErrorTable.respond,
        observer: (@Sendable (HTTPExchangeRecord) -> Void)? = nil
    ) {
        core = ServerCore(table: RouteTable(router), limits: limits, log: log, onError: onError, observer: observer)
        self.group = group
        encoders = group.loops.map { _ in LoopEncoder() }
        let room = ServerCore.RoomAction { [weak self] in self?.listeners.withLock { $0.forEach { $0.resume() } } }
        core.onRoom.withLock { $0 = room }
    }

    public var counters: HTTPCounters { core.counters.snapshot() }

    /// What ALPN offers over TLS, the best first.
    public static let protocols = ["h2", "http/1.1"]

    /// Listens and serves; may be called for several addresses.
    /// - Parameter tls: serves HTTPS; each connection gets the context that is current when it comes.
    /// - Returns: the address with the port that the kernel gave where 0 was asked for.
    /// - Throws: as `Listener.init`.
    @discardableResult
    public func start(_ address: SocketAddress, tls: TLSServerContextHolder? = nil) throws(MonoflowError) -> SocketAddress {
        let listener = try Listener(address, on: group.loops[0], log: core.log) { [weak self] socket in
            guard let self else {
                socket.close()
                return true
            }
            return accept(socket, tls.map { .server($0.current) } ?? .plain)
        }
        listeners.withLock { $0.append(listener) }
        listener.start()
        return listener.address
    }

    private func accept(_ socket: AcceptedSocket, _ security: ConnectionSecurity) -> Bool {
        let index = turn.wrappingAdd(1, ordering: .relaxed).oldValue % group.loops.count
        let loop = group.loops[index]
        let connection = HTTP1Connection(socket, loop: loop, security: security, encoder: encoders[index].encoder, core: core)
        switch core.admit(connection) {
        case .refused:
            socket.close()
            return true
        case .admitted(let isLast):
            loop.execute { connection.start() }
            return !isLast
        }
    }

    /// Stops listening, lets requests in flight end (their responses say `Connection: close`), closes idle connections,
    /// and after `timeout` cuts what is left.
    /// - Returns: how many connections were cut.
    @discardableResult
    public func drain(timeout: Duration) async -> Int {
        let all = listeners.withLock { listeners in
            defer { listeners.removeAll() }
            return listeners
        }
        for listener in all { await withCheckedContinuation { done in listener.stop { done.resume() } } }
        let (empty, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let connections = core.beginDrain { signal.finish() }
        for connection in connections { connection.connection.loop.execute { connection.drain() } }
        let timer = Task {
            try? await Task.sleep(for: timeout)
            signal.finish()
        }
        for await _ in empty {}
        timer.cancel()
        let left = core.openConnections()
        for connection in left {
            await withCheckedContinuation { done in
                connection.connection.loop.execute {
                    connection.connection.close()
                    done.resume()
                }
            }
        }
        return left.count
    }
}

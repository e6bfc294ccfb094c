import CLinux
import Core
import Foundation

/// Makes outbound connections without blocking a thread.
public struct Connector: Sendable {
    private let resolver: AddressResolver
    /// For one address where the name has several.
    private let tryLimit: Duration

    public init(resolver: AddressResolver = AddressResolver(), tryLimit: Duration = .seconds(5)) {
        self.resolver = resolver
        self.tryLimit = tryLimit
    }

    /// Connects to the first address of the host that answers; each gets `tryLimit`, all together `limit`.
    /// - Parameter loop: whose epoll waits for the connection; the socket is on no loop when it is returned.
    /// - Throws: `invalidArgument` (no such port), `unavailable`, `deadlineExceeded`, `resourceExhausted`, `cancelled`.
    public func connect(to address: SocketAddress, on loop: EventLoop, limit: Duration = .seconds(10)) async throws(MonoflowError) -> AcceptedSocket {
        let deadline = ContinuousClock.now + limit
        do {
            let candidates = try await candidates(address, limit: limit)
            var last: any Error = MonoflowError(.unavailable, "connect", address.description, "no address was tried")
            for (index, candidate) in candidates.enumerated() {
                let left = deadline - ContinuousClock.now
                guard left > .zero else { throw MonoflowError(.deadlineExceeded, "connect", address.description, "no answer within \(limit)") }
                let isLast = index == candidates.count - 1
                do { return try await connect(candidate, address, loop, limit: isLast ? left : min(left, tryLimit)) } catch { last = error }
                if last is CancellationError { break }
            }
            throw last
        } catch let error as MonoflowError {
            throw error
        } catch {
            throw MonoflowError(.cancelled, "connect", address.description, "the task was cancelled")
        }
    }

    private func candidates(_ address: SocketAddress, limit: Duration) async throws -> [ResolvedAddress] {
        switch address {
        case .unix(let path): return [ResolvedAddress(unix: path)]
        case .ip(let host, let port):
            guard (1...65535).contains(port), !host.isEmpty else {
                throw MonoflowError(.invalidArgument, "connect", address.description, "no host, or no port of 1–65535")
            }
            return try await resolver.addresses(host: host, port: port, limit: limit)
        }
    }

    private func connect(
        _ candidate: ResolvedAddress, _ address: SocketAddress, _ loop: EventLoop, limit: Duration
    ) async throws -> AcceptedSocket {
        let attempt = ConnectAttempt(candidate, address, loop)
        loop.execute { attempt.start(limit: limit) }
        do { return try await attempt.socket.value() } catch {
            loop.execute { attempt.abandon() }
            throw error
        }
    }
}

/// One `connect` that is under way on a loop.
private final class ConnectAttempt: EventSource, @unchecked Sendable {
    /// A Unix socket whose queue is full does not say when there is room.
    private static let retryDelay = Duration.milliseconds(10)

    let socket = Promise<AcceptedSocket>()
    private let target: ResolvedAddress
    private let address: SocketAddress
    private let loop: EventLoop
    private var descriptor: Int32 = -1
    private var token: UInt64?
    private var timer: LoopTimer?
    private var retry: LoopTimer?

    init(_ target: ResolvedAddress, _ address: SocketAddress, _ loop: EventLoop) {
        self.target = target
        self.address = address
        self.loop = loop
    }

    func start(limit: Duration) {
        if socket.isFulfilled { return }
        descriptor = Foundation.socket(target.family, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return fail(errno) }
        if target.family != AF_UNIX {
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        timer = loop.makeTimer { [weak self] in self?.fail(ETIMEDOUT) }
        timer?.set(after: limit)
        connect()
    }

    private func connect() {
        let result = target.withPointer { Foundation.connect(descriptor, $0, target.length) }
        if result == 0 { return finish() }
        switch errno {
        case EINPROGRESS, EINTR:
            token = loop.add(self, descriptor: descriptor, events: UInt32(CLINUX_EPOLLOUT) | CLINUX_EPOLLET)
            if token == nil { fail(errno) }
        case EAGAIN where target.family == AF_UNIX:
            retry = retry ?? loop.makeTimer { [weak self] in self?.connect() }
            retry?.set(after: Self.retryDelay)
        case let number: fail(number)
        }
    }

    func ready(_ events: UInt32) {
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
        if number == 0 { finish() } else { fail(number) }
    }

    private func finish() {
        // A port of this machine that nobody listens on may be the very port the kernel has chosen for our own end.
        if target.family != AF_UNIX, SystemAddress.isConnectedToItself(descriptor) { return fail(ECONNREFUSED) }
        let connected = AcceptedSocket(descriptor: descriptor, peer: SystemAddress.text(target.storage))
        release()
        if socket.fulfil(.success(connected)) { descriptor = -1 } else { abandon() }
    }

    private func fail(_ number: Int32) {
        abandon()
        let timedOut = number == ETIMEDOUT
        socket.fulfil(.failure(MonoflowError(
            timedOut ? .deadlineExceeded : number == EMFILE || number == ENFILE ? .resourceExhausted : .unavailable, "connect",
            address.description, timedOut ? "no answer in time" : String(cString: strerror(number)))))
    }

    private func release() {
        if let token { loop.remove(token: token, descriptor: descriptor) }
        token = nil
        timer?.invalidate()
        retry?.invalidate()
    }

    /// Closes what has not been handed over.
    func abandon() {
        release()
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }
}

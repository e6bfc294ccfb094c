import CLinux
import Core
import Foundation
import Logging

/// A connected descriptor, not yet on a loop; its receiver owns it.
public struct AcceptedSocket: Sendable {
    public let descriptor: Int32
    /// Numeric address without port; `"unix"` for a Unix socket.
    public let peer: String

    /// Refuses the connection.
    public func close() { _ = Foundation.close(descriptor) }
}

/// A listening socket on one loop.
public final class Listener: EventSource, @unchecked Sendable {
    /// Accepts a turn, so that a flood of connections does not starve the loop's other descriptors.
    private static let acceptsPerTurn = 64
    private static let retryDelay = Duration.milliseconds(100)

    /// The address with the port that the kernel gave.
    public let address: SocketAddress
    private let loop: EventLoop
    private let log: Logger
    private let accepted: @Sendable (AcceptedSocket) -> Bool
    private var descriptor: Int32
    private var token: UInt64?
    private var paused = false
    private var exhausted = false
    private lazy var retry = loop.makeTimer { [weak self] in self?.accept() }

    /// Binds at once and accepts from `start` on. - Parameter accepted: called on the listener's loop; after false no more are
    /// accepted, but left in the kernel's queue, until `resume`.
    /// - Throws: `alreadyExists` (address in use), `permissionDenied`, `invalidArgument`, `unavailable`.
    public init(
        _ address: SocketAddress, on loop: EventLoop, backlog: Int = 1024, log: Logger,
        accepted: @escaping @Sendable (AcceptedSocket) -> Bool
    ) throws(MonoflowError) {
        descriptor = try SystemAddress.listen(address, backlog: Int32(backlog))
        switch address {
        case .ip(let host, _): self.address = .ip(host: host, port: SystemAddress.port(descriptor))
        case .unix: self.address = address
        }
        self.loop = loop
        self.log = log
        self.accepted = accepted
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    public func start() {
        loop.execute { [self] in
            guard descriptor >= 0, token == nil else { return }
            token = loop.add(self, descriptor: descriptor, events: UInt32(CLINUX_EPOLLIN) | CLINUX_EPOLLET)
            accept()
        }
    }

    public func resume() {
        loop.execute { [self] in
            guard paused else { return }
            paused = false
            accept()
        }
    }

    /// Closes the socket; connections that wait in the kernel's queue are reset. `done` runs on the loop.
    public func stop(_ done: @escaping @Sendable () -> Void = {}) {
        loop.execute { [self] in
            retry.invalidate()
            if descriptor >= 0 {
                if let token { loop.remove(token: token, descriptor: descriptor) }
                close(descriptor)
                descriptor = -1
                if case .unix(let path) = address { unlink(path) }
            }
            done()
        }
    }

    func ready(_ events: UInt32) { accept() }

    private func accept() {
        var turn = 0
        while !paused && descriptor >= 0 {
            if turn == Self.acceptsPerTurn { return loop.execute { [self] in accept() } }
            turn += 1
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let fd = withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { clinux_accept(descriptor, $0, &length) }
            }
            if fd >= 0 {
                exhausted = false
                var on: Int32 = 1
                setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
                if !accepted(AcceptedSocket(descriptor: fd, peer: SystemAddress.text(storage))) { paused = true }
                continue
            }
            switch errno {
            case EAGAIN: return
            case EINTR, ECONNABORTED, EPROTO, EPERM: continue
            default:
                // Out of descriptors or memory: the edge will not come again, so try after a while; say it once.
                if !exhausted {
                    log.warning("accept: \(String(cString: strerror(errno))); retrying every \(Self.retryDelay)")
                }
                exhausted = true
                return retry.set(after: Self.retryDelay)
            }
        }
    }
}

import CLinux
import Core
import Foundation
import Testing
@testable import Sockets

/// Outbound connections: names with several addresses, and look-ups that block.
@Suite(.timeLimit(.minutes(1))) struct ConnectorTests {
    /// A listening socket on loopback. - Parameter backlog: with 0 and one connection waiting, further ones are neither taken nor refused.
    private static func listen(backlog: Int32 = 16) -> (descriptor: Int32, port: Int) {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = bind(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        _ = Foundation.listen(fd, backlog)
        return (fd, SystemAddress.port(fd))
    }

    /// Connects to whatever a resolver says that a name means.
    private func connector(_ ports: [Int], tryLimit: Duration = .seconds(20)) -> Connector {
        Connector(resolver: AddressResolver(atOnce: 1, capacity: 8) { _, _ in
            try ports.flatMap { try AddressResolver.lookUp("127.0.0.1", $0, flags: AI_NUMERICHOST | AI_NUMERICSERV) }
        }, tryLimit: tryLimit)
    }

    private func code(_ work: () async throws -> Void) async -> MonoflowError.Code? {
        do { try await work() } catch { return (error as? MonoflowError)?.code ?? .internalError }
        return nil
    }

    @Test func theNextAddressIsTried() async throws {
        let group = try EventLoopGroup(count: 1), (good, port) = Self.listen()
        defer { close(good) }
        let socket = try await connector([1, 1, port]).connect(to: .ip(host: "several.example", port: 80), on: group.loops[0], limit: .seconds(50))
        #expect(socket.peer == "127.0.0.1")
        socket.close()
        #expect(await code { _ = try await connector([1, 1]).connect(to: .ip(host: "several.example", port: 80), on: group.loops[0], limit: .seconds(50)) } == .unavailable)
    }

    @Test func anAddressThatDoesNotAnswerIsLeftInTime() async throws {
        let group = try EventLoopGroup(count: 1), loop = group.loops[0]
        let (full, silent) = Self.listen(backlog: 0), (good, port) = Self.listen()
        defer {
            close(full)
            close(good)
        }
        // One connection fills the queue.
        let first = try await Connector().connect(to: .ip(host: "127.0.0.1", port: silent), on: loop)
        defer { first.close() }
        let connector = connector([silent, port], tryLimit: .milliseconds(100))
        try await connector.connect(to: .ip(host: "several.example", port: 80), on: loop, limit: .seconds(50)).close()
        #expect(await code { _ = try await self.connector([silent]).connect(to: .ip(host: "one.example", port: 80), on: loop, limit: .milliseconds(100)) } == .deadlineExceeded)
    }

    /// Look-ups block their threads until something is written to a pipe.
    @Test func lookUpsAreBounded() async throws {
        let group = try EventLoopGroup(count: 1), (good, port) = Self.listen()
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (gate, key) = (ends[0], ends[1])
        defer { for fd in [good, gate, key] { close(fd) } }
        let (began, signal) = AsyncStream.makeStream(of: Void.self)
        let resolver = AddressResolver(atOnce: 1, capacity: 1) { _, _ in
            signal.yield()
            var byte: UInt8 = 0
            _ = read(gate, &byte, 1)
            return try AddressResolver.lookUp("127.0.0.1", port, flags: AI_NUMERICHOST | AI_NUMERICSERV)
        }
        let connector = Connector(resolver: resolver), address = SocketAddress.ip(host: "slow.example", port: 80)
        let running = Task { try await connector.connect(to: address, on: group.loops[0], limit: .seconds(50)) }
        var iterator = began.makeAsyncIterator()
        await iterator.next()
        // The one that waits runs out of time, and keeps its place in the line until its turn comes.
        #expect(await code { _ = try await connector.connect(to: address, on: group.loops[0], limit: .milliseconds(50)) } == .deadlineExceeded)
        #expect(await code { _ = try await connector.connect(to: address, on: group.loops[0], limit: .seconds(50)) } == .resourceExhausted)
        // A numeric address needs no look-up.
        try await connector.connect(to: .ip(host: "127.0.0.1", port: port), on: group.loops[0]).close()
        var byte: UInt8 = 1
        #expect(write(key, &byte, 1) == 1)
        try await running.value.close()
        // Nobody waits for the second look-up any more: it is left out, and the thread is free for the third.
        let third = Task { try await connector.connect(to: address, on: group.loops[0], limit: .seconds(50)) }
        await iterator.next()
        #expect(write(key, &byte, 1) == 1)
        try await third.value.close()
        let cancelled = Task { try await connector.connect(to: address, on: group.loops[0], limit: .seconds(50)) }
        await iterator.next()
        cancelled.cancel()
        #expect(await code { try await cancelled.value.close() } == .cancelled)
        #expect(write(key, &byte, 1) == 1)
    }
}

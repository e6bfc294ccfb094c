import CLinux
import COpenSSL
import Core
import Foundation
import Testing
@testable import Sockets

@Suite(.timeLimit(.minutes(1))) struct HandshakeTests {
    private let group: EventLoopGroup
    var loop: EventLoop { group.loops[0] }
    let authority: TestAuthority

    init() throws {
        group = try EventLoopGroup(count: 1)
        authority = try TestAuthority()
    }

    /// A server's connection and a client that trusts the test's authority.
    private func pair(_ context: TLSServerContext, echoes: Bool = true, _ change: (inout SecurePeer.Settings) -> Void = { _ in }) throws -> (Watched, SecurePeer) {
        var settings = SecurePeer.Settings()
        settings.roots = authority.roots
        settings.serverName = "localhost"
        change(&settings)
        let (near, far) = try socketPair()
        return (Watched(near, loop, .server(context), echoes: echoes), try SecurePeer(far, settings))
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION]) func echoesAndEnds(version: Int32) async throws {
        let (server, client) = try pair(try authority.context()) { $0.maximumVersion = Int(version) }
        try await client.handshake()
        #expect(await server.next() == .ready)
        #expect(client.version == (version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2"))
        for size in [1, 100, 16 << 10, 16 << 10 + 1, 300_000] {
            let bytes = pattern(size)
            try await client.send(bytes)
            let same = try await client.receive(size) == bytes
            #expect(same, "\(size) bytes came back changed")
        }
        try await client.halfClose()
        #expect(await server.nextOfOwn() == .readEnded(truncated: false))
        #expect(try await client.receiveToEnd().isOrderly)
        try await client.close()
        #expect(await server.nextOfOwn() == .closed(0, nil))
    }

    @Test func countsApplicationBytes() async throws {
        let (server, client) = try pair(try authority.context())
        try await client.handshake()
        try await client.send(pattern(1000))
        _ = try await client.receive(1000)
        #expect(await server.onLoop { [$0.received, $0.sent, Int64($0.queuedBytes)] } == [1000, 1000, 0])
        #expect(server.connection.isSecure)
    }

    @Test func oldVersionsAreRefused() async throws {
        let (server, client) = try pair(try authority.context()) { $0.maximumVersion = Int(TLS1_1_VERSION) }
        await #expect(throws: SecurePeer.Failure.self) { try await client.handshake() }
        guard case .closed(let number, let reason)? = await server.nextOfOwn() else { return #expect(Bool(false), "no end") }
        #expect(number == EPROTO || number == ECONNRESET)
        #expect(reason?.hasPrefix("TLS: ") == true)
    }

    @Test func protocolIsTheServersChoice() async throws {
        let context = try authority.context(protocols: ["h2", "http/1.1"])
        let http = Array("\u{8}http/1.1".utf8), both = http + Array("\u{2}h2".utf8)
        for (offer, expected) in [(both, "h2"), (http, "http/1.1"), ([], nil)] as [([UInt8], String?)] {
            let (server, client) = try pair(context) { $0.protocols = offer }
            try await client.handshake()
            #expect(await server.next() == .ready)
            #expect(await server.onLoop { $0.negotiatedProtocol } == expected)
        }
        let (server, client) = try pair(context) { $0.protocols = Array("\u{4}spdy".utf8) }
        let failure = await #expect(throws: SecurePeer.Failure.self) { try await client.handshake() }
        #expect(failure?.message.contains("no application protocol") == true, "\(failure?.message ?? "")")
        #expect(await server.nextOfOwn() == .closed(EPROTO, "TLS: no application protocol"))
    }

    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION]) func ticketsResumeAlsoAfterReload(version: Int32) async throws {
        let keys = TLSTicketKeys()
        let holder = TLSServerContextHolder(try authority.context(ticketKeys: keys))
        let (_, first) = try pair(holder.current) { $0.maximumVersion = Int(version) }
        try await first.handshake()
        // The tickets of TLS 1.3 come with the first bytes that are read.
        try await first.send([1])
        _ = try await first.receive(1)
        #expect(!first.wasResumed)
        let session = first.session()
        defer { SSL_SESSION_free(session) }
        // Closing without an end would spoil the session.
        try await first.halfClose()

        holder.replace(with: try authority.context(ticketKeys: keys))
        let (_, second) = try pair(holder.current) { ($0.maximumVersion, $0.session) = (Int(version), session) }
        try await second.handshake()
        #expect(second.wasResumed)

        holder.replace(with: try authority.context())
        let (_, third) = try pair(holder.current) { ($0.maximumVersion, $0.session) = (Int(version), session) }
        try await third.handshake()
        #expect(!third.wasResumed, "a ticket under keys that are gone was taken")
        try await third.send([1])
        #expect(try await third.receive(1) == [1])
    }

    @Test func reloadLeavesOpenConnectionsAlone() async throws {
        let holder = TLSServerContextHolder(try authority.context())
        let (_, before) = try pair(holder.current)
        try await before.handshake()
        let other = try TestAuthority()
        holder.replace(with: try other.context())
        let (_, after) = try pair(holder.current) { $0.roots = other.roots }
        try await after.handshake()
        #expect(before.serial != nil && before.serial != after.serial)
        try await before.send(pattern(50_000))
        #expect(try await before.receive(50_000) == pattern(50_000))
    }

    @Test func serverNameChoosesTheCertificate() async throws {
        let other = try TestAuthority()
        let context = try TLSServerContext(identities: [
            try authority.authority.serverIdentity(names: ["localhost"]), try other.authority.serverIdentity(names: ["models.example"]),
        ])
        let (_, first) = try pair(context)
        try await first.handshake()
        let (_, second) = try pair(context) { ($0.roots, $0.serverName) = (other.roots, "models.example") }
        try await second.handshake()
        #expect(first.serial != second.serial)
        // A name that is none of them gets the first certificate, and the client refuses that.
        let (server, third) = try pair(context) { $0.serverName = "elsewhere.example" }
        let failure = await #expect(throws: SecurePeer.Failure.self) { try await third.handshake() }
        #expect(failure?.message.contains("hostname mismatch") == true, "\(failure?.message ?? "")")
        guard case .closed(EPROTO, let reason?)? = await server.nextOfOwn() else { return #expect(Bool(false), "no failure") }
        #expect(reason.contains("alert"))
    }

    @Test func stalledHandshakeIsCut() async throws {
        let (near, far) = try socketPair()
        defer { close(far) }
        let server = Watched(near, loop, .server(try authority.context(handshakeTimeout: .milliseconds(50))))
        guard case .closed(ETIMEDOUT, let reason?)? = await server.next() else { return #expect(Bool(false), "it was not cut") }
        #expect(reason.contains("handshake took longer"))
    }

    @Test func plainTextIsRefused() async throws {
        let (near, far) = try socketPair()
        let server = Watched(near, loop, .server(try authority.context()))
        let client = try SecurePeer(far)
        try await client.sendRaw(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(await server.nextOfOwn() == .closed(EPROTO, "TLS: http request"))
    }

    @Test func endInTheHandshakeIsTold() async throws {
        let (near, far) = try socketPair()
        let server = Watched(near, loop, .server(try authority.context()))
        close(far)
        #expect(await server.nextOfOwn() == .closed(ECONNRESET, "TLS: the peer closed the connection during the handshake"))
    }

    /// A real ClientHello with bytes changed, cut or added: every connection ends, and nothing else happens.
    @Test func brokenHellosEndTheConnection() async throws {
        let hello = try await Self.clientHello()
        let context = try authority.context(protocols: ["h2"], handshakeTimeout: .milliseconds(300))
        var state: UInt64 = 20_261_123
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var servers: [(Watched, Int32)] = []
        for _ in 0..<300 {
            var bytes = hello
            switch random(3) {
            case 0: for _ in 0...random(4) { bytes[random(bytes.count)] = UInt8(random(256)) }
            case 1: bytes.removeLast(1 + random(bytes.count - 1))
            default: bytes.insert(contentsOf: (0...random(40)).map { _ in UInt8(random(256)) }, at: random(bytes.count))
            }
            let (near, far) = try socketPair()
            _ = bytes.withUnsafeBytes { send(far, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            servers.append((Watched(near, loop, .server(context)), far))
        }
        for (server, far) in servers {
            defer { close(far) }
            guard case .closed(let number, _)? = await server.nextOfOwn() else { return #expect(Bool(false), "a handshake succeeded") }
            #expect(number != 0)
        }
    }

    private static func clientHello() async throws -> [UInt8] {
        let (near, far) = try socketPair()
        let client = try SecurePeer(near)
        // It waits for an answer that does not come.
        shutdown(near, Int32(SHUT_RD))
        try? await client.handshake()
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(far, &bytes, bytes.count, 0)
        close(far)
        return Array(bytes.prefix(max(0, count)))
    }
}

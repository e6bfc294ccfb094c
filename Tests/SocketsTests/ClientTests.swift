import Core
import Foundation
import Testing
@testable import Sockets

/// The client's side of a connection.
@Suite(.timeLimit(.minutes(1))) struct ClientTests {
    private let group: EventLoopGroup
    var loop: EventLoop { group.loops[0] }
    let authority: TestAuthority

    init() throws {
        group = try EventLoopGroup(count: 1)
        authority = try TestAuthority()
    }

    private func pair(_ client: TLSClientContext, name: String, server: TLSServerContext? = nil) throws -> (Watched, Watched) {
        let (near, far) = try socketPair(buffer: 4608)
        return (Watched(near, loop, .server(try server ?? authority.context(protocols: ["h2", "http/1.1"])), echoes: true), Watched(far, loop, .client(client, serverName: name)))
    }

    @Test(arguments: ["localhost", "LOCALHOST.", "127.0.0.1", "::1", "[::1]"]) func verifiesTheName(name: String) async throws {
        let (server, client) = try pair(try TLSClientContext(roots: .pem(authority.roots), protocols: ["http/1.1", "h2"]), name: name)
        #expect(await client.next() == .ready)
        #expect(await client.onLoop { $0.negotiatedProtocol } == "h2")
        #expect(await server.next() == .ready)
        let bytes = pattern(1 << 20)
        await client.send(bytes)
        #expect(await client.receive(bytes.count) == bytes)
        await client.onLoop { $0.closeAfterFlush(linger: .seconds(5)) }
        #expect(await server.nextOfOwn() == .readEnded(truncated: false))
        #expect(await client.nextOfOwn() == .closed(0, nil))
    }

    @Test func whatIsQueuedEarlyGoesOutAfterTheHandshake() async throws {
        let (near, far) = try socketPair()
        let client = Watched(far, loop, .client(try TLSClientContext(roots: .pem(authority.roots)), serverName: "localhost"))
        await client.send(pattern(40_000))
        #expect(await client.onLoop { $0.sent } == 0)
        _ = Watched(near, loop, .server(try authority.context()), echoes: true)
        #expect(await client.next() == .ready)
        #expect(await client.receive(40_000) == pattern(40_000))
    }

    private func refusal(_ client: TLSClientContext, name: String, server: TLSServerContext? = nil) async throws -> String {
        let (_, refused) = try pair(client, name: name, server: server)
        guard case .closed(let number, let reason?)? = await refused.nextOfOwn() else { return "it was taken" }
        #expect(number == EPROTO)
        return reason
    }

    @Test func refusesOtherNames() async throws {
        let context = try TLSClientContext(roots: .pem(authority.roots))
        #expect(try await refusal(context, name: "elsewhere.example") == "TLS: certificate verify failed: hostname mismatch")
        #expect(try await refusal(context, name: "127.0.0.2") == "TLS: certificate verify failed: IP address mismatch")
    }

    @Test func refusesOtherRoots() async throws {
        let other = try TestAuthority()
        let context = try TLSClientContext(roots: .file(other.authority.certificatePath))
        #expect(try await refusal(context, name: "localhost").hasPrefix("TLS: certificate verify failed: "))
        #expect(try await refusal(try TLSClientContext(), name: "localhost").hasPrefix("TLS: certificate verify failed: "))
    }

    @Test func refusesExpiredCertificates() async throws {
        let now = WallClock.system.now()
        let past = Timestamp(milliseconds: now.milliseconds - 400 * 24 * 3600 * 1000)
        let old = try TestAuthority(clock: WallClock { past })
        let context = try TLSClientContext(roots: .pem(old.roots))
        #expect(try await refusal(context, name: "localhost", server: try old.context()) == "TLS: certificate verify failed: certificate has expired")
    }

    @Test func takesAnythingWhereToldTo() async throws {
        let (_, client) = try pair(try TLSClientContext(verifiesPeer: false), name: "elsewhere.example")
        #expect(await client.next() == .ready)
        await client.send([7])
        #expect(await client.receive(1) == [7])
    }

    @Test func noCommonProtocolIsTold() async throws {
        let reason = try await refusal(try TLSClientContext(roots: .pem(authority.roots), protocols: ["spdy"]), name: "localhost")
        #expect(reason.contains("no application protocol"), "\(reason)")
    }

    @Test func impossibleNamesAreErrors() async throws {
        for name in ["", "a\0b"] {
            let (_, client) = try pair(try TLSClientContext(verifiesPeer: false), name: name)
            guard case .closed(EINVAL, let reason?)? = await client.nextOfOwn() else { return #expect(Bool(false), "it was taken") }
            #expect(reason.contains("no session can be made for a server named"))
        }
        #expect(throws: MonoflowError.self) { try TLSClientContext(protocols: [""]) }
        #expect(throws: MonoflowError.self) { try TLSClientContext(roots: .pem(Array("nothing".utf8))) }
        #expect(throws: MonoflowError.self) { try TLSClientContext(roots: .file(authority.scratch.path + "/none")) }
    }

    @Test func silentServerIsLeft() async throws {
        let (near, far) = try socketPair()
        defer { close(near) }
        let client = Watched(far, loop, .client(try TLSClientContext(handshakeTimeout: .milliseconds(50)), serverName: "localhost"))
        guard case .closed(ETIMEDOUT, let reason?)? = await client.nextOfOwn() else { return #expect(Bool(false), "it waits") }
        #expect(reason.contains("handshake took longer"))
    }
}

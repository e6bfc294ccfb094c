import Core
import Foundation
import HTTP
import Logging
import Sockets
import Synchronization
import Testing

/// The client over TLS.
@Suite struct ClientTLSTests {
    /// An HTTPS server with a certificate of its own authority for the time of one test.
    private func withSecureServer(protocols: [String] = ["h2", "http/1.1"], _ body: (_ port: Int, _ roots: TLSClientContext.Roots) async throws -> Void) async throws {
        let directory = NSTemporaryDirectory() + "client-tls-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let authority = try CertificateAuthority(directory: directory, clock: .system)
        let context = try TLSServerContext(
            identities: [try authority.serverIdentity(names: ["localhost", "127.0.0.1"])], protocols: protocols, handshakeTimeout: .seconds(60))
        var router = Router()
        router.on(.post, "/echo") { .bytes(try await $0.body.collect()) }
        var log = Logger(label: "test")
        log.logLevel = .critical
        let server = HTTPServer(router: router, group: try TestLoops.group, log: log)
        let address = try server.start(SocketAddress("127.0.0.1:0"), tls: TLSServerContextHolder(context))
        try await body(address.port, .file(authority.certificatePath))
        await server.drain(timeout: .zero)
    }

    @Test func connectionsAreVerifiedAndKept() async throws {
        try await withSecureServer { port, roots in
            let client = try makeClient(tls: TLSClientContext(roots: roots, protocols: ["http/1.1"], handshakeTimeout: .seconds(60)))
            for count in [1, 100_000, 1_000_000] {
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
                let request = try HTTPClientRequest(.post, "https://localhost:\(port)/echo", body: .passing(HTTPBody(bytes)))
                #expect(try await client.send(request).body.collect() == bytes)
            }
            #expect(client.counters.connectionsMade == 1)
        }
    }

    @Test func http2IsAgreedOn() async throws {
        try await withSecureServer { port, roots in
            let group = try EventLoopGroup(count: 1)
            let client = try await HTTP2ClientConnection.connect(
                to: HTTPOrigin(.https, host: "localhost", port: port), tls: TLSClientContext(roots: roots, protocols: ["h2"]), on: group.loops[0])
            for count in [0, 1, 1_000_000] {
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
                let stream = client.open(.post, "/echo", [:], hasBody: true)
                try await stream.writer.write(bytes)
                stream.endBody()
                #expect(try await stream.response().body.collect() == bytes)
            }
            client.close()
        }
        try await withSecureServer(protocols: ["http/1.1"]) { port, roots in
            let group = try EventLoopGroup(count: 1), origin = try HTTPOrigin(.https, host: "localhost", port: port)
            func error(_ tls: TLSClientContext?) async -> MonoflowError? {
                do { _ = try await HTTP2ClientConnection.connect(to: origin, tls: tls, on: group.loops[0]) } catch { return error }
                return nil
            }
            // A server that insists on what was not offered ends the handshake; one that chooses nothing is not spoken to.
            #expect(await error(try TLSClientContext(roots: roots, protocols: ["h2"])) != nil)
            #expect(await error(try TLSClientContext(roots: roots))?.code == .failedPrecondition)
            #expect(await error(nil)?.code == .failedPrecondition)
            #expect(await error(try TLSClientContext(roots: .system, protocols: ["h2"]))?.code == .unavailable)
        }
    }

    @Test func strangersAreRefused() async throws {
        try await withSecureServer { port, roots in
            let name = try HTTPClientRequest(.post, HTTPURL(HTTPOrigin(.https, host: "other.example", address: .ip(host: "127.0.0.1", port: port)), target: "/echo"))
            let request = try HTTPClientRequest(.post, "https://localhost:\(port)/echo")
            func error(_ request: HTTPClientRequest, _ tls: TLSClientContext?) async -> MonoflowError? {
                do { _ = try await makeClient(tls: tls).send(request) } catch { return error as? MonoflowError }
                return nil
            }
            let wrongName = await error(name, try TLSClientContext(roots: roots, handshakeTimeout: .seconds(60)))
            #expect(wrongName?.code == .unavailable && wrongName?.message.contains("hostname mismatch") == true, "\(String(describing: wrongName))")
            let unknown = await error(request, try TLSClientContext(roots: .system, handshakeTimeout: .seconds(60)))
            #expect(unknown?.code == .unavailable && unknown?.message.contains("verify failed") == true, "\(String(describing: unknown))")
            #expect(await error(request, nil)?.code == .failedPrecondition)
            // A context that offers what the client does not speak.
            #expect(await error(request, try TLSClientContext(roots: roots, protocols: ["h2"]))?.code == .failedPrecondition)
        }
    }

    /// A handshake that fails is no reason to run a body's closure twice; what can be had again is sent again.
    @Test func failedHandshakes() async throws {
        let server = try RawServer()
        var options = HTTPClientOptions()
        options.retries = RetryPolicy(attempts: 3)
        let client = try makeClient(options, tls: TLSClientContext(verifiesPeer: false), timing: RetryTiming(sleep: { _ in }))
        let serving = Task { for _ in 0..<4 { try await server.accept().close() } }
        let begun = Count()
        let stream = try HTTPClientRequest(.post, "https://127.0.0.1:\(server.port)/", body: .stream(length: nil) { _ in begun.value.add(1, ordering: .relaxed) })
        #expect(await code { _ = try await client.send(stream) } == .unavailable)
        // The end of the connection may come before the closure is begun.
        #expect(begun.value.load(ordering: .relaxed) <= 1)
        #expect(client.counters.retries == 0)
        let bytes = try HTTPClientRequest(.post, "https://127.0.0.1:\(server.port)/", body: .bytes([65]))
        #expect(await code { _ = try await client.send(bytes) } == .unavailable)
        #expect(client.counters.retries == 2)
        try await serving.value
    }

    @Test func aServerWithoutTLS() async throws {
        let server = try RawServer()
        let client = try makeClient(tls: TLSClientContext(verifiesPeer: false))
        let outcome = Task { try await client.send(HTTPClientRequest(.get, "https://127.0.0.1:\(server.port)/")) }
        let peer = try await server.accept()
        try await peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        #expect(await code { _ = try await outcome.value } == .unavailable)
    }
}

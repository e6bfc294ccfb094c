import Core
import Foundation
import HTTP
import Sockets
import Synchronization
import Testing

@Suite struct ClientPoolTests {
    private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test func placesAreBoundedAndHandedOnInOrder() async throws {
        let entered = Signal(), gates = (0..<6).map { _ in Signal() }
        try await withServer({ router in
            router.on(.get, "/wait/{n}") { request in
                let n = try request.parameter("n")
                entered.fire(n)
                _ = await gates[Int(n) ?? 0].wait()
                return .text(n)
            }
        }) { _, port in
            var options = HTTPClientOptions()
            (options.connectionsPerOrigin, options.waitingPerOrigin, options.waitLimit) = (2, 3, .seconds(60))
            let client = try makeClient(options)
            @Sendable func get(_ n: Int) async throws -> String {
                String(decoding: try await client.send(HTTPClientRequest(.get, "http://127.0.0.1:\(port)/wait/\(n)")).body.collect(), as: UTF8.self)
            }
            var tasks: [Task<String, any Error>] = []
            for n in 0..<5 {
                tasks.append(Task { try await get(n) })
                if n < 2 { #expect(await entered.wait() != nil) } else { #expect(await settles(client) { $0.waiting == n - 1 }) }
            }
            #expect(await code { _ = try await get(5) } == .resourceExhausted)
            #expect(client.counters.connectionsOpen == 2)
            // Who came first is served first, over the connections that are there.
            for n in 0..<3 {
                gates[n].fire()
                #expect(try await tasks[n].value == "\(n)")
                #expect(await entered.wait() == "\(n + 2)")
            }
            gates[3].fire()
            gates[4].fire()
            #expect(try await [tasks[3].value, tasks[4].value] == ["3", "4"])
            #expect(client.counters.connectionsMade == 2)
            #expect(await settles(client) { $0.connectionsIdle == 2 && $0.waiting == 0 })
        }
    }

    @Test func waitingEndsInTimeOrWithItsTask() async throws {
        let server = try RawServer()
        var options = HTTPClientOptions()
        (options.connectionsPerOrigin, options.waitLimit) = (1, .milliseconds(50))
        let client = try makeClient(options)
        let busy = Task { try await client.send(HTTPClientRequest(.get, server.url + "/")) }
        let peer = try await server.accept()
        #expect(await code { _ = try await client.send(HTTPClientRequest(.get, server.url + "/")) } == .deadlineExceeded)
        #expect(client.counters.waiting == 0)
        var patient = options
        patient.waitLimit = .seconds(20)
        let other = try makeClient(patient)
        let second = Task { try await other.send(HTTPClientRequest(.get, server.url + "/")) }
        let otherPeer = try await server.accept()
        let waiting = Task { try await other.send(HTTPClientRequest(.get, server.url + "/")) }
        #expect(await settles(other) { $0.waiting == 1 })
        waiting.cancel()
        #expect(await code { _ = try await waiting.value } == .cancelled)
        #expect(other.counters.waiting == 0)
        // A client that is shut down lets go of who waits, and ends what is under way.
        let last = Task { try await other.send(HTTPClientRequest(.get, server.url + "/")) }
        #expect(await settles(other) { $0.waiting == 1 })
        other.shutDown()
        #expect(await code { _ = try await last.value } == .cancelled)
        try await otherPeer.send(ok)
        #expect(try await second.value.status == .ok)
        _ = try await otherPeer.text(through: "\r\n\r\n")
        #expect(try await otherPeer.isAtEnd())
        try await peer.send(ok)
        #expect(try await busy.value.status == .ok)
    }

    /// A connection that the server closed while it was kept is not used again, whatever the method.
    @Test(arguments: [HTTPMethod.get, .post]) func closedIdleConnectionIsNoticed(method: HTTPMethod) async throws {
        let server = try RawServer(), client = try makeClient()
        async let first = server.answer(ok)
        _ = try await client.send(HTTPClientRequest(.get, server.url + "/"))
        try await first.peer.close()
        #expect(await settles(client) { $0.connectionsOpen == 0 })
        async let second = server.answer(ok)
        #expect(try await client.send(HTTPClientRequest(method, server.url + "/")).status == .ok)
        _ = try await second
        #expect(client.counters.retries == 0)
    }

    /// An answer to a question that was not asked yet is never taken for one.
    @Test func unaskedResponseCostsTheConnection() async throws {
        let server = try RawServer(), client = try makeClient()
        async let first = server.answer(ok)
        _ = try await client.send(HTTPClientRequest(.get, server.url + "/"))
        try await first.peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
        #expect(try await first.peer.isAtEnd())
        #expect(await settles(client) { $0.connectionsOpen == 0 })
        async let second = server.answer(ok)
        #expect(try await client.send(HTTPClientRequest(.get, server.url + "/")).body.collect() == Array("ok".utf8))
        _ = try await second
    }

    /// The server closes a kept connection just when the next request goes out.
    @Test(arguments: [(HTTPMethod.get, true), (.put, true), (.delete, true), (.post, false), (.patch, false)])
    func staleConnection(method: HTTPMethod, isSentAgain: Bool) async throws {
        let server = try RawServer(), client = try makeClient()
        async let first = server.answer(ok)
        _ = try await client.send(HTTPClientRequest(.get, server.url + "/"))
        let kept = try await first.peer
        let request = try HTTPClientRequest(method, server.url + "/", body: .bytes(Array("body".utf8)))
        let outcome = Task { try await client.send(request) }
        _ = try await kept.text(through: "body")
        try await kept.close()
        if isSentAgain {
            let (peer, text) = try await server.answer(ok)
            #expect(text.hasPrefix(method.rawValue))
            #expect(try await outcome.value.status == .ok)
            try await peer.close()
        } else {
            #expect(await code { _ = try await outcome.value } == .unavailable)
        }
        #expect(client.counters.retries == (isSentAgain ? 1 : 0))
    }

    @Test func staleConnectionAfterTheFirstByteIsNotRetried() async throws {
        let server = try RawServer(), client = try makeClient()
        async let first = server.answer(ok)
        _ = try await client.send(HTTPClientRequest(.get, server.url + "/"))
        let kept = try await first.peer
        let outcome = Task { try await client.send(HTTPClientRequest(.get, server.url + "/")) }
        _ = try await kept.text(through: "\r\n\r\n")
        try await kept.send("HTTP/1.1 2")
        try await kept.close()
        #expect(await code { _ = try await outcome.value } == .dataLoss)
        // Nor is a fresh connection's failure.
        let fresh = Task { try await client.send(HTTPClientRequest(.get, server.url + "/")) }
        try await server.accept().close()
        #expect(await code { _ = try await fresh.value } == .unavailable)
        #expect(client.counters.retries == 0)
    }

    @Test func idleConnectionsAreFewAndEnd() async throws {
        var options = HTTPClientOptions()
        (options.idlePerOrigin, options.idleTimeout, options.connections) = (2, .milliseconds(100), 4)
        let entered = Signal(), gate = Signal()
        try await withServer({ router in
            router.on(.get, "/") { _ in
                entered.fire()
                _ = await gate.wait()
                return .text("ok")
            }
        }) { server, port in
            let client = try makeClient(options), url = "http://127.0.0.1:\(port)/"
            let tasks = (0..<4).map { _ in Task { try await client.send(HTTPClientRequest(.get, url)) } }
            for _ in tasks { #expect(await entered.wait() != nil) }
            // All places are taken, and none by an idle connection.
            #expect(await code { _ = try await client.send(HTTPClientRequest(.get, "http://127.0.0.1:1/")) } == .resourceExhausted)
            for _ in tasks { gate.fire() }
            for task in tasks { #expect(try await task.value.status == .ok) }
            #expect(await settles(client) { $0.connectionsIdle == 0 && $0.connectionsOpen == 0 })
            #expect(client.counters.connectionsMade == 4)
        }
    }

    @Test func idleConnectionOfAnotherOriginMakesRoom() async throws {
        var options = HTTPClientOptions()
        options.connections = 1
        let client = try makeClient(options)
        let (one, two) = (try RawServer(), try RawServer())
        async let first = one.answer(ok)
        _ = try await client.send(HTTPClientRequest(.get, one.url + "/"))
        async let second = two.answer(ok)
        #expect(try await client.send(HTTPClientRequest(.get, two.url + "/")).status == .ok)
        #expect(try await first.peer.isAtEnd())
        _ = try await second
        #expect(client.counters.connectionsOpen == 1)
    }

    @Test func eightAtOnceForManyRequests() async throws {
        try await withServer({ router in
            router.on(.post, "/echo") { .bytes(try await $0.body.collect()) }
        }) { _, port in
            var options = HTTPClientOptions()
            (options.connectionsPerOrigin, options.waitLimit) = (8, .seconds(60))
            let client = try makeClient(options), url = "http://127.0.0.1:\(port)/echo"
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<32 {
                    group.addTask {
                        for turn in 0..<25 {
                            let body = [UInt8](repeating: UInt8(worker), count: 1 + (turn * 7919) % 100_000)
                            let chunks = turn % 2 == 0 ? HTTPClientRequest.Body.bytes(body) : .passing(HTTPBody(body))
                            let response = try await client.send(HTTPClientRequest(.post, url, body: chunks))
                            #expect(try await response.body.collect() == body)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(client.counters.connectionsMade <= 8)
            #expect(await settles(client) { $0.connectionsOpen == $0.connectionsIdle && $0.waiting == 0 })
        }
    }

    @Test func unixSocket() async throws {
        let path = NSTemporaryDirectory() + "client-\(getpid()).sock"
        defer { unlink(path) }
        var router = Router()
        router.inline(.get, "/") { .text($0.headers["Host"] ?? "") }
        let server = HTTPServer(router: router, group: try TestLoops.group)
        try server.start(.unix(path: path))
        let client = try makeClient()
        let origin = try HTTPOrigin(host: "app", address: .unix(path: path))
        #expect(try await client.send(HTTPClientRequest(.get, HTTPURL(origin))).body.collect() == Array("app".utf8))
        await server.drain(timeout: .zero)
        #expect(await code { _ = try await client.send(HTTPClientRequest(.get, HTTPURL(origin))) } == .unavailable)
    }
}

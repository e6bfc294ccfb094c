import Core
import Foundation
import HTTP
import Synchronization
import Testing

@Suite(.serialized) struct StreamTests {
    @Test func chunksComeAsTheyAreWritten() async throws {
        let gate = Signal()
        try await withServer({ router in
            router.on(.get, "/log") { _ in
                .stream(type: "text/plain") { writer in
                    try await writer.write("one")
                    _ = await gate.wait()
                    try await writer.write("two")
                }
            }
            router.on(.get, "/known") { _ in .stream(type: "text/plain", length: 6) { try await $0.write("abcdef") } }
            router.on(.get, "/short") { _ in .stream(type: "text/plain", length: 7) { try await $0.write("abcdef") } }
            router.inline(.get, "/events") { _ in .events { try await $0.event("changed", data: "a\nb", id: "1") } }
            router.on(.get, "/broken") { _ in
                .stream(type: "text/plain") { writer in
                    try await writer.write("part")
                    throw MonoflowError(.dataLoss, "read log", "", "gone")
                }
            }
        }) { _, port in
            let client = try RawClient(port: port)
            try await client.send("GET /log HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.head().headers["transfer-encoding"] == "chunked")
            #expect(try await client.chunk() == "one")
            gate.fire()
            #expect(try await client.chunk() == "two")
            #expect(try await client.chunk() == nil)
            #expect(try await client.request("GET /known HTTP/1.1\r\nHost: a\r\n\r\n").headers["content-length"] == "6")
            let events = try await client.request("GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(events.text == "event: changed\nid: 1\ndata: a\ndata: b\n\n")
            #expect(try await client.request("HEAD /log HTTP/1.1\r\nHost: a\r\n\r\n", head: true).status == 200)
            try await client.send("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(!(try await client.rest()).hasSuffix("0\r\n\r\n"))
            let old = try RawClient(port: port)
            gate.fire()
            #expect(try await old.request("GET /log HTTP/1.0\r\n\r\n").text == "onetwo")
            let short = try RawClient(port: port)
            await #expect(throws: RawClient.Failure.self) { try await short.request("GET /short HTTP/1.1\r\nHost: a\r\n\r\n") }
        }
    }

    @Test func slowClientHoldsTheWriterBack() async throws {
        let written = Atomic(0)
        let total = 64 << 20
        try await withServer({ router in
            router.serveBig(total: total) { written.add($0, ordering: .relaxed) }
        }) { _, port in
            let client = try RawClient(port: port, receiveBuffer: 64 << 10)
            try await client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            var last = -1, still = 0
            while still < 20 {
                try await Task.sleep(for: .milliseconds(10))
                let now = written.load(ordering: .relaxed)
                still = now == last && now > 0 ? still + 1 : 0
                last = now
            }
            #expect(last < 16 << 20)
            #expect(try await client.response().body.count == total)
        }
    }

    @Test(arguments: [false, true]) func disconnectCancelsTheHandler(reset: Bool) async throws {
        let (started, ended) = (Signal(), Signal())
        try await withServer({ router in
            router.on(.get, "/wait") { _ in
                started.fire()
                do { try await Task.sleep(for: .seconds(60)) } catch { ended.fire("cancelled") }
                return .text("late")
            }
            router.on(.get, "/follow") { _ in
                .stream(type: "text/plain") { writer in
                    try await writer.write("x")
                    started.fire()
                    do { try await Task.sleep(for: .seconds(60)) } catch {
                        // The cancelled task also learns from its writer that nobody listens.
                        while !writer.isClosed { await Task.yield() }
                        do { try await writer.write("y") } catch { ended.fire("writer closed") }
                    }
                }
            }
            router.on(.put, "/upload") { request in
                started.fire()
                do { _ = try await request.body.collect() } catch { ended.fire("\((error as? MonoflowError)?.code.rawValue ?? "?")") }
                return .text("late")
            }
        }) { _, port in
            let waiting = try RawClient(port: port)
            try await waiting.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await started.wait() != nil)
            try await waiting.close(reset: reset)
            #expect(await ended.wait() == "cancelled")

            let following = try RawClient(port: port)
            try await following.send("GET /follow HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await started.wait() != nil)
            _ = try await following.head()
            try await following.close(reset: true)
            #expect(await ended.wait() == "writer closed")

            let uploading = try RawClient(port: port)
            try await uploading.send("PUT /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nabc")
            #expect(await started.wait() != nil)
            try await uploading.close(reset: reset)
            #expect(await ended.wait() == (reset ? "cancelled" : "invalidArgument"))
        }
    }

    @Test func drainFinishesWhatIsInFlight() async throws {
        let (started, gate) = (Signal(), Signal())
        try await withServer({ router in
            router.on(.get, "/slow") { _ in
                started.fire()
                _ = await gate.wait()
                return .text("done")
            }
            router.on(.get, "/never") { _ in
                started.fire()
                try await Task.sleep(for: .seconds(60))
                return .text("never")
            }
        }) { server, port in
            let (busy, idle) = (try RawClient(port: port), try RawClient(port: port))
            _ = try await idle.request("GET /none HTTP/1.1\r\nHost: a\r\n\r\n")
            try await busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await started.wait() != nil)
            async let cut = server.drain(timeout: .seconds(30))
            #expect(try await idle.isAtEnd())
            #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
            gate.fire()
            let answer = try await busy.response()
            #expect(answer.text == "done")
            #expect(answer.headers["connection"] == "close")
            try await busy.close()
            #expect(await cut == 0)
            #expect(server.counters.connectionsOpen == 0)
        }
        try await withServer({ router in
            router.on(.get, "/never") { _ in
                started.fire()
                try await Task.sleep(for: .seconds(60))
                return .text("never")
            }
        }) { server, port in
            let stuck = try RawClient(port: port)
            try await stuck.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await started.wait() != nil)
            #expect(await server.drain(timeout: .milliseconds(50)) == 1)
            #expect(try await stuck.isAtEnd())
        }
    }

    @Test func timeLimits() async throws {
        var limits = HTTPLimits()
        (limits.headerTimeout, limits.idleTimeout, limits.bodyTimeout) = (.milliseconds(300), .milliseconds(300), .milliseconds(300))
        try await withServer(limits: limits, { router in
            router.inline(.get, "/") { _ in .text("ok") }
            router.on(.post, "/body") { .text("\(try await $0.body.collect().count)") }
        }) { server, port in
            let head = try RawClient(port: port)
            try await head.send("GET / HT")
            #expect(try await head.response().status == 408)
            #expect(try await head.isAtEnd())
            let body = try RawClient(port: port)
            try await body.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx")
            #expect(try await body.response().status == 408)
            let idle = try RawClient(port: port)
            #expect(try await idle.request("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
            #expect(try await idle.isAtEnd())
            #expect(server.counters.refusals == 2)
        }
    }

    @Test func aClientThatTakesNothingIsCut() async throws {
        var limits = HTTPLimits()
        limits.writeTimeout = .milliseconds(300)
        let ended = Signal()
        try await withServer(limits: limits, { router in
            router.on(.get, "/big") { _ in
                .stream(type: "text/plain") { writer in
                    do { while true { try await writer.write([UInt8](repeating: 65, count: 1 << 16)) } } catch {
                        ended.fire()
                        throw error
                    }
                }
            }
        }) { _, port in
            let client = try RawClient(port: port)
            try await client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await ended.wait() != nil)
            await #expect(throws: RawClient.Failure.self) { try await client.response() }
        }
    }

    /// The refusal goes out at once, and the handler does not wait for bytes that will never come.
    @Test func aTunnelThatCannotBeIsRefused() async throws {
        let ended = Signal()
        try await withServer({ router in
            router.on(.get, "/tunnel") { _ in
                HTTPResponse(.switchingProtocols, headers: ["Upgrade": "echo"], body: .tunnel { input, _ in
                    defer { ended.fire() }
                    for try await _ in input {}
                })
            }
        }) { _, port in
            let client = try RawClient(port: port)
            let answer = try await client.request("GET /tunnel HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            #expect(answer.status == 500)
            #expect(await ended.wait() != nil)
        }
    }

    @Test func connectionLimits() async throws {
        var limits = HTTPLimits()
        (limits.connections, limits.connectionsPerClient) = (2, 100)
        let ok = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        try await withServer(limits: limits, { $0.inline(.get, "/") { _ in .text("ok") } }) { server, port in
            let (a, b, c) = (try RawClient(port: port), try RawClient(port: port), try RawClient(port: port))
            #expect(try await a.request(ok).status == 200)
            #expect(try await b.request(ok).status == 200)
            try await c.send(ok)
            #expect(server.counters.connectionsOpen == 2)
            try await a.close()
            #expect(try await c.response().status == 200)
        }
        (limits.connections, limits.connectionsPerClient) = (100, 1)
        try await withServer(limits: limits, { $0.inline(.get, "/") { _ in .text("ok") } }) { server, port in
            let first = try RawClient(port: port)
            #expect(try await first.request(ok).status == 200)
            let second = try RawClient(port: port)
            #expect(try await second.isAtEnd())
            #expect(server.counters.connectionsRefused == 1)
        }
    }
}

import Core
import Foundation
import HTTP
import Sockets
import Synchronization
import Testing

/// A proxy in front of a server, for the time of one test. - Parameter body: gets a raw client's port.
func withProxy(
    to url: String, options: ProxyOptions = ProxyOptions(), client: HTTPClient? = nil, limits: HTTPLimits = HTTPLimits(),
    _ body: (HTTPServer, Int) async throws -> Void
) async throws {
    let proxy = ReverseProxy(try HTTPURL(url).origin, client: try client ?? makeClient(), options: options)
    try await withServer(limits: limits, { $0.otherwise(proxy.handler) }, body)
}

@Suite struct ProxyTests {
    private let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test func messagesPassBothWays() async throws {
        let server = try RawServer()
        try await withProxy(to: server.url) { _, port in
            let client = try RawClient(port: port)
            try await client.send("POST /a?b=c HTTP/1.1\r\nHost: app\r\nX-Kept: 1\r\nContent-Length: 4\r\n\r\nbody")
            let peer = try await server.accept()
            let request = try await peer.text(through: "body")
            #expect(request.hasPrefix("POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nX-Kept: 1\r\n"))
            #expect(request.hasSuffix("Content-Length: 4\r\n\r\nbody"))
            try await peer.send("HTTP/1.1 201 Made\r\nDate: then\r\nServer: theirs\r\nX: y\r\nContent-Length: 3\r\n\r\nabc")
            let response = try await client.response()
            #expect(response.status == 201 && response.text == "abc")
            #expect(response.headers["date"] == "then" && response.headers["server"] == "theirs" && response.headers["x"] == "y")
            #expect(response.headers["content-length"] == "3" && response.headers["via"] == "1.1 monoflow")
        }
    }

    /// Where no length is known none is made up, and trailers follow.
    @Test func chunksAndTrailers() async throws {
        let server = try RawServer()
        try await withProxy(to: server.url) { _, port in
            let client = try RawClient(port: port)
            try await client.send("PUT / HTTP/1.1\r\nHost: app\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            let peer = try await server.accept()
            // The first chunk is there before the second is sent.
            let head = try await peer.text(through: "3\r\nabc\r\n")
            #expect(head.contains("\r\nTransfer-Encoding: chunked\r\n") && head.contains("\r\nTE: trailers\r\n") && !head.contains("Content-Length"))
            try await client.send("2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n")
            #expect(try await peer.text(through: "\r\n\r\n") == "2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n")
            try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfgh\r\n")
            #expect(try await client.head().headers["transfer-encoding"] == "chunked")
            #expect(try await client.chunk() == "fgh")
            try await peer.send("0\r\nX-Sum: 2\r\n\r\n")
            #expect(try await client.text(through: "\r\n\r\n") == "0\r\nX-Sum: 2\r\n\r\n")
        }
    }

    @Test func responsesWithoutBodies() async throws {
        let server = try RawServer()
        try await withProxy(to: server.url) { _, port in
            let client = try RawClient(port: port)
            let cases: [(String, String, String?, Int)] = [
                ("HEAD", "200 OK\r\nContent-Length: 99\r\n", "99", 200), ("HEAD", "200 OK\r\nTransfer-Encoding: chunked\r\n", nil, 200),
                ("GET", "204 No Content\r\n", nil, 204), ("GET", "304 Not Modified\r\nETag: \"a\"\r\n", nil, 304), ("GET", "200 OK\r\nContent-Length: 0\r\n", "0", 200),
            ]
            var peer: RawClient?
            for (method, answer, length, status) in cases {
                try await client.send("\(method) / HTTP/1.1\r\nHost: app\r\nIf-None-Match: \"a\"\r\nRange: bytes=1-2\r\n\r\n")
                if peer == nil { peer = try await server.accept() }
                let request = try await peer?.text(through: "\r\n\r\n") ?? ""
                #expect(request.hasPrefix(method) && request.contains("If-None-Match: \"a\"\r\n") && request.contains("Range: bytes=1-2\r\n"))
                try await peer?.send("HTTP/1.1 \(answer)\r\n")
                let (got, headers) = try await client.head()
                #expect(got == status && headers["content-length"] == length, "\(method) \(answer)")
            }
        }
    }

    @Test func informationalAndPartialResponses() async throws {
        let server = try RawServer()
        try await withProxy(to: server.url) { _, port in
            let client = try RawClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: app\r\nRange: bytes=0-1\r\n\r\n")
            async let answered = server.answer(
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X\r\nX: hop\r\n\r\nHTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nab")
            #expect(try await client.text(through: "\r\n\r\n") == "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            let response = try await client.response()
            #expect(response.status == 206 && response.headers["content-range"] == "bytes 0-1/9" && response.text == "ab")
            _ = try await answered
        }
    }

    /// The server says whether it wants the body; until then the client keeps it.
    @Test func expectContinuePasses() async throws {
        let server = try RawServer()
        var options = ProxyOptions()
        options.timeouts = HTTPTimeouts()
        options.timeouts?.awaitContinue = .seconds(20)
        try await withProxy(to: server.url, options: options) { _, port in
            let refused = try RawClient(port: port)
            try await refused.send("PUT / HTTP/1.1\r\nHost: app\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            let first = try await server.accept()
            #expect(try await first.text(through: "\r\n\r\n").contains("Expect: 100-continue\r\n"))
            try await first.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
            #expect(try await refused.text(through: "\r\n\r\n").hasPrefix("HTTP/1.1 413 "))
            let taken = try RawClient(port: port)
            try await taken.send("PUT / HTTP/1.1\r\nHost: app\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            let second = try await server.accept()
            _ = try await second.text(through: "\r\n\r\n")
            try await second.send("HTTP/1.1 100 Continue\r\n\r\n")
            #expect(try await taken.text(through: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await taken.send("body")
            #expect(try await second.text(through: "body") == "body")
            try await second.send(ok)
            #expect(try await taken.response().text == "ok")
        }
    }

    @Test func failuresOfTheServer() async throws {
        let server = try RawServer()
        var options = ProxyOptions()
        options.name = "notebook"
        try await withProxy(to: "http://127.0.0.1:1", options: options) { _, port in
            let response = try await RawClient(port: port).request("GET / HTTP/1.1\r\nHost: app\r\n\r\n")
            #expect(response.status == 502)
            #expect(response.text.contains("forward request: notebook: Connection refused"))
        }
        for (answer, status, message) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 502, "two Content-Length"), ("nonsense\r\n\r\n", 502, "status line"),
            ("", 502, "before it answered"), ("HTTP/1.1 200 OK\r\n", 504, "no response within"),
        ] {
            if status == 504 {
                options.timeouts = HTTPTimeouts()
                options.timeouts?.head = .milliseconds(100)
            }
            try await withProxy(to: server.url, options: options) { _, port in
                let client = try RawClient(port: port)
                try await client.send("POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 1\r\n\r\na")
                let peer = try await server.accept()
                _ = try await peer.text(through: "\r\n\r\na")
                try await peer.send(answer)
                if answer.isEmpty { try await peer.close() }
                let response = try await client.response()
                #expect(response.status == status && response.text.contains(message), "\(response.status) \(response.text)")
            }
        }
        var few = HTTPClientOptions()
        (few.connectionsPerOrigin, few.waitingPerOrigin) = (1, 0)
        try await withProxy(to: server.url, client: try makeClient(few)) { _, port in
            let (busy, refused) = (try RawClient(port: port), try RawClient(port: port))
            try await busy.send("GET / HTTP/1.1\r\nHost: app\r\n\r\n")
            let peer = try await server.accept()
            #expect(try await refused.request("GET / HTTP/1.1\r\nHost: app\r\n\r\n").status == 503)
            try await peer.send(ok)
            #expect(try await busy.response().status == 200)
        }
    }

    /// What is not whole does not look whole.
    @Test(arguments: ["Content-Length: 10", "Transfer-Encoding: chunked"]) func brokenResponseCutsTheClient(framing: String) async throws {
        let server = try RawServer()
        try await withProxy(to: server.url) { _, port in
            let client = try RawClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: app\r\n\r\n")
            async let answered = server.answer("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n" + (framing.hasSuffix("chunked") ? "3\r\nabc\r\n" : "abc"))
            _ = try await client.text(through: "abc")
            try await answered.peer.close()
            do { #expect(!(try await client.rest()).contains("0\r\n\r\n")) } catch is RawClient.Failure {}
        }
    }

    @Test(arguments: [true, false]) func clientThatLeavesCancelsTheServer(beforeTheHead: Bool) async throws {
        let server = try RawServer()
        try await withProxy(to: server.url) { _, port in
            let client = try RawClient(port: port)
            try await client.send("GET / HTTP/1.1\r\nHost: app\r\n\r\n")
            let peer = try await server.accept()
            _ = try await peer.text(through: "\r\n\r\n")
            if !beforeTheHead {
                try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
                _ = try await client.text(through: "abc")
            }
            try await client.close(reset: true)
            #expect(try await peer.isAtEnd())
        }
    }

    /// The server refuses an upload that it does not read, and closes: the client learns why.
    @Test func earlyRefusalReachesTheClient() async throws {
        let server = try RawServer(receiveBuffer: 64 << 10)
        try await withProxy(to: server.url) { _, port in
            for turn in 0..<5 {
                let client = try RawClient(port: port)
                try await client.send("PUT / HTTP/1.1\r\nHost: app\r\nContent-Length: \(64 << 20)\r\n\r\n")
                try await client.send(count: 1 << 20)
                let peer = try await server.accept()
                _ = try await peer.text(through: "\r\n\r\n")
                try await peer.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig")
                if turn > 0 { try await peer.close() }
                let response = try await client.response()
                #expect(response.status == 413 && response.text == "big")
            }
        }
    }

    @Test func badBodyOfTheClientIsItsOwnFault() async throws {
        let server = try RawServer()
        try await withProxy(to: server.url) { _, port in
            let client = try RawClient(port: port)
            try await client.send("POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            let peer = try await server.accept()
            _ = try await peer.text(through: "abc\r\n")
            try await client.send("no size\r\n")
            #expect(try await client.response().status == 400)
            #expect(!(try await peer.rest()).contains("0\r\n\r\n"))
        }
    }

    @Test func targetsAreRewritten() async throws {
        let server = try RawServer()
        var options = ProxyOptions()
        options.rewriteTarget = ProxyOptions.withoutPrefix("/apps/x")
        options.host = .preserved
        try await withProxy(to: server.url, options: options) { _, port in
            let client = try RawClient(port: port)
            #expect(try await client.request("GET /other HTTP/1.1\r\nHost: app\r\n\r\n").status == 404)
            try await client.send("GET /apps/x/a%2Fb?c HTTP/1.1\r\nHost: app\r\n\r\n")
            let request = try await server.answer(ok).request
            #expect(request.hasPrefix("GET /a%2Fb?c HTTP/1.1\r\n"))
            #expect(request.contains("\r\nHost: app\r\n"))
            #expect(try await client.response().text == "ok")
        }
    }

    /// A client that does not read holds the server back, and one that writes is held back by a server that does not read.
    @Test func backPressureReachesTheOtherEnd() async throws {
        let made = Atomic(0), total = 64 << 20
        let gate = Signal()
        try await withServer({ router in
            router.serveBig(total: total) { made.add($0, ordering: .relaxed) }
            router.on(.put, "/slow") { request in
                _ = await gate.wait()
                var count = 0
                for try await chunk in request.body { count += chunk.count }
                return .text("\(count)")
            }
        }) { _, upstream in
            try await withProxy(to: "http://127.0.0.1:\(upstream)") { proxy, port in
                let reader = try RawClient(port: port, receiveBuffer: 64 << 10)
                try await reader.send("GET /big HTTP/1.1\r\nHost: app\r\n\r\n")
                // What is under way lies in the buffers of two connections, the kernel's included.
                #expect(await standsStill(made) < 24 << 20)
                _ = try await reader.text(through: "\r\n\r\n")
                try await reader.skip(total)

                let writer = try RawClient(port: port)
                let before = proxy.counters.bytesIn
                try await writer.send("PUT /slow HTTP/1.1\r\nHost: app\r\nContent-Length: \(total)\r\n\r\n")
                async let sent: Void = writer.send(count: total)
                var last: Int64 = -1, still = 0
                while still < 20 {
                    try await Task.sleep(for: .milliseconds(10))
                    still = proxy.counters.bytesIn == last ? still + 1 : 0
                    last = proxy.counters.bytesIn
                }
                #expect(last - before < 24 << 20)
                gate.fire()
                try await sent
                #expect(try await writer.response().text == "\(total)")
            }
        }
    }

    @Test func eightAtOnce() async throws {
        try await withServer({ router in
            router.on(.post, "/echo") { request in
                .stream(type: "application/octet-stream") { writer in
                    for try await chunk in request.body { try await writer.write(chunk) }
                }
            }
        }) { _, upstream in
            try await withProxy(to: "http://127.0.0.1:\(upstream)") { _, port in
                let client = try makeClient(), url = "http://127.0.0.1:\(port)/echo"
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 0..<8 {
                        group.addTask {
                            for turn in 0..<20 {
                                let body = [UInt8](repeating: UInt8(worker), count: 1 + (turn * 104_729) % 700_000)
                                let response = try await client.send(HTTPClientRequest(.post, url, body: turn % 2 == 0 ? .bytes(body) : .passing(HTTPBody(body))))
                                #expect(try await response.body.collect() == body)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }
}

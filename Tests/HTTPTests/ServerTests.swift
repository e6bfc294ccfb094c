import Core
import HTTP
import Testing

private func hello(_ router: inout Router) {
    router.inline(.get, "/hello") { _ in .json(["hello": "world"]) }
    router.inline(.post, "/echo/inline") { .bytes($0.body.bytes ?? [], type: "text/plain") }
    router.on(.post, "/echo") { .bytes(try await $0.body.collect(), type: "text/plain") }
    router.on(.get, "/fail") { _ in throw MonoflowError(.conflict, "create run", "r1", "exists", hint: "rename it") }
    router.on(.get, "/param/{id}") { .text(try $0.parameter("id")) }
}

@Suite struct ServerTests {
    @Test func answersAndKeepsAlive() async throws {
        try await withServer(hello) { server, port in
            let client = try RawClient(port: port)
            for _ in 0..<3 {
                let answer = try await client.request("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(answer.status == 200)
                #expect(answer.text == #"{"hello":"world"}"#)
                #expect(answer.headers["content-type"] == "application/json")
                #expect(answer.headers["connection"] == nil)
                #expect(answer.headers["date"]?.hasSuffix(" GMT") == true)
            }
            let last = try await client.request("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(last.headers["connection"] == "close")
            #expect(try await client.isAtEnd())
            #expect(server.counters.requests == 4)
            #expect(server.counters.connectionsTotal == 1)
            #expect(server.counters.bytesOut > 400)
        }
    }

    @Test func http10ClosesUnlessAsked() async throws {
        try await withServer(hello) { _, port in
            let plain = try RawClient(port: port)
            #expect(try await plain.request("GET /hello HTTP/1.0\r\n\r\n").headers["connection"] == "close")
            #expect(try await plain.isAtEnd())
            let kept = try RawClient(port: port)
            for _ in 0..<2 {
                let answer = try await kept.request("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                #expect(answer.headers["connection"] == "keep-alive")
            }
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withServer(hello) { _, port in
            let client = try RawClient(port: port)
            var text = ""
            for index in 0..<200 {
                text += "GET /param/\(index) HTTP/1.1\r\nHost: a\r\n\r\n"
                text += "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\(1000 + index)"
                text += "POST /echo/inline HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\(5000 + index)"
            }
            try await client.send(text)
            for index in 0..<200 {
                #expect(try await client.response().text == "\(index)")
                #expect(try await client.response().text == "\(1000 + index)")
                #expect(try await client.response().text == "\(5000 + index)")
            }
        }
    }

    @Test func pipelineBeyondTheInboxWaitsInTheSocket() async throws {
        var limits = HTTPLimits()
        limits.pipelinedBytes = 100
        try await withServer(limits: limits, hello) { _, port in
            let client = try RawClient(port: port)
            let count = 5_000
            async let sent: Void = client.send(String(repeating: "GET /param/x HTTP/1.1\r\nHost: a\r\n\r\n", count: count))
            try await sent
            for _ in 0..<count { #expect(try await client.response().text == "x") }
        }
    }

    @Test func headHasTheLengthAndNoBody() async throws {
        try await withServer(hello) { _, port in
            let client = try RawClient(port: port)
            let answer = try await client.request("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", head: true)
            #expect(answer.headers["content-length"] == "17")
            #expect(try await client.request("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").text.count == 17)
        }
    }

    @Test func errorsCarryTheirTable() async throws {
        try await withServer(hello) { _, port in
            let client = try RawClient(port: port)
            let fail = try await client.request("GET /fail HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(fail.status == 409)
            let line = "create run: r1: exists"
            #expect(fail.text == #"{"error":"\#(line)","code":10,"message":"\#(line)","details":[],"hint":"rename it"}"#)
            #expect(try await client.request("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n").status == 404)
            let wrong = try await client.request("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(wrong.status == 405)
            #expect(wrong.headers["allow"] == "GET, HEAD")
            #expect(try await client.request("GET /param/%zz HTTP/1.1\r\nHost: a\r\n\r\n").status == 400)
        }
    }

    @Test func everyCodeHasAStatus() {
        for code in MonoflowError.Code.allCases {
            #expect((400...599).contains(HTTPErrorTable.status(code).http.code))
            #expect((1...16).contains(HTTPErrorTable.status(code).grpc))
        }
    }

    @Test func foreignErrorsDoNotLeakTheirText() async throws {
        struct Secret: Error, CustomStringConvertible { var description: String { "password=hunter2" } }
        try await withServer({ $0.on(.get, "/") { _ in throw Secret() } }) { _, port in
            let answer = try await RawClient(port: port).request("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.status == 500)
            #expect(!answer.text.contains("hunter2"))
        }
    }

    @Test func observerSeesRouteAndStatus() async throws {
        let seen = Signal()
        try await withServer(observer: { seen.fire("\($0.request.route ?? "-") \($0.status.code) \($0.isComplete)") }, hello) { _, port in
            let client = try RawClient(port: port)
            _ = try await client.request("GET /param/1?x=2 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await seen.wait() == "/param/{id} 200 true")
            _ = try await client.request("GET /none HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await seen.wait() == "- 404 true")
        }
    }

    /// What follows a request that two readers could take apart differently must never be taken for a request.
    @Test(arguments: [
        "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX", "Content-Length: 0\r\nContent-Length: 40\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\n X: y\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1\r\nAB\r\n0\r\n\r\n",
        "Transfer-Encoding:\u{b}chunked\r\n\r\n0\r\n\r\n", "Content-Length : 5\r\n\r\nhello", "X: y\n\n", "Content-Length: 1_0\r\n\r\n",
    ]) func nothingIsSmuggled(_ tail: String) async throws {
        let reached = Signal()
        try await withServer({ router in
            hello(&router)
            router.inline(.get, "/smuggled") { _ in
                reached.fire("smuggled")
                return .text("smuggled")
            }
        }) { server, port in
            let client = try RawClient(port: port)
            try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\n" + tail + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            let answers = try await client.rest()
            #expect(answers.hasPrefix("HTTP/1.1 400 "))
            #expect(answers.contains("Connection: close"))
            #expect(answers.components(separatedBy: "HTTP/1.1 ").count == 2)
            #expect(server.counters.refusals == 1)
            reached.fire("end")
            #expect(await reached.wait() == "end")
        }
    }

    /// Mutated requests in random pieces: the server answers or closes, and still serves others.
    @Test func survivesNoise() async throws {
        try await withServer(hello) { server, port in
            var random = SplitMix(state: 42)
            let seeds = [
                "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                "GET /param/a%20b?x=%41 HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n",
                "POST /echo/inline HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /hello HTTP/1.0\r\n\r\n",
            ]
            for round in 0..<150 {
                var bytes = Array(seeds[round % seeds.count].utf8)
                for _ in 0...Int(random.next() % 4) { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next()) }
                let cut = Int(random.next() % UInt64(bytes.count))
                let client = try RawClient(port: port)
                try await client.send(Array(bytes[..<cut]))
                // The server may have refused and closed by now.
                try? await client.send(Array(bytes[cut...]))
                try? await client.halfClose()
                _ = try? await client.rest()
            }
            let client = try RawClient(port: port)
            #expect(try await client.request("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
            #expect(server.counters.connectionsTotal == 151)
        }
    }
}

struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

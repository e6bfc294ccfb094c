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
}

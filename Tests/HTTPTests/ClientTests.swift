import Core
import Foundation
import HTTP
import Synchronization
import Testing

@Suite struct ClientTests {
    private func routes(_ router: inout Router) {
        router.inline(.get, "/hello") { _ in .text("hello") }
        for method in [HTTPMethod.post, .put, .patch, .delete] {
            router.on(method, "/echo") { request in
                var response = HTTPResponse.bytes(try await request.body.collect(limit: 64 << 20))
                response.headers.add("X-Length", request.headers["Content-Length"] ?? "none")
                response.headers.add("X-Coding", request.headers["Transfer-Encoding"] ?? "none")
                return response
            }
        }
        router.on(.get, "/stream/{length}") { request in
            let total = Int(try request.parameter("length")) ?? 0
            return .stream(type: "text/plain") { writer in
                var left = total
                while left > 0 {
                    let piece = [UInt8](repeating: 97, count: min(left, 10_000))
                    try await writer.write(piece)
                    left -= piece.count
                }
            }
        }
        router.inline(.get, "/none") { _ in HTTPResponse(.noContent) }
        router.inline(.get, "/same") { _ in HTTPResponse(.notModified, headers: ["ETag": "\"a\""]) }
        router.inline(.get, "/headers") { request in
            .text(request.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n"))
        }
    }

    @Test func callsOfEveryKind() async throws {
        try await withServer({ routes(&$0) }) { _, port in
            let client = try makeClient(), url = "http://127.0.0.1:\(port)"
            let hello = try await client.send(HTTPClientRequest(.get, url + "/hello"))
            #expect(hello.status == .ok)
            #expect(hello.body.bytes == Array("hello".utf8))
            let head = try await client.send(HTTPClientRequest(.head, url + "/hello"))
            #expect(head.headers["Content-Length"] == "5")
            #expect(try await head.body.collect().isEmpty)
            #expect(try await client.send(HTTPClientRequest(.get, url + "/none")).status == .noContent)
            #expect(try await client.send(HTTPClientRequest(.get, url + "/same")).status == .notModified)
            let streamed = try await client.send(HTTPClientRequest(.get, url + "/stream/1000000"))
            #expect(streamed.body.length == nil)
            #expect(try await streamed.body.collect().count == 1_000_000)
            #expect(try await client.send(HTTPClientRequest(.get, url + "/missing")).status == .notFound)
            #expect(client.counters.connectionsMade == 1)
            #expect(client.counters.reused == 5)
        }
    }

    @Test func bodiesOfEveryKind() async throws {
        try await withServer({ routes(&$0) }) { _, port in
            let client = try makeClient(), url = "http://127.0.0.1:\(port)/echo"
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
            let path = NSTemporaryDirectory() + "client-body-\(getpid())-\(port)"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            defer { unlink(path) }
            let file = try HTTPFile(path: path)
            let pieces = AsyncStream<[UInt8]> { stream in
                for start in stride(from: 0, to: bytes.count, by: 1000) { stream.yield(Array(bytes[start..<(start + 1000)])) }
                stream.finish()
            }
            let cases: [(HTTPClientRequest.Body, [UInt8], String, String)] = [
                (.none, [], "0", "none"), (.bytes([]), [], "0", "none"), (.bytes(bytes), bytes, "300000", "none"),
                (.file(file), bytes, "300000", "none"), (.file(file, 100..<200), Array(bytes[100..<200]), "100", "none"),
                (.chunks(pieces), bytes, "none", "chunked"), (.stream(length: 3) { try await $0.write("abc") }, Array("abc".utf8), "3", "none"),
                (.stream(length: nil) { _ in }, [], "none", "chunked"), (.passing(HTTPBody(bytes)), bytes, "300000", "none"),
            ]
            for (body, expected, length, coding) in cases {
                for expects in [false, true] {
                    var request = try HTTPClientRequest(.post, url, body: body)
                    request.expectsContinue = expects && length != "0"
                    if case .stream = body, coding == "chunked", expects, expected.count > 0 { continue }
                    let response = try await client.send(request)
                    #expect(response.status == .ok)
                    #expect(response.headers["X-Length"] == length)
                    #expect(response.headers["X-Coding"] == coding)
                    #expect(try await response.body.collect() == expected)
                }
            }
            #expect(client.counters.connectionsMade == 1)
        }
    }

    @Test func whatIsSent() async throws {
        let server = try RawServer(), client = try makeClient()
        let cases: [(HTTPMethod, HTTPHeaders, HTTPClientRequest.Body, String)] = [
            (.get, [:], .none, "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n"),
            (.get, ["Host": "other", "X": "1"], .none, "GET /a?b=c HTTP/1.1\r\nHost: other\r\nX: 1\r\n\r\n"),
            (.post, [:], .none, "POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 0\r\n\r\n"),
            // What would frame or split the request otherwise is not taken from the caller.
            (.post, ["Content-Length": "9", "Transfer-Encoding": "gzip", "connection": "upgrade", "Upgrade": "x", "X": "a\r\nY: b"], .bytes([65]),
             "POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX: a  Y: b\r\nContent-Length: 1\r\n\r\n"),
            (.get, ["TE": "trailers"], .none, "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nTE: trailers\r\nConnection: TE\r\n\r\n"),
        ]
        for (method, headers, body, expected) in cases {
            async let answered = server.answer("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            let response = try await client.send(HTTPClientRequest(method, server.url + "/a?b=c#fragment", headers: headers, body: body))
            #expect(response.status == .noContent)
            #expect(try await answered.request == expected.replacingOccurrences(of: "PORT", with: "\(server.port)"))
        }
    }

    @Test func compressedAnswersWhereAsked() async throws {
        let text = String(repeating: "what is said again and again is short. ", count: 2000)
        try await withServer({ router in
            router.wrap(ContentCodings().wrap)
            router.on(.get, "/text") { _ in .text(text) }
            router.on(.get, "/headers") { request in .text(request.headers["Accept-Encoding"] ?? "none") }
        }) { _, port in
            let client = try makeClient(), url = "http://127.0.0.1:\(port)"
            #expect(try await client.send(HTTPClientRequest(.get, url + "/headers")).body.collect() == Array("none".utf8))
            let plain = try await client.send(HTTPClientRequest(.get, url + "/text"))
            #expect(plain.headers["Content-Encoding"] == nil && plain.body.length == Int64(text.utf8.count))
            // Unread, it would keep the connection from the next request where it comes behind its head.
            #expect(try await plain.body.collect() == Array(text.utf8))
            for method in [HTTPMethod.get, .head] {
                var request = try HTTPClientRequest(method, url + "/text")
                request.acceptsCompression = true
                let coded = try await client.send(request)
                #expect(method == .head || coded.headers["Content-Encoding"] == nil)
                #expect(try await coded.body.collect() == (method == .head ? [] : Array(text.utf8)))
            }
            // Who asks by hand also decodes by hand.
            let own = try await client.send(HTTPClientRequest(.get, url + "/text", headers: ["Accept-Encoding": "gzip"]))
            #expect(own.headers["Content-Encoding"] == "gzip")
            #expect(try await own.body.collect().count < text.utf8.count / 4)
            #expect(client.counters.connectionsMade == 1)
        }
    }

    @Test func trailers() async throws {
        let server = try RawServer(), client = try makeClient()
        let request = try HTTPClientRequest(.post, server.url + "/", body: .stream(length: nil) { writer in
            try await writer.write("abc")
            writer.trailers(["X-Sum": "1"])
        })
        async let answered = client.send(request)
        let peer = try await server.accept()
        #expect(try await peer.text(through: "1\r\n\r\n").hasSuffix("\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"))
        try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 2\r\nContent-Length: 9\r\n\r\n")
        let response = try await answered
        #expect(try await response.body.collect() == [97])
        // What frames a message is not taken from there.
        #expect(response.body.trailers == ["X-Sum": "2"])
    }

    @Test func informationalResponses() async throws {
        let server = try RawServer(), client = try makeClient()
        let hints = Mutex<[String]>([])
        var request = try HTTPClientRequest(.get, server.url + "/")
        request.onInformational = { status, headers in hints.withLock { $0.append("\(status.code) \(headers["Link"] ?? "")") } }
        async let answered = server.answer(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(try await client.send(request).body.collect() == Array("ok".utf8))
        #expect(hints.withLock { $0 } == ["103 </a>", "102 "])
        try await answered.peer.close()
        async let flood = server.answer(String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 100))
        #expect(await code { _ = try await client.send(HTTPClientRequest(.post, server.url + "/")) } == .dataLoss)
        _ = try await flood
    }

    private func expecting(_ url: String, wait: Duration) throws -> HTTPClientRequest {
        var request = try HTTPClientRequest(.put, url + "/", body: .bytes(Array("body".utf8)))
        request.expectsContinue = true
        request.timeouts = HTTPTimeouts()
        request.timeouts?.awaitContinue = wait
        return request
    }

    /// The server says what it does with a body before it is sent.
    @Test func expectContinue() async throws {
        let server = try RawServer(), client = try makeClient()
        let request = try expecting(server.url, wait: .seconds(20))
        async let refused = client.send(request)
        let first = try await server.accept()
        #expect(try await first.text(through: "\r\n\r\n").contains("Expect: 100-continue\r\n"))
        try await first.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        #expect(try await refused.status == .payloadTooLarge)
        // The body that was announced and not sent makes the connection useless.
        #expect(try await first.isAtEnd())
        async let taken = client.send(request)
        let second = try await server.accept()
        _ = try await second.text(through: "\r\n\r\n")
        try await second.send("HTTP/1.1 100 Continue\r\n\r\n")
        #expect(try await second.text(through: "body") == "body")
        try await second.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(try await taken.status == .ok)
        // A server that knows nothing of it gets the body after a while.
        async let late = client.send(expecting(server.url, wait: .milliseconds(20)))
        #expect(try await second.text(through: "\r\n\r\nbody").hasSuffix("body"))
        try await second.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(try await late.status == .ok)
    }

    @Test func switchedProtocols() async throws {
        let server = try RawServer(), client = try makeClient()
        var switching = try HTTPClientRequest(.get, server.url + "/")
        switching.upgrade = "echo"
        let request = switching
        async let answered = client.send(request)
        let peer = try await server.accept()
        #expect(try await peer.text(through: "\r\n\r\n").hasSuffix("Connection: Upgrade\r\nUpgrade: echo\r\n\r\n"))
        try await peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst")
        let response = try await answered
        #expect(response.status.code == 101)
        let upgrade = try #require(response.upgrade)
        var input = upgrade.input.makeAsyncIterator()
        #expect(try await input.next() == Array("first".utf8))
        #expect(client.counters.connectionsUpgraded == 1)
        #expect(client.counters.connectionsOpen == 0)
        try await upgrade.output.write("to the server")
        #expect(try await peer.text(through: "server") == "to the server")
        // Each direction ends by itself.
        upgrade.endOutput()
        #expect(try await peer.isAtEnd())
        try await peer.send("last")
        #expect(try await input.next() == Array("last".utf8))
        try await peer.close()
        #expect(try await input.next() == nil)
        for (line, fields) in [("101 S", "Connection: Upgrade\r\nUpgrade: other"), ("101 S", "Upgrade: echo"), ("101 S", "Connection: upgrade")] {
            async let wrong = server.answer("HTTP/1.1 \(line)\r\n\(fields)\r\n\r\n")
            #expect(await code { _ = try await client.send(request) } == .dataLoss)
            _ = try await wrong
        }
        async let unasked = server.answer("HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
        #expect(await code { _ = try await client.send(HTTPClientRequest(.get, server.url + "/")) } == .dataLoss)
        _ = try await unasked
        #expect(await settles(client) { $0.connectionsOpen == 0 })
    }
}

import Core
import Foundation
import HTTP
import Testing

func residentKiB() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
}

@Suite(.serialized) struct BodyTests {
    @Test func chunkedUploadIsCollected() async throws {
        try await withServer({ router in
            router.on(.post, "/echo") { .bytes(try await $0.body.collect()) }
            router.inline(.post, "/inline") { .bytes($0.body.bytes ?? []) }
        }) { _, port in
            let client = try RawClient(port: port)
            for path in ["/echo", "/inline"] {
                try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                for piece in ["3\r\nabc", "\r\n2\r\nd", "e\r\n", "0\r\n", "\r\n"] { try await client.send(piece) }
                #expect(try await client.response().text == "abcde")
            }
        }
    }

    @Test func largeUploadDoesNotGrowMemory() async throws {
        try await withServer({ router in
            router.on(.put, "/sink") { request in
                var total = 0
                for try await chunk in request.body { total += chunk.count }
                return .text("\(total)")
            }
        }) { _, port in
            let client = try RawClient(port: port)
            let piece = [UInt8](repeating: 7, count: 1 << 20)
            let count = 512
            try await client.send("PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: \(piece.count * count)\r\n\r\n")
            for _ in 0..<16 { try await client.send(piece) }
            let before = residentKiB()
            for _ in 16..<count { try await client.send(piece) }
            #expect(try await client.response().text == "\(piece.count * count)")
            // Other tests run beside this one; a kept body would be more than twice as much.
            #expect(residentKiB() - before < 192 << 10)
        }
    }

    @Test func unreadUploadHoldsTheClientBack() async throws {
        let (gate, entered) = (Signal(), Signal())
        try await withServer({ router in
            router.on(.put, "/slow") { request in
                entered.fire()
                _ = await gate.wait()
                return .text("\(try await request.body.collect(limit: 64 << 20).count)")
            }
        }) { server, port in
            let client = try RawClient(port: port)
            let size = 48 << 20
            try await client.send("PUT /slow HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
            #expect(await entered.wait() != nil)
            async let sent: Void = client.send([UInt8](repeating: 1, count: size))
            // Reading stops: the count of bytes taken stands still, far below what is sent.
            var last: Int64 = -1, still = 0
            while still < 20 {
                try await Task.sleep(for: .milliseconds(10))
                still = server.counters.bytesIn == last ? still + 1 : 0
                last = server.counters.bytesIn
            }
            #expect(last < 2 << 20)
            gate.fire()
            try await sent
            #expect(try await client.response().text == "\(size)")
        }
    }

    @Test func limitsOfBodies() async throws {
        var limits = HTTPLimits()
        (limits.bodyBytes, limits.inlineBodyBytes, limits.streamedBodyBytes) = (1000, 500, 1 << 20)
        try await withServer(limits: limits, { router in
            router.on(.post, "/collect") { .text("\(try await $0.body.collect().count)") }
            router.on(.post, "/more") { .text("\(try await $0.body.collect(limit: 5000).count)") }
            router.inline(.post, "/inline") { .text("\($0.body.bytes?.count ?? -1)") }
        }) { _, port in
            func post(_ path: String, _ size: Int, chunked: Bool) async throws -> Int {
                let client = try RawClient(port: port)
                let body = String(repeating: "x", count: size)
                let framing = chunked ? "Transfer-Encoding: chunked" : "Content-Length: \(size)"
                let text = chunked ? String(size, radix: 16) + "\r\n" + body + "\r\n0\r\n\r\n" : body
                return try await client.request("POST \(path) HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n" + text).status
            }
            for chunked in [false, true] {
                #expect(try await post("/collect", 1000, chunked: chunked) == 200)
                #expect(try await post("/collect", 1001, chunked: chunked) == 413)
                #expect(try await post("/more", 5000, chunked: chunked) == 200)
                #expect(try await post("/inline", 500, chunked: chunked) == 200)
                #expect(try await post("/inline", 501, chunked: chunked) == 413)
            }
            // Refused by its announced length: the client sees the answer although it never stops sending.
            let client = try RawClient(port: port)
            try await client.send("POST /collect HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n")
            #expect(try await client.response().status == 413)
        }
    }

    @Test func expectContinue() async throws {
        try await withServer({ router in
            router.on(.post, "/read") { .bytes(try await $0.body.collect()) }
            router.inline(.post, "/inline") { .bytes($0.body.bytes ?? []) }
            router.on(.post, "/refuse") { _ in throw MonoflowError(.permissionDenied, "upload", "", "no") }
        }) { _, port in
            for path in ["/read", "/inline"] {
                let client = try RawClient(port: port)
                try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
                #expect(try await client.head().status == 100)
                #expect(try await client.request("12345").text == "12345")
            }
            let refused = try RawClient(port: port)
            try await refused.send("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            let (status, headers) = try await refused.head()
            #expect(status == 403)
            #expect(headers["connection"] == "close")
        }
    }

    @Test func unreadBodies() async throws {
        try await withServer({ $0.on(.post, "/") { _ in .text("ok") } }) { _, port in
            let short = try RawClient(port: port)
            try await short.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n")
            #expect(try await short.response().headers["connection"] == nil)
            try await short.send([UInt8](repeating: 65, count: 70000))
            #expect(try await short.request("POST / HTTP/1.1\r\nHost: a\r\n\r\n").text == "ok")
            let long = try RawClient(port: port)
            try await long.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000000\r\n\r\n")
            #expect(try await long.response().headers["connection"] == "close")
        }
    }

    @Test func truncatedUploadIsAnError() async throws {
        try await withServer({ router in
            router.on(.post, "/") { .text("\(try await $0.body.collect().count)") }
            router.inline(.post, "/inline") { .text("\($0.body.bytes?.count ?? 0)") }
            router.inline(.get, "/head") { _ in .text("head") }
        }) { _, port in
            for path in ["/", "/inline"] {
                let client = try RawClient(port: port)
                try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n1234")
                try await client.halfClose()
                let answer = try await client.response()
                #expect(answer.status == 400)
                #expect(answer.text.contains("too early"))
            }
            // An answer to HEAD has no body, also where it is a refusal.
            let head = try RawClient(port: port)
            try await head.send("HEAD /head HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n1234")
            try await head.halfClose()
            #expect(try await head.response(head: true).status == 400)
            #expect(try await head.isAtEnd())
            let broken = try RawClient(port: port)
            try await broken.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n")
            #expect(try await broken.response().status == 400)
            #expect(try await broken.isAtEnd())
        }
    }
}

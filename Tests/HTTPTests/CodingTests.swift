import Core
import Foundation
import Testing

@testable import HTTP

/// Content codings over a real server.
@Suite(.serialized) struct CodingTests {
    private static let text = sampleText(20_000)

    private static func withCodings(
        pool: DeflaterPool = DeflaterPool(), limits: HTTPLimits = HTTPLimits(), change: (inout ContentCodings) -> Void = { _ in },
        _ routes: (inout Router) -> Void, _ body: (RawClient) async throws -> Void
    ) async throws {
        var codings = ContentCodings(pool: pool)
        change(&codings)
        try await withServer(limits: limits, { router in
            routes(&router)
            router.wrap(codings.wrap)
        }) { _, port in try await body(try RawClient(port: port)) }
    }

    private static func get(_ client: RawClient, _ path: String, _ fields: String = "Accept-Encoding: gzip\r\n", method: String = "GET") async throws -> RawClient.Response {
        try await client.request("\(method) \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n", head: method == "HEAD")
    }

    private static func decoded(_ response: RawClient.Response, limit: Int = 64 << 20) throws -> [UInt8] {
        switch response.headers["content-encoding"] {
        case "gzip": try Inflater(.gzip).decompress(response.body, limit: limit)
        case "deflate": try Inflater(.zlib).decompress(response.body, limit: limit)
        default: response.body
        }
    }

    @Test func responsesOfEachKind() async throws {
        let big = sampleText(3 << 20, seed: 9), pool = DeflaterPool()
        try await Self.withCodings(pool: pool, { router in
            for (name, bytes) in [("small", Self.text), ("big", big)] {
                router.on(.get, "/task/\(name)") { _ in .bytes(bytes, type: "application/json") }
                router.inline(.get, "/inline/\(name)") { _ in .bytes(bytes, type: "application/json") }
                router.on(.get, "/stream/\(name)") { _ in
                    .stream(type: "text/plain", length: Int64(bytes.count)) { writer in
                        for at in stride(from: 0, to: bytes.count, by: 10_000) { try await writer.write(Array(bytes[at..<min(at + 10_000, bytes.count)])) }
                    }
                }
            }
        }) { client in
            for kind in ["task", "inline", "stream"] {
                for (name, bytes) in [("small", Self.text), ("big", big)] {
                    for (accept, coding) in [("gzip, deflate, br", "gzip"), ("deflate", "deflate"), ("br", nil), ("gzip;q=0, *;q=0", nil)] as [(String, String?)] {
                        let answer = try await Self.get(client, "/\(kind)/\(name)", "Accept-Encoding: \(accept)\r\n")
                        #expect(answer.status == 200)
                        #expect(answer.headers["content-encoding"] == coding, "\(kind) \(name) \(accept)")
                        #expect(answer.headers["vary"] == "Accept-Encoding")
                        #expect(try Self.decoded(answer) == bytes)
                        if coding != nil { #expect(answer.body.count < bytes.count / 3) }
                    }
                    let plain = try await Self.get(client, "/\(kind)/\(name)", "")
                    #expect(plain.headers["content-encoding"] == nil && plain.headers["vary"] == nil)
                    #expect(plain.body == bytes)
                    let head = try await Self.get(client, "/\(kind)/\(name)", method: "HEAD")
                    #expect(head.headers["content-encoding"] == "gzip")
                    #expect(head.headers["content-length"] == nil)
                }
            }
        }
        #expect(pool.inUse == 0)
    }

    @Test func whatIsLeftAsItIs() async throws {
        let text = Self.text
        try await Self.withCodings({ router in
            func add(_ path: String, tags: Set<String> = [], _ change: @escaping @Sendable (inout HTTPResponse) -> Void) {
                router.on(.get, path, tags: tags) { _ in
                    var response = HTTPResponse.bytes(text, type: "application/json")
                    change(&response)
                    return response
                }
            }
            add("/cookie") { $0.headers.add("Set-Cookie", "a=b") }
            add("/transform") { $0.headers.add("Cache-Control", "private, no-transform") }
            add("/coded") { $0.headers.add("Content-Encoding", "br") }
            add("/partial") { $0.status = .partialContent }
            add("/image") { $0.headers["Content-Type"] = "image/png" }
            add("/untyped") { $0.headers.remove("Content-Type") }
            add("/short") { $0.body = .bytes(Array(text.prefix(1023))) }
            add("/secret", tags: [ContentCodings.secretTag]) { _ in }
            add("/opaque", tags: [ContentCodings.opaqueTag]) { _ in }
            add("/random") { $0.body = .bytes((0..<5000).map { _ in UInt8.random(in: 0...255) }) }
            router.on(.get, "/events") { _ in .events { try await $0.event(data: String(decoding: text, as: UTF8.self)) } }
        }) { client in
            for path in ["cookie", "transform", "partial", "image", "untyped", "short", "secret", "opaque", "events", "random"] {
                let answer = try await Self.get(client, "/" + path)
                #expect(answer.headers["content-encoding"] == nil, "\(path)")
                #expect(answer.headers["vary"] == (path == "random" ? "Accept-Encoding" : nil), "\(path)")
            }
            #expect(try await Self.get(client, "/coded").headers["content-encoding"] == "br")
            // Not as it is: who refuses that gets even what grows.
            #expect(try await Self.get(client, "/random", "Accept-Encoding: gzip, identity;q=0\r\n").headers["content-encoding"] == "gzip")
        }
    }

    @Test func otherSitesRequestsAreNotCoded() async throws {
        try await Self.withCodings({ router in router.on(.get, "/") { _ in .bytes(Self.text, type: "text/plain") } }) { client in
            for (site, coding) in [("same-origin", "gzip"), ("none", "gzip"), ("same-site", nil), ("cross-site", nil)] as [(String, String?)] {
                let answer = try await Self.get(client, "/", "Accept-Encoding: gzip\r\nSec-Fetch-Site: \(site)\r\n")
                #expect(answer.headers["content-encoding"] == coding, "\(site)")
            }
        }
    }

    @Test func fullPoolSendsAsItIs() async throws {
        let pool = DeflaterPool(bound: 1)
        try await Self.withCodings(pool: pool, { router in router.on(.get, "/") { _ in .bytes(Self.text, type: "text/plain") } }) { client in
            let taken = pool.take(.gzip)
            let answer = try await Self.get(client, "/")
            #expect(taken != nil && answer.body == Self.text)
        }
    }

    @Test func entityTagsBecomeWeak() async throws {
        let big = sampleText(1 << 20)
        try await Self.withCodings({ router in
            for (path, bytes) in [("/small", Self.text), ("/big", big)] {
                router.on(.get, path) { _ in
                    var response = HTTPResponse.bytes(bytes, type: "text/plain")
                    response.headers.add("ETag", "\"v1\"")
                    response.headers.add("Vary", "Origin")
                    return response
                }
            }
        }) { client in
            for path in ["/small", "/big"] {
                let coded = try await Self.get(client, path)
                #expect(coded.headers["etag"] == "W/\"v1\"")
                #expect(coded.headers["vary"] == "Origin, Accept-Encoding")
                #expect(try await Self.get(client, path, "").headers["etag"] == "\"v1\"")
                for tag in ["\"v1\"", "W/\"v1\""] {
                    let known = try await Self.get(client, path, "Accept-Encoding: gzip\r\nIf-None-Match: \(tag)\r\n")
                    #expect(known.status == 304)
                    #expect(known.headers["etag"] == "W/\"v1\"")
                    #expect(known.headers["content-encoding"] == nil)
                }
                #expect(try await Self.get(client, path, "Accept-Encoding: gzip\r\nIf-None-Match: \"v2\"\r\n").status == 200)
                #expect(try await Self.get(client, path, "Accept-Encoding: gzip\r\nIf-Match: \"v2\"\r\n").status == 412)
                let matched = try await Self.get(client, path, "Accept-Encoding: gzip\r\nIf-Match: \"v1\"\r\n")
                #expect(matched.status == 200 && matched.headers["etag"] == "\"v1\"" && matched.headers["content-encoding"] == nil)
            }
        }
    }

    @Test func streamedLinesArriveAtOnce() async throws {
        let gate = Signal()
        try await Self.withCodings({ router in
            router.on(.get, "/log") { _ in
                .stream(type: "text/plain") { writer in
                    try await writer.write("first\n")
                    _ = await gate.wait()
                    try await writer.write("second\n")
                }
            }
        }) { client in
            try await client.send("GET /log HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            #expect(try await client.head().headers["content-encoding"] == "gzip")
            let inflater = try Inflater(.gzip)
            var text: [UInt8] = []
            func read() async throws -> Bool {
                guard let chunk = try await client.chunkBytes() else { return false }
                _ = try chunk.withUnsafeBytes { try inflater.read($0, into: &text, bound: 1000) }
                return true
            }
            while text.count < 6 { #expect(try await read()) }
            #expect(text == Array("first\n".utf8))
            gate.fire()
            while try await read() {}
            try inflater.finish()
            #expect(text == Array("first\nsecond\n".utf8))
        }
    }
}

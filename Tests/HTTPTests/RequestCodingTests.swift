import Core
import Foundation
import Testing

@testable import HTTP

/// Coded request bodies over a real server.
@Suite(.serialized) struct RequestCodingTests {
    private static func withRoutes(limits: HTTPLimits = HTTPLimits(), _ body: (HTTPServer, Int) async throws -> Void) async throws {
        try await withServer(limits: limits, { router in
            router.on(.post, "/echo") { request in
                var response = HTTPResponse.bytes(try await request.body.collect())
                response.headers.add("X-Seen", "\(request.headers["Content-Encoding"] ?? "-") \(request.headers["Content-Length"] ?? "-")")
                return response
            }
            router.inline(.post, "/inline") { request in
                var response = HTTPResponse.bytes(request.body.bytes ?? [])
                response.headers.add("X-Seen", "\(request.headers["Content-Encoding"] ?? "-") \(request.headers["Content-Length"] ?? "-")")
                return response
            }
            router.on(.post, "/count") { request in
                var count = 0
                for try await chunk in request.body { count += chunk.count }
                return .text("\(count)")
            }
            router.on(.post, "/small") { .text("\(try await $0.body.collect(limit: 1000).count)") }
            router.on(.post, "/unread") { _ in .text("unread") }
            router.on(.post, "/opaque", tags: [ContentCodings.opaqueTag]) { .bytes(try await $0.body.collect()) }
            router.wrap(ContentCodings().wrap)
        }, body)
    }

    private static func head(_ path: String, _ coding: String, _ framing: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Encoding: \(coding)\r\n\(framing)\r\n\r\n"
    }

    private static func post(_ port: Int, _ path: String, _ coding: String, _ bytes: [UInt8], chunk: Int? = nil) async throws -> RawClient.Response {
        let client = try RawClient(port: port)
        guard let chunk else {
            try await client.send(Array(head(path, coding, "Content-Length: \(bytes.count)").utf8) + bytes)
            return try await client.response()
        }
        var text = Array(head(path, coding, "Transfer-Encoding: chunked").utf8)
        for at in stride(from: 0, to: bytes.count, by: chunk) {
            let piece = bytes[at..<min(at + chunk, bytes.count)]
            text += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10]
        }
        try await client.send(text + Array("0\r\n\r\n".utf8))
        return try await client.response()
    }

    private static let text = sampleText(30_000, seed: 5)

    @Test func bodiesAreDecoded() async throws {
        let gzip = try Deflater(.gzip).compress(Self.text), deflate = try Deflater(.zlib).compress(Self.text)
        let cases: [(String, [UInt8])] = [
            ("gzip", gzip), ("X-GZip", gzip), ("deflate", deflate), ("deflate", Array(deflate.dropFirst(2).dropLast(4))), ("identity", Self.text),
            ("gzip, identity", gzip), ("deflate, gzip", try Deflater(.gzip).compress(deflate)), ("gzip, deflate", try Deflater(.zlib).compress(gzip)),
            ("gzip, gzip", try Deflater(.gzip).compress(gzip)),
        ]
        try await Self.withRoutes { _, port in
            for (coding, bytes) in cases {
                for path in ["/echo", "/inline"] {
                    for chunk in [nil, 1 << 20, 7] {
                        let answer = try await Self.post(port, path, coding, bytes, chunk: chunk)
                        #expect(answer.status == 200 && answer.body == Self.text, "\(coding) \(path)")
                        #expect(answer.headers["x-seen"] == (coding == "identity" && chunk == nil ? "- \(bytes.count)" : "- -"))
                    }
                }
            }
            // A body of no bytes is empty, whatever it is called.
            for path in ["/echo", "/inline"] {
                for chunk in [nil, 7] { #expect(try await Self.post(port, path, "gzip", [], chunk: chunk).body == []) }
            }
            #expect(try await Self.post(port, "/opaque", "br, gzip", gzip).body == gzip)
            #expect(try await Self.post(port, "/unread", "gzip", gzip).text == "unread")
        }
    }

    @Test func unknownCodings() async throws {
        try await Self.withRoutes { _, port in
            for path in ["/echo", "/inline"] {
                for coding in ["br", "zstd", "gzip, br", "gzip, gzip, gzip", "gzip;q=1", "compress", "chunked"] {
                    let answer = try await Self.post(port, path, coding, Self.text)
                    #expect(answer.status == 415, "\(coding)")
                    #expect(answer.headers["accept-encoding"] == "gzip, deflate")
                    #expect(answer.text.contains(coding))
                }
            }
        }
    }

    @Test func damagedBodies() async throws {
        let gzip = try Deflater(.gzip).compress(Self.text)
        var flipped = gzip
        flipped[gzip.count / 2] ^= 0x55
        let cases = [Array(gzip.dropLast()), Array(gzip.prefix(5)), flipped, gzip + [0], gzip + Array("tail".utf8), Self.text]
        try await Self.withRoutes { _, port in
            for path in ["/echo", "/inline", "/count"] {
                for bytes in cases {
                    for chunk in [nil, 100] {
                        let answer = try await Self.post(port, path, "gzip", bytes, chunk: chunk)
                        #expect(answer.status == 400, "\(path)")
                    }
                }
            }
        }
    }

    @Test func limitsCountDecodedBytes() async throws {
        try await Self.withRoutes { _, port in
            for (count, status) in [(1000, 200), (1001, 413), (100_000, 413)] {
                let coded = try Deflater(.gzip).compress(sampleText(count))
                for chunk in [nil, 10] { #expect(try await Self.post(port, "/small", "gzip", coded, chunk: chunk).status == status, "\(count)") }
            }
        }
        var limits = HTTPLimits()
        limits.bodyBytes = 5000
        try await Self.withRoutes(limits: limits) { _, port in
            for path in ["/echo", "/inline"] {
                for (count, status) in [(5000, 200), (5001, 413)] {
                    let answer = try await Self.post(port, path, "gzip", Deflater(.gzip).compress(sampleText(count)))
                    #expect(answer.status == status, "\(path) \(count)")
                }
            }
        }
    }

    /// A run of zeros in one coding or two.
    private static func zeros(_ count: Int, _ formats: [DeflateFormat]) throws -> [UInt8] {
        let deflater = try Deflater(formats[0], level: 9)
        var out: [UInt8] = []
        let piece = [UInt8](repeating: 0, count: 1 << 20)
        for _ in 0..<(count >> 20) { try deflater.write(piece, .none, into: &out) }
        try deflater.write([], .finish, into: &out)
        for format in formats.dropFirst() { out = try Deflater(format, level: 9).compress(out) }
        return out
    }

    @Test func bombsAreRefused() async throws {
        let bomb = try Self.zeros(64 << 20, [.gzip]), double = try Self.zeros(64 << 20, [.zlib, .gzip])
        #expect(bomb.count < 100_000 && double.count < 10_000)
        // What an outer coding blows up and an inner one swallows: a gzip member of no bytes, many times.
        let nothing = try Deflater(.gzip).compress([])
        let hollow = try Deflater(.gzip, level: 9).compress(Array(repeatElement(nothing, count: 200_000).joined()))
        try await Self.withRoutes { _, port in
            for path in ["/count", "/echo", "/inline"] {
                #expect(try await Self.post(port, path, "gzip", bomb).status == 413)
                #expect(try await Self.post(port, path, "deflate, gzip", double).status == 413)
                #expect(try await Self.post(port, path, "gzip, gzip", hollow).status == 413)
            }
            // A small one is no bomb.
            let small = try Self.zeros(1 << 20, [.gzip])
            #expect(try await Self.post(port, "/count", "gzip", small).text == "\(1 << 20)")
        }
    }

    @Test func longStreamsKeepMemoryFlat() async throws {
        let piece = sampleText(1 << 20, seed: 11)
        try await Self.withRoutes { _, port in
            let client = try RawClient(port: port)
            try await client.send(Self.head("/count", "gzip", "Transfer-Encoding: chunked"))
            let deflater = try Deflater(.gzip, level: 1)
            var before = 0
            for index in 0..<256 {
                var out: [UInt8] = []
                try deflater.write(piece, index == 255 ? .finish : .none, into: &out)
                try await client.send(Array("\(String(out.count, radix: 16))\r\n".utf8) + out + [13, 10])
                if index == 16 { before = residentKiB() }
            }
            try await client.send("0\r\n\r\n")
            #expect(try await client.response().text == "\(256 << 20)")
            #expect(residentKiB() - before < 96 << 10)
        }
    }
}

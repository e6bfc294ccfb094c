import Core
import Foundation
import HTTP
import Testing

@Suite struct FileTests {
    private static func folder() throws -> String {
        let root = NSTemporaryDirectory() + "/http-files-" + Identifiers.random()
        try Files.makeDirectory(root + "/public/js")
        try Files.writeAtomically(Array("<h1>hi</h1>".utf8), to: root + "/public/index.html")
        try Files.writeAtomically(Array("0123456789".utf8), to: root + "/public/js/app.js")
        try Files.writeAtomically(Array("secret".utf8), to: root + "/secret.txt")
        try Files.writeAtomically(Array("secret".utf8), to: root + "/public/.hidden")
        symlink("../secret.txt", root + "/public/out.txt")
        symlink("js/app.js", root + "/public/in.js")
        return root
    }

    @Test func servesOnlyWhatLiesInTheFolder() async throws {
        let root = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: root) }
        let files = try StaticFiles(root: root + "/public")
        try await withServer({ $0.inline(.get, "/{path...}") { try files.respond(to: $0) } }) { _, port in
            let client = try RawClient(port: port)
            func get(_ path: String, _ headers: String = "") async throws -> RawClient.Response {
                try await client.request("GET \(path) HTTP/1.1\r\nHost: a\r\n\(headers)\r\n")
            }
            for path in ["/", "/index.html"] {
                let page = try await get(path)
                #expect(page.text == "<h1>hi</h1>")
                #expect(page.headers["content-type"] == "text/html; charset=utf-8")
                #expect(page.headers["cache-control"] == "no-cache")
            }
            #expect(try await get("/in.js").text == "0123456789")
            for path in ["/../secret.txt", "/%2e%2e/secret.txt", "/js/..%2f..%2fsecret.txt", "/out.txt", "/.hidden", "/js", "/none", "/js/"] {
                #expect(try await get(path).status == 404, "\(path)")
            }
            let script = try await get("/js/app.js")
            let tag = try #require(script.headers["etag"]), date = try #require(script.headers["last-modified"])
            #expect(try await get("/js/app.js", "If-None-Match: \"x\", W/\(tag)\r\n").status == 304)
            #expect(try await get("/js/app.js", "If-None-Match: \"x\"\r\nIf-Modified-Since: \(date)\r\n").status == 200)
            #expect(try await get("/js/app.js", "If-Modified-Since: \(date)\r\n").status == 304)
            #expect(try await get("/js/app.js", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n").status == 200)

            #expect(try await get("/js/app.js", "If-Match: \"x\", \(tag)\r\n").status == 200)
            #expect(try await get("/js/app.js", "If-Match: *\r\n").status == 200)
            #expect(try await get("/js/app.js", "If-Match: \"x\"\r\nIf-Unmodified-Since: \(date)\r\n").status == 412)
            #expect(try await get("/js/app.js", "If-Match: W/\(tag)\r\n").status == 412)
            #expect(try await get("/js/app.js", "If-Unmodified-Since: \(date)\r\n").status == 200)
            #expect(try await get("/js/app.js", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n").status == 412)

            let part = try await get("/js/app.js", "Range: bytes=2-4\r\n")
            #expect(part.status == 206)
            #expect(part.text == "234")
            #expect(part.headers["content-range"] == "bytes 2-4/10")
            let beyond = try await get("/js/app.js", "Range: bytes=10-\r\n")
            #expect(beyond.status == 416)
            #expect(beyond.headers["content-range"] == "bytes */10")
            #expect(try await get("/js/app.js", "Range: bytes=2-4\r\nIf-Range: \(tag)\r\n").status == 206)
            #expect(try await get("/js/app.js", "Range: bytes=2-4\r\nIf-Range: \"old\"\r\n").text == "0123456789")
            let head = try await client.request("HEAD /js/app.js HTTP/1.1\r\nHost: a\r\n\r\n", head: true)
            #expect(head.headers["content-length"] == "10")
            #expect(head.headers["accept-ranges"] == "bytes")
        }
    }

    @Test func largeFilesInOrderWithPipelining() async throws {
        let root = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: root) }
        let bytes = (0..<(9 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        try Files.writeAtomically(bytes, to: root + "/big")
        try await withServer({ $0.on(.get, "/big") { _ in try .file(root + "/big") } }) { _, port in
            let client = try RawClient(port: port)
            try await client.send(String(repeating: "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", count: 3))
            for _ in 0..<3 { #expect(try await client.response().body == bytes) }
            let tail = try await client.request("GET /big HTTP/1.1\r\nHost: a\r\nRange: bytes=-5\r\n\r\n")
            #expect(tail.body == Array(bytes.suffix(5)))
        }
    }
}

@Suite struct MultipartTests {
    private static let form =
        "preamble\r\n--b0\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--b0 \r\n"
        + "content-disposition: form-data; name=\"uploadfile\"; filename=\"a \\\"b\\\".yaml\"\r\nContent-Type: text/yaml\r\n\r\n"
        + "line\r\n--b\r\n--b1 \r\n\r\n--b0\r\nContent-Disposition: form-data; name=empty\r\n\r\n\r\n--b0--\r\nepilogue"

    private static func read(_ text: String) async throws -> [String] {
        let request = HTTPRequest(.post, "/", headers: ["Content-Type": "multipart/form-data; boundary=\"b0\""], body: HTTPBody(Array(text.utf8)))
        return try await read(request)
    }

    private static func read(_ request: HTTPRequest) async throws -> [String] {
        let reader = try MultipartReader(request)
        var out: [String] = []
        while let part = try await reader.nextPart() {
            let body = String(decoding: try await part.collect(limit: 1000), as: UTF8.self)
            out.append("\(part.name)|\(part.fileName ?? "-")|\(body)")
        }
        return out
    }

    private static let expected = ["note|-|hello", "uploadfile|a \"b\".yaml|line\r\n--b\r\n--b1 \r\n", "empty|-|"]

    @Test func readsParts() async throws { #expect(try await Self.read(Self.form) == Self.expected) }

    @Test func everySplitOverTheWire() async throws {
        try await withServer({ router in
            router.on(.post, "/form") { .text(try await Self.read($0).joined(separator: "#")) }
        }) { _, port in
            let client = try RawClient(port: port)
            let bytes = Array(Self.form.utf8)
            for split in stride(from: 1, to: bytes.count, by: 3) {
                func chunk(_ part: ArraySlice<UInt8>) -> [UInt8] { Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10] }
                try await client.send("POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b0\r\nTransfer-Encoding: chunked\r\n\r\n")
                try await client.send(chunk(bytes[..<split]))
                try await client.send(chunk(bytes[split...]) + Array("0\r\n\r\n".utf8))
                #expect(try await client.response().text == Self.expected.joined(separator: "#"))
            }
        }
    }

    @Test func truncationAnywhereIsRefused() async throws {
        let end = Self.form.utf8.count - "--\r\nepilogue".utf8.count
        for cut in 0...end + 1 {
            let text = String(decoding: Array(Self.form.utf8)[..<cut], as: UTF8.self)
            let error = await #expect(throws: MonoflowError.self) { try await Self.read(text) }
            #expect(error?.code == .invalidArgument, "cut at \(cut)")
        }
    }

    @Test func refusesOtherTypesAndBadParts() async throws {
        func code(_ type: String, _ text: String) async -> MonoflowError.Code? {
            let request = HTTPRequest(.post, "/", headers: ["Content-Type": type], body: HTTPBody(Array(text.utf8)))
            do { _ = try await Self.read(request) } catch { return (error as? MonoflowError)?.code }
            return nil
        }
        #expect(await code("application/json", "{}") == .unsupportedMediaType)
        #expect(await code("multipart/form-data", "") == .invalidArgument)
        #expect(await code("multipart/form-data; boundary=b", "--b\r\nX: y\r\n\r\n\r\n--b--") == .invalidArgument)
        #expect(await code("multipart/form-data; boundary=b", "--b\r\nnocolon\r\n\r\n\r\n--b--") == .invalidArgument)
        #expect(await code("multipart/form-data; boundary=b", "--bXX\r\n\r\n\r\n--b--") == .invalidArgument)
        let long = String(repeating: "x", count: 1001)
        #expect(await code("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\(long)\r\n--b--") == .payloadTooLarge)
        #expect(await code("multipart/form-data; boundary=b", "--b--") == nil)
    }
}

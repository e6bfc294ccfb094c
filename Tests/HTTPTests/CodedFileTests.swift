import Core
import Foundation
import Testing

@testable import HTTP

@Suite struct CodedFileTests {
    private final class Folder {
        let root = NSTemporaryDirectory() + "/http-coded-" + Identifiers.random()
        init() throws { try Files.makeDirectory(root) }
        deinit { try? FileManager.default.removeItem(atPath: root) }
        func write(_ name: String, _ bytes: [UInt8]) throws { try Files.writeAtomically(bytes, to: root + "/" + name) }
        func age(_ name: String, seconds: TimeInterval) throws {
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: root + "/" + name)
        }
    }

    private static func get(_ files: StaticFiles, _ path: String, _ headers: HTTPHeaders = ["Accept-Encoding": "gzip"]) throws -> HTTPResponse {
        let request = HTTPRequest(.get, path, headers: headers)
        return Preconditions.apply(try files.respond(to: request), to: request).response
    }

    private static func body(_ response: HTTPResponse) throws -> [UInt8] {
        switch response.body {
        case .bytes(let bytes): bytes
        case .file(let file):
            Array(try FileHandle(fileDescriptor: file.descriptor, closeOnDealloc: false).read(upToCount: Int(file.size)) ?? Data())
        default: []
        }
    }

    @Test func formsAreMadeAtFirstUseAndFollowTheFile() throws {
        let folder = try Folder(), first = sampleText(9000, seed: 1), second = sampleText(9000, seed: 2)
        try folder.write("app.js", first)
        let files = try StaticFiles(root: folder.root)
        for _ in 0..<2 {
            let coded = try Self.get(files, "/app.js")
            #expect(coded.headers["Content-Encoding"] == "gzip")
            #expect(coded.headers["Content-Type"] == "text/javascript; charset=utf-8")
            #expect(coded.headers["Vary"] == "Accept-Encoding")
            #expect(try Inflater(.gzip).decompress(Self.body(coded), limit: 10_000) == first)
            let plain = try Self.get(files, "/app.js", [:])
            #expect(plain.headers["Vary"] == "Accept-Encoding" && plain.headers["Content-Encoding"] == nil)
            #expect(try Self.body(plain) == first)
            // Two forms, two strong tags; each stands for its own only.
            let (codedTag, plainTag) = (try #require(coded.headers["ETag"]), try #require(plain.headers["ETag"]))
            #expect(codedTag != plainTag && !codedTag.hasPrefix("W/"))
            #expect(try Self.get(files, "/app.js", ["Accept-Encoding": "gzip", "If-None-Match": codedTag]).status == .notModified)
            #expect(try Self.get(files, "/app.js", ["Accept-Encoding": "gzip", "If-None-Match": plainTag]).status == .ok)
            #expect(try Self.get(files, "/app.js", ["If-None-Match": codedTag]).status == .ok)
            #expect(try Self.get(files, "/app.js", ["Accept-Encoding": "gzip", "If-Match": codedTag]).status == .ok)
            #expect(try Self.get(files, "/app.js", ["Accept-Encoding": "gzip", "If-Match": "\"other\""]).status == .preconditionFailed)
        }
        try folder.write("app.js", second)
        #expect(try Inflater(.gzip).decompress(Self.body(Self.get(files, "/app.js")), limit: 10_000) == second)
    }

    @Test func rangesAreOfTheFileItself() throws {
        let folder = try Folder(), text = sampleText(9000)
        try folder.write("app.css", text)
        let files = try StaticFiles(root: folder.root)
        let part = try Self.get(files, "/app.css", ["Accept-Encoding": "gzip", "Range": "bytes=10-19"])
        #expect(part.status == .partialContent && part.headers["Content-Encoding"] == nil)
        #expect(part.headers["Content-Range"] == "bytes 10-19/9000")
        let codedTag = try #require(Self.get(files, "/app.css").headers["ETag"])
        let whole = try Self.get(files, "/app.css", ["Accept-Encoding": "gzip", "Range": "bytes=10-19", "If-Range": codedTag])
        #expect(whole.status == .ok && whole.headers["Content-Encoding"] == nil)
    }

    @Test func siblingsAreServedWhereTheyAreNotOlder() throws {
        let folder = try Folder(), text = sampleText(9000), made = try Deflater(.gzip, level: 1).compress(text)
        try folder.write("app.js", text)
        try folder.write("app.js.gz", made)
        try folder.age("app.js", seconds: 10)
        let files = try StaticFiles(root: folder.root)
        let coded = try Self.get(files, "/app.js")
        guard case .file = coded.body else {
            Issue.record("the sibling was not served")
            return
        }
        #expect(try Self.body(coded) == made)
        #expect(coded.headers["Content-Encoding"] == "gzip" && coded.headers["Content-Type"] == "text/javascript; charset=utf-8")
        #expect(coded.headers["ETag"]?.hasSuffix("-gzip\"") == true)
        // Asked for by its own name it is a file like any other.
        let itself = try Self.get(files, "/app.js.gz")
        #expect(itself.headers["Content-Encoding"] == nil && itself.headers["Content-Type"] == "application/gzip")
        try folder.age("app.js.gz", seconds: 20)
        guard case .bytes(let bytes) = try Self.get(files, "/app.js").body else {
            Issue.record("an outdated sibling was served")
            return
        }
        #expect(try Inflater(.gzip).decompress(bytes, limit: 10_000) == text)
    }

    @Test func whatIsNotCompressed() throws {
        let folder = try Folder()
        try folder.write("small.js", sampleText(100))
        try folder.write("large.js", sampleText((1 << 20) + 1))
        try folder.write("picture.png", sampleText(5000))
        try folder.write("noise.txt", (0..<5000).map { _ in UInt8.random(in: 0...255) })
        let files = try StaticFiles(root: folder.root)
        for name in ["small.js", "large.js", "picture.png", "noise.txt"] {
            let answer = try Self.get(files, "/" + name)
            #expect(answer.headers["Content-Encoding"] == nil, "\(name)")
            #expect(answer.headers["Vary"] == (name == "picture.png" ? nil : "Accept-Encoding"))
        }
        try folder.write("app.js", sampleText(5000))
        for accept in ["br", "gzip;q=0", "identity", "deflate"] { #expect(try Self.get(files, "/app.js", ["Accept-Encoding": accept]).headers["Content-Encoding"] == nil) }
    }

    @Test func cacheHasABound() throws {
        let folder = try Folder()
        let cache = CodedFileCache(bound: 5000)
        for index in 0..<20 {
            let path = "f\(index).js"
            try folder.write(path, sampleText(8000, seed: UInt64(index + 1)))
            #expect(cache.gzip(of: try HTTPFile(path: folder.root + "/" + path), path: path) != nil)
            #expect(cache.bytes <= 5000)
        }
        #expect(cache.bytes > 0)
    }
}

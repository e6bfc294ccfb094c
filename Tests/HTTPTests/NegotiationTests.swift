import Core
import Testing

@testable import HTTP

@Suite struct NegotiationTests {
    private static func accept(_ values: String...) -> AcceptEncoding {
        var headers = HTTPHeaders()
        for value in values { headers.add("accept-ENCODING", value) }
        return AcceptEncoding(headers)
    }

    @Test(arguments: [
        ("gzip", "gzip"), ("deflate", "deflate"), ("GZip", "gzip"), ("x-gzip", "gzip"), ("gzip, deflate, br, zstd", "gzip"), ("deflate, gzip", "gzip"),
        ("deflate;q=1, gzip;q=0.9", "deflate"), ("gzip;q=0.9,deflate;q=0.901", "deflate"), ("*", "gzip"), ("*;q=0.1", "gzip"), ("gzip;q=0, *", "deflate"),
        ("gzip;q=0", "-"), ("gzip;q=0.000", "-"), ("gzip;q=0, deflate;q=0", "-"), ("*;q=0", "-"), ("identity", "-"), ("br", "-"), ("", "-"), ("gzip;q=0.001", "gzip"),
        ("identity, gzip", "gzip"), ("identity;q=1, gzip;q=0.5", "-"), ("identity;q=0.5, gzip;q=0.5", "gzip"), ("identity;q=0, gzip;q=0.1", "gzip"),
        ("identity;q=0", "-"), ("gzip ; q=1.000", "gzip"), ("gzip;Q=0.5", "gzip"), (" \tgzip\t ;\tq=0.5 ", "gzip"), (",,gzip,,", "gzip"),
        // What is no weight leaves its item out.
        ("gzip;q=2", "-"), ("gzip;q=1.001", "-"), ("gzip;q=0.1234", "-"), ("gzip;q=", "-"), ("gzip;q", "-"), ("gzip;x=1", "-"), ("gzip;q=.5", "-"), ("gzip;q=-1", "-"),
        ("gzip;q=0.5;x=y", "-"), ("gzipx", "-"), ("gzi", "-"), ("gzip deflate", "-"), ("gzip;q=1.", "gzip"), ("gzip;q=x, deflate", "deflate"),
    ]) func choice(_ value: String, _ expected: String) {
        #expect(Self.accept(value).choice?.name ?? "-" == expected)
    }

    @Test func severalFieldsAndNone() {
        #expect(Self.accept("br", "gzip;q=0.5").choice == .gzip)
        #expect(Self.accept().choice == nil)
        #expect(!Self.accept().isPresent)
        #expect(Self.accept("").isPresent)
    }

    @Test(arguments: [
        ("identity;q=0", true), ("*;q=0", true), ("gzip, *;q=0", true), ("*;q=0, identity", false), ("gzip", false), ("", false), ("identity;q=0.001", false),
    ]) func refusedIdentity(_ value: String, _ expected: Bool) { #expect(Self.accept(value).refusesIdentity == expected) }

    @Test(arguments: [
        ("text/plain", true), ("text/html; charset=utf-8", true), ("TEXT/CSS", true), ("application/json", true), ("application/problem+json;x=y", true),
        ("image/svg+xml", true), ("application/openmetrics-text; version=1.0.0", true), ("text/javascript", true), ("application/yaml", true),
        ("text/event-stream", false), ("text/event-stream; charset=utf-8", false), ("image/png", false), ("application/octet-stream", false),
        ("application/gzip", false), ("application/grpc", false), ("application/grpc+proto", false), ("video/mp4", false), ("", false), ("multipart/form-data", false),
    ]) func compressibleTypes(_ type: String, _ expected: Bool) { #expect(CompressibleTypes.contains(type) == expected) }

    @Test func listsOfCodings() {
        #expect(ContentCoding.list(["gzip"], limit: 2) == [.gzip])
        #expect(ContentCoding.list(["X-GZIP, identity", " deflate "], limit: 2) == [.gzip, .deflate])
        #expect(ContentCoding.list(["identity"], limit: 2) == [])
        #expect(ContentCoding.list(["", ",identity,,"], limit: 2) == [])
        for bad in [["br"], ["gzip;q=1"], ["gzip gzip"], ["gzip, gzip, gzip"], ["gzip", "zstd"], ["compress"], ["chunked"]] {
            #expect(ContentCoding.list(bad, limit: 2) == nil, "\(bad)")
        }
    }

    @Test(arguments: [
        ("\"a\"", "\"a\""), ("W/\"a\"", "W/\"a\""), ("\"a\", \"b\"", "\"a\" \"b\""), ("W/\"a,b\" , \"c d\"", "W/\"a,b\" \"c d\""), ("\"\"", "\"\""), ("*", "*"),
        ("", ""), ("a", ""), ("\"a", ""), ("w/\"a\"", "\"a\""), ("\"a\"\"b\"", "\"a\" \"b\""), (" * ", "*"), ("\"W/\"", "\"W/\""),
    ]) func entityTags(_ text: String, _ expected: String) throws {
        switch try #require(EntityTag.list([text])) {
        case .any: #expect(expected == "*")
        case .tags(let tags): #expect(tags.map { ($0.isWeak ? "W/" : "") + $0.opaque }.joined(separator: " ") == expected)
        }
        #expect(EntityTag.list([]) == nil)
    }

    private static let early = "Sun, 06 Nov 1994 08:49:37 GMT", late = "Mon, 07 Nov 1994 08:49:37 GMT"

    @Test(arguments: [
        // If-Match compares strongly and goes before If-Unmodified-Since.
        ("If-Match: \"a\"", "proceed"), ("If-Match: \"b\"", "failed"), ("If-Match: *", "proceed"), ("If-Match: W/\"a\"", "failed"), ("If-Match: \"b\", \"a\"", "proceed"),
        ("If-Match: nonsense", "failed"), ("If-Match: \"a\"|If-Unmodified-Since: \(early)", "proceed"), ("If-Match: \"b\"|If-None-Match: \"a\"", "failed"),
        ("If-Match: \"a\"|If-None-Match: \"a\"", "notModified"), ("If-Unmodified-Since: \(late)", "proceed"), ("If-Unmodified-Since: \(early)", "failed"),
        ("If-Unmodified-Since: soon", "proceed"), ("If-Unmodified-Since: \(late)|If-Modified-Since: \(late)", "notModified"),
        // If-None-Match compares weakly and goes before If-Modified-Since.
        ("If-None-Match: \"a\"", "notModified"), ("If-None-Match: W/\"a\"", "notModified"), ("If-None-Match: *", "notModified"), ("If-None-Match: \"b\"", "proceed"),
        ("If-None-Match: \"b\"|If-Modified-Since: \(late)", "proceed"), ("If-Modified-Since: \(late)", "notModified"), ("If-Modified-Since: \(early)", "proceed"),
        ("If-Modified-Since: never", "proceed"), ("X: y", "proceed"),
    ]) func preconditions(_ fields: String, _ expected: String) {
        var headers = HTTPHeaders()
        for field in fields.split(separator: "|") {
            let colon = field.firstIndex(of: ":") ?? field.endIndex
            headers.add(String(field[..<colon]), String(HTTPText.trim(field[field.index(after: colon)...])))
        }
        let response: HTTPHeaders = ["ETag": "\"a\"", "Last-Modified": "Mon, 07 Nov 1994 00:00:00 GMT"]
        #expect("\(Preconditions.outcome(response, headers))" == expected)
    }

    @Test func preconditionsWithoutValidators() {
        #expect(Preconditions.outcome([:], ["If-Match": "\"a\""]) == .failed)
        #expect(Preconditions.outcome([:], ["If-Match": "*"]) == .proceed)
        #expect(Preconditions.outcome([:], ["If-Unmodified-Since": Self.early]) == .proceed)
        #expect(Preconditions.outcome([:], ["If-None-Match": "\"a\""]) == .proceed)
        #expect(Preconditions.outcome(["ETag": "W/\"a\""], ["If-Match": "W/\"a\""]) == .failed)
        #expect(Preconditions.outcome(["ETag": "W/\"a\""], ["If-None-Match": "\"a\""]) == .notModified)
    }
}

import CNGHTTP2
import Testing
@testable import HTTP

/// Rules of HTTP/2 that need no peer. What clients see is tested end to end.
@Suite struct HTTP2Tests {
    private func request(_ fields: [(String, String)], _ limits: HTTPLimits = HTTPLimits()) throws -> HTTPRequest {
        var reader = HTTP2HeadReader()
        for (name, value) in fields {
            let (name, value) = (Array(name.utf8), Array(value.utf8))
            name.withUnsafeBufferPointer { name in value.withUnsafeBufferPointer { _ = reader.add(name: name, value: $0, limits) } }
        }
        return try reader.request(peer: "peer")
    }

    private static let plain = [(":method", "GET"), (":scheme", "http"), (":path", "/a?b=c"), (":authority", "h:1")]

    @Test func anOrdinaryRequest() throws {
        let request = try request(Self.plain + [("accept", "x"), ("cookie", "a=1"), ("cookie", "b=2")])
        #expect(request.method == .get && request.target == "/a?b=c" && request.version == .http2)
        #expect(request.headers["Host"] == "h:1" && request.headers["Accept"] == "x")
        #expect(request.headers.values("Cookie") == ["a=1; b=2"])
        #expect(request.cookie("b") == "2")
    }

    @Test func aWebSocketLooksLikeHTTP1() throws {
        let request = try request([
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/chat"), (":authority", "h"), ("sec-websocket-version", "13"),
        ])
        #expect(request.method == .get && request.headers["Upgrade"] == "websocket" && request.headers.lists("Connection", "upgrade"))
        #expect(request.headers["Sec-WebSocket-Key"]?.count == 24)
    }

    /// One request, a field a line, and the status that it is refused with.
    static let refused: [(String, HTTPStatus)] = [
        (":method GET\n:path /", .badRequest),
        (":method BREW\n:path /\n:authority h", .notImplemented),
        (":method GET\n:path a\n:authority h", .badRequest),
        (":method GET\n:path /a b\n:authority h", .badRequest),
        (":method GET\n:path /\n:authority h\nhost other", .badRequest),
        (":method GET\n:path /\nhost a\nhost b", .badRequest),
        (":method CONNECT\n:protocol connect-udp\n:path /\n:authority h", .notImplemented),
        (":method CONNECT\n:authority h:1", .notImplemented),
        (":method GET\n:authority h\n:path /" + String(repeating: "a", count: 9000), .uriTooLong),
    ]

    @Test(arguments: refused)
    func refuses(_ text: String, _ status: HTTPStatus) {
        let fields = text.split(separator: "\n").map { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            return (String(parts[0]), String(parts[1]))
        }
        do {
            _ = try request(fields)
            Issue.record("it was taken")
        } catch let refusal as RequestRefusal { #expect(refusal.status == status) } catch { Issue.record(error) }
    }

    @Test func fieldsAreBounded() {
        var limits = HTTPLimits()
        limits.headerCount = 3
        do { _ = try request(Self.plain + (0..<4).map { ("x-\($0)", "") }, limits) } catch let refusal as RequestRefusal {
            #expect(refusal.status == .headerFieldsTooLarge)
            return
        } catch {}
        Issue.record("too many fields were taken")
    }

    @Test func framesThatAskForNothingAreBounded() {
        var ping = HTTP2FloodGuard()
        for _ in 0..<1_900 { ping.frame(type: UInt8(NGHTTP2_PING.rawValue), length: 8) }
        #expect(ping.excess == nil)
        for _ in 0..<1_000 { ping.frame(type: UInt8(NGHTTP2_PING.rawValue), length: 8) }
        #expect(ping.excess == "PING frames")

        var useful = HTTP2FloodGuard()
        for _ in 0..<100_000 {
            useful.useful()
            useful.frame(type: UInt8(NGHTTP2_WINDOW_UPDATE.rawValue), length: 4)
        }
        #expect(useful.excess == nil)

        var resets = HTTP2FloodGuard()
        for _ in 0..<5_000 {
            resets.useful()
            resets.frame(type: UInt8(NGHTTP2_RST_STREAM.rawValue), length: 4)
        }
        #expect(resets.excess == "streams reset")
    }

    @Test func piecesComeOutInOrder() {
        var random = Seeded(7), queue = PieceQueue(), expected: [UInt8] = [], out: [UInt8] = []
        for _ in 0..<2_000 {
            let piece = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            expected += piece
            queue.append(piece)
            if Bool.random(using: &random) { queue.take(Int.random(in: 0...queue.count, using: &random), into: &out) }
            #expect(queue.count == expected.count - out.count)
        }
        queue.take(queue.count, into: &out)
        #expect(out == expected && queue.count == 0)
    }

    @Test func connectionFieldsStayOut() {
        var fields = HTTP2FieldList()
        let headers: HTTPHeaders = ["Content-Type": "x", "Connection": "close", "Transfer-Encoding": "chunked", "Keep-Alive": "a", "Upgrade": "b", "X-A": "c"]
        fields.add(headers)
        var names: [String] = []
        _ = fields.withValues { values, count in
            for index in 0..<count {
                if let value = values?[index] { names.append(String(decoding: UnsafeBufferPointer(start: value.name, count: value.namelen), as: UTF8.self)) }
            }
            return 0
        }
        #expect(names == ["content-type", "x-a"])
    }
}

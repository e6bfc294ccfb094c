import Core
import Foundation
import Sockets
import Synchronization
import Testing

@testable import HTTP

/// Loops end with their group, so it outlives the connections.
private let group = Result { try EventLoopGroup(count: 2) }

private func connect(_ port: Int, _ options: HTTP2ClientOptions = HTTP2ClientOptions()) async throws -> HTTP2ClientConnection {
    try await HTTP2ClientConnection.connect(to: HTTPOrigin(host: "127.0.0.1", port: port), on: try group.get().loops[0], options: options)
}

private func get(_ connection: HTTP2ClientConnection, _ path: String) async throws -> HTTP2ClientResponse {
    try await connection.open(.get, path, [:], hasBody: false).response()
}

@Suite struct HTTP2ClientTests {
    @Test func requestsOfEveryKind() async throws {
        try await withServer({ router in
            router.inline(.get, "/hello") { .text("hello \($0.headers["X-Who"] ?? "") \($0.headers["Host"] != nil)") }
            router.on(.post, "/echo") { request in
                .stream(type: "text/plain") { writer in
                    for try await chunk in request.body { try await writer.write(chunk) }
                    var trailers = request.body.trailers
                    trailers.add("x-server", "1")
                    writer.trailers(trailers)
                }
            }
            router.inline(.get, "/none") { _ in HTTPResponse(.noContent) }
        }) { _, port in
            let client = try await connect(port)
            let hello = try await client.open(.get, "/hello", ["X-Who": "me"], hasBody: false).response()
            #expect(hello.status == .ok && hello.headers["content-type"]?.hasPrefix("text/plain") == true)
            #expect(try await hello.body.collect() == Array("hello me true".utf8))
            #expect(try await get(client, "/none").status == .noContent)
            #expect(try await get(client, "/missing").status == .notFound)
            let echo = client.open(.post, "/echo", ["TE": "trailers"], hasBody: true)
            let response = try await echo.response()
            var chunks = response.body.makeAsyncIterator()
            for text in ["one", "two"] {
                try await echo.writer.write(text)
                #expect(try await chunks.next() == Array(text.utf8))
            }
            echo.writer.trailers(["x-client": "2"])
            echo.endBody()
            #expect(try await chunks.next() == nil)
            #expect(response.body.trailers["x-client"] == "2" && response.body.trailers["x-server"] == "1")
            client.close()
        }
    }

    @Test func largeBodiesAreHeldBackBothWays() async throws {
        let total = 16 << 20
        // With a period of 256, so that it can be compared from anywhere.
        let pattern = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0) }
        try await withServer({ router in
            router.on(.post, "/echo") { request in
                .stream(type: "a/b") { writer in for try await chunk in request.body { try await writer.write(chunk) } }
            }
        }) { _, port in
            let client = try await connect(port)
            let echo = client.open(.post, "/echo", [:], hasBody: true)
            let written = Atomic(0)
            async let sending: Void = {
                let piece = Array(pattern[..<(25_600 * 4)])
                for at in stride(from: 0, to: total, by: piece.count) {
                    let part = min(piece.count, total - at)
                    try await echo.writer.write(Array(piece[..<part]))
                    written.add(part, ordering: .relaxed)
                }
                echo.endBody()
            }()
            let response = try await echo.response()
            // Nobody reads: what is written comes to rest well below the whole.
            var last = -1
            while last != written.load(ordering: .relaxed) {
                last = written.load(ordering: .relaxed)
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(last < total / 2)
            // Others on the connection go on.
            #expect(try await get(client, "/missing").status == .notFound)
            var count = 0, isRight = true
            for try await chunk in response.body {
                let at = count % 256
                isRight = isRight && chunk[...] == pattern[at..<at + chunk.count]
                count += chunk.count
            }
            #expect(isRight)
            try await sending
            #expect(count == total)
            client.close()
        }
    }

    @Test func requestsWaitForTheirTurn() async throws {
        let running = Atomic(0), most = Atomic(0)
        var limits = HTTPLimits()
        limits.streams = 4
        try await withServer(limits: limits, { router in
            router.on(.get, "/slow") { _ in
                let now = running.add(1, ordering: .relaxed).newValue
                most.max(now, ordering: .relaxed)
                try await Task.sleep(for: .milliseconds(2))
                running.subtract(1, ordering: .relaxed)
                return .text("done")
            }
        }) { _, port in
            let client = try await connect(port)
            try await withThrowingTaskGroup(of: HTTPStatus.self) { group in
                for _ in 0..<200 { group.addTask { try await get(client, "/slow").status } }
                for try await status in group { #expect(status == .ok) }
            }
            #expect(most.load(ordering: .relaxed) <= 4)
            client.close()
        }
    }

    @Test func theLineHasABound() async throws {
        let started = Signal(), release = Signal()
        try await withServer({ router in
            router.on(.get, "/held") { _ in
                started.fire()
                _ = await release.wait()
                return .text("done")
            }
        }) { _, port in
            var options = HTTP2ClientOptions()
            options.streams = 1
            options.waiting = 1
            let client = try await connect(port, options)
            let first = client.open(.get, "/held", [:], hasBody: false)
            #expect(await started.wait() != nil)
            let second = client.open(.get, "/held", [:], hasBody: false), third = client.open(.get, "/held", [:], hasBody: false)
            let error = await #expect(throws: MonoflowError.self) { try await third.response() }
            #expect(error?.code == .resourceExhausted && third.isUnprocessed)
            release.fire()
            release.fire()
            #expect(try await first.response().status == .ok)
            #expect(try await second.response().status == .ok)
            client.close()
        }
    }

    @Test func resetsReachTheHandler() async throws {
        let started = Signal(), cancelled = Signal()
        try await withServer({ router in
            router.on(.get, "/held") { _ in
                started.fire()
                do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.fire() }
                return .text("done")
            }
            router.on(.get, "/endless") { _ in
                .stream(type: "a/b") { writer in
                    defer { cancelled.fire() }
                    while true { try await writer.write([UInt8](repeating: 0, count: 10_000)) }
                }
            }
        }) { _, port in
            let client = try await connect(port)
            let given = client.open(.get, "/held", [:], hasBody: false)
            #expect(await started.wait() != nil)
            given.reset()
            #expect(await cancelled.wait() != nil)
            await #expect(throws: MonoflowError.self) { try await given.response() }
            // Letting go of it does the same.
            var dropped: HTTP2ClientStream? = client.open(.get, "/held", [:], hasBody: false)
            #expect(await started.wait() != nil)
            _ = dropped
            dropped = nil
            #expect(await cancelled.wait() != nil)
            // So does a cancelled task.
            let task = Task { try await client.open(.get, "/held", [:], hasBody: false).response() }
            #expect(await started.wait() != nil)
            task.cancel()
            #expect(await cancelled.wait() != nil)
            #expect(await code { _ = try await task.value } == .cancelled)
            // So does letting go of a body.
            var body: HTTPBody? = try await get(client, "/endless").body
            #expect(body?.bytes == nil)
            body = nil
            #expect(await cancelled.wait() != nil)
            #expect(try await get(client, "/missing").status == .notFound)
            client.close()
        }
    }

    @Test func anEarlyAnswerEndsTheUpload() async throws {
        try await withServer({ router in
            router.on(.post, "/refuse") { _ in .text("no", status: .forbidden) }
        }) { _, port in
            let client = try await connect(port)
            let upload = client.open(.post, "/refuse", [:], hasBody: true)
            let ended = await code { while true { try await upload.writer.write([UInt8](repeating: 0, count: 50_000)) } }
            #expect(ended == .cancelled)
            let response = try await upload.response()
            #expect(response.status == .forbidden)
            #expect(try await response.body.collect() == Array("no".utf8))
            client.close()
        }
    }

    @Test func aServerThatDrainsFinishesWhatItHas() async throws {
        let started = Signal(), release = Signal()
        try await withServer({ router in
            router.on(.get, "/held") { _ in
                started.fire()
                _ = await release.wait()
                return .text("done")
            }
        }) { server, port in
            let client = try await connect(port)
            let first = client.open(.get, "/held", [:], hasBody: false)
            #expect(await started.wait() != nil)
            async let drained = server.drain(timeout: .seconds(20))
            while client.isOpen { try await Task.sleep(for: .milliseconds(5)) }
            let late = client.open(.get, "/held", [:], hasBody: false)
            #expect(await code { _ = try await late.response() } == .unavailable)
            #expect(late.isUnprocessed)
            release.fire()
            #expect(try await first.response().status == .ok)
            #expect(await drained == 0)
        }
    }
}

/// Against servers that are as wrong as broken servers are, frame by frame.
@Suite struct HTTP2ClientFrameTests {
    private func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 255), type, flags, 0, 0, 0, stream] + payload
    }

    private var settings: [UInt8] { frame(4, 0, 0) }
    /// `:status: 200` from HPACK's static table.
    private func ok(_ stream: UInt8, flags: UInt8 = 4) -> [UInt8] { frame(1, flags, stream, [0x88]) }

    /// One GET that the server answers with these bytes. - Returns: what it gets.
    private func answer(_ bytes: [UInt8], close: Bool = false) async throws -> (result: Result<[UInt8], any Error>, isUnprocessed: Bool) {
        let server = try RawServer()
        async let accepted = server.accept()
        async let connected = connect(server.port)
        let peer = try await accepted
        try await peer.send(settings)
        let client = try await connected
        let stream = client.open(.get, "/", [:], hasBody: false)
        try await request(peer)
        try await peer.send(bytes)
        if close { try await peer.close() }
        var result: Result<[UInt8], any Error>
        do { result = .success(try await stream.response().body.collect()) } catch { result = .failure(error) }
        client.close()
        return (result, stream.isUnprocessed)
    }

    /// Reads the preface and frames up to the request's head.
    private func request(_ peer: RawClient) async throws {
        _ = try await peer.bytes(24)
        while true {
            let header = try await peer.bytes(9)
            _ = try await peer.bytes(Int(header[1]) << 8 | Int(header[2]))
            if header[3] == 1 { return }
        }
    }

    private func code(_ result: Result<[UInt8], any Error>) -> MonoflowError.Code? {
        if case .failure(let error) = result { (error as? MonoflowError)?.code } else { nil }
    }

    @Test func resetsHaveTheirMeaning() async throws {
        let cases: [(UInt8, MonoflowError.Code, Bool)] = [
            (0x0, .dataLoss, false), (0x1, .dataLoss, false), (0x2, .dataLoss, false), (0x7, .unavailable, true), (0x8, .cancelled, false),
            (0xb, .resourceExhausted, false), (0xc, .permissionDenied, false), (0xd, .dataLoss, false),
        ]
        for (number, expected, isUnprocessed) in cases {
            let before = try await answer(frame(3, 0, 1, [0, 0, 0, number]))
            #expect(code(before.result) == expected && before.isUnprocessed == isUnprocessed, "before an answer, \(number)")
            let inside = try await answer(ok(1) + frame(0, 0, 1, [1, 2]) + frame(3, 0, 1, [0, 0, 0, number]))
            #expect(code(inside.result) == expected && !inside.isUnprocessed, "inside an answer, \(number)")
        }
    }

    @Test func answersOfEveryForm() async throws {
        #expect(try await answer(ok(1, flags: 5)).result.get() == [])
        #expect(try await answer(ok(1) + frame(0, 1, 1, [1, 2])).result.get() == [1, 2])
        // 103 (a literal on the indexed name) goes before the answer.
        #expect(try await answer(frame(1, 4, 1, [0x08, 3, 0x31, 0x30, 0x33]) + ok(1) + frame(0, 1, 1, [7])).result.get() == [7])
        // Trailers behind the body.
        #expect(try await answer(ok(1) + frame(0, 0, 1, [5]) + frame(1, 5, 1, [0x40, 1, 0x61, 1, 0x62])).result.get() == [5])
    }

    @Test func goAwayTellsWhatWasProcessed() async throws {
        // The last stream that the server looks at is 0: ours may be sent again.
        let refused = try await answer(frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]))
        #expect(code(refused.result) == .unavailable && refused.isUnprocessed)
        let answered = try await answer(frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0]) + ok(1) + frame(0, 1, 1, [9]))
        #expect(try answered.result.get() == [9])
    }

    @Test func brokenServers() async throws {
        #expect(code(try await answer([], close: true).result) == .unavailable)
        #expect(code(try await answer(ok(1) + frame(0, 0, 1, [1]), close: true).result) == .unavailable)
        // A status that is none, a frame on a stream that does not exist, DATA before the head.
        #expect(code(try await answer(frame(1, 5, 1, [0x08, 2, 0x32, 0x30])).result) == .dataLoss)
        #expect(code(try await answer(frame(0, 0, 0, [1])).result) == .dataLoss)
        #expect(code(try await answer(frame(0, 1, 1, [1])).result) == .dataLoss)
        // One field of 70,000 bytes, in CONTINUATION frames.
        let field: [UInt8] = [0x88, 0x40, 1, 0x61, 0x7f, 0xf1, 0xa1, 0x04] + [UInt8](repeating: 0x61, count: 70_000)
        var frames: [UInt8] = [], rest = field[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(16_000))
            rest = rest.dropFirst(part.count)
            frames += frame(frames.isEmpty ? 1 : 9, rest.isEmpty ? 4 : 0, 1, part)
        }
        #expect(code(try await answer(frames).result) == .dataLoss)
    }

    @Test func otherProtocolsAreToldApart() async throws {
        let server = try RawServer()
        async let accepted = server.accept()
        let connected = Task { try await connect(server.port) }
        let peer = try await accepted
        try await peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        let error = await #expect(throws: MonoflowError.self) { try await connected.value }
        withExtendedLifetime(peer) {}
        #expect(error?.code == .dataLoss)
    }

    @Test func aSilentServerIsNoServer() async throws {
        let server = try RawServer()
        var options = HTTP2ClientOptions()
        options.connectTimeout = .milliseconds(100)
        let error = await #expect(throws: MonoflowError.self) { _ = try await connect(server.port, options) }
        #expect(error?.code == .deadlineExceeded)
    }

    @Test func aServerThatFallsSilentIsFound() async throws {
        let server = try RawServer()
        var options = HTTP2ClientOptions()
        options.keepAlive = .milliseconds(50)
        options.keepAliveTimeout = .milliseconds(50)
        async let accepted = server.accept()
        async let connected = connect(server.port, options)
        let peer = try await accepted
        try await peer.send(settings)
        let client = try await connected
        let error = await #expect(throws: MonoflowError.self) { try await get(client, "/") }
        #expect(error?.code == .unavailable && error?.message.contains("PING") == true)
        #expect(!client.isOpen)
    }

    @Test func anIdleConnectionIsClosed() async throws {
        let server = try RawServer()
        var options = HTTP2ClientOptions()
        options.idleTimeout = .milliseconds(50)
        async let accepted = server.accept()
        async let connected = connect(server.port, options)
        let peer = try await accepted
        try await peer.send(settings)
        let client = try await connected
        _ = try await peer.rest()
        #expect(!client.isOpen)
    }
}

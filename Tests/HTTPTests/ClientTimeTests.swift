import CLinux
import Core
import Foundation
import HTTP
import Sockets
import Synchronization
import Testing

/// Time limits, cancellation, back-pressure, bodies that fail.
@Suite struct ClientTimeTests {
    private func request(_ server: RawServer, _ method: HTTPMethod = .get, body: HTTPClientRequest.Body = .none, change: (inout HTTPTimeouts) -> Void) throws -> HTTPClientRequest {
        var request = try HTTPClientRequest(method, server.url + "/", body: body)
        var timeouts = HTTPTimeouts()
        change(&timeouts)
        request.timeouts = timeouts
        return request
    }

    @Test func headBodyAndTotal() async throws {
        let server = try RawServer(), client = try makeClient()
        for change in [{ (t: inout HTTPTimeouts) in t.head = .milliseconds(100) }, { $0.total = .seconds(2) }] {
            let request = try request(server, change: change)
            let outcome = Task { try await client.send(request) }
            let peer = try await server.accept()
            _ = try await peer.text(through: "\r\n\r\n")
            // Bytes of a head that does not end put nothing off.
            try await peer.send("HTTP/1.1 200 OK\r\n")
            #expect(await code { _ = try await outcome.value } == .deadlineExceeded)
            #expect(try await peer.isAtEnd())
        }
        for change in [{ (t: inout HTTPTimeouts) in t.bodyIdle = .milliseconds(100) }, { $0.total = .seconds(2) }] {
            let request = try request(server, change: change)
            let outcome = Task { try await client.send(request) }
            let peer = try await server.accept()
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            let response = try await outcome.value
            #expect(await code { _ = try await response.body.collect() } == .deadlineExceeded)
            _ = try await peer.text(through: "\r\n\r\n")
            #expect(try await peer.isAtEnd())
        }
        #expect(await settles(client) { $0.connectionsOpen == 0 })
    }

    @Test func connecting() async throws {
        let client = try makeClient()
        // A listener whose queue is full neither takes nor refuses.
        let server = try RawServer()
        #expect(await code { _ = try await client.send(HTTPClientRequest(.get, "http://127.0.0.1:1/")) } == .unavailable)
        #expect(await code { _ = try await client.send(HTTPClientRequest(.get, "http://name.invalid/")) } == .unavailable)
        let connector = Connector(), group = try TestLoops.group, loop = group.loops[0]
        #expect(await code { _ = try await connector.connect(to: .ip(host: "127.0.0.1", port: 0), on: loop) } == .invalidArgument)
        #expect(await code { _ = try await connector.connect(to: .unix(path: "/nowhere/at/all"), on: loop) } == .unavailable)
        let socket = try await connector.connect(to: .ip(host: "localhost", port: server.port), on: loop)
        #expect(socket.peer == "127.0.0.1")
        socket.close()
        #expect(await settles(client) { $0.connectionsOpen == 0 })
    }

    /// A Unix socket whose queue is full gives no event when there is room: the connector asks again.
    @Test func connectingToAFullQueue() async throws {
        let path = NSTemporaryDirectory() + "full-\(getpid()).sock"
        defer { unlink(path) }
        let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(fd) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        #expect(bound == 0 && listen(fd, 0) == 0)
        let connector = Connector(), group = try TestLoops.group, loop = group.loops[0]
        let first = try await connector.connect(to: .unix(path: path), on: loop)
        defer { first.close() }
        #expect(await code { _ = try await connector.connect(to: .unix(path: path), on: loop, limit: .milliseconds(50)) } == .deadlineExceeded)
        let waiting = Task { try await connector.connect(to: .unix(path: path), on: loop) }
        let taken = accept(fd, nil, nil)
        #expect(taken >= 0)
        close(taken)
        try await waiting.value.close()
        let cancelled = Task { try await connector.connect(to: .unix(path: path), on: loop) }
        cancelled.cancel()
        #expect(await code { try await cancelled.value.close() } == .cancelled)
    }

    @Test func cancellingClosesTheConnection() async throws {
        let server = try RawServer(), client = try makeClient()
        let waiting = Task { try await client.send(HTTPClientRequest(.get, server.url + "/")) }
        let first = try await server.accept()
        _ = try await first.text(through: "\r\n\r\n")
        waiting.cancel()
        #expect(await code { _ = try await waiting.value } == .cancelled)
        #expect(try await first.isAtEnd())

        // Inside the body: the reader is told, and the connection closed once nobody holds the body.
        let reading = Task { try await client.send(HTTPClientRequest(.get, server.url + "/")).body.collect() }
        let second = try await server.accept()
        _ = try await second.text(through: "\r\n\r\n")
        try await second.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        reading.cancel()
        await #expect(throws: (any Error).self) { try await reading.value }
        #expect(try await second.isAtEnd())
        #expect(await settles(client) { $0.connectionsOpen == 0 })
    }

    @Test func unwantedBodyIsGivenUp() async throws {
        let server = try RawServer(), client = try makeClient()
        let sent = Task { try await client.send(HTTPClientRequest(.get, server.url + "/")).status }
        let peer = try await server.accept()
        _ = try await peer.text(through: "\r\n\r\n")
        try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        #expect(try await sent.value == .ok)
        #expect(try await peer.isAtEnd())
    }

    @Test func slowReaderHoldsTheServerBack() async throws {
        let written = Atomic(0), total = 64 << 20
        try await withServer({ router in
            router.serveBig(total: total) { written.add($0, ordering: .relaxed) }
        }) { _, port in
            let client = try makeClient()
            let response = try await client.send(HTTPClientRequest(.get, "http://127.0.0.1:\(port)/big"))
            #expect(await standsStill(written) < 16 << 20)
            var read = 0
            for try await chunk in response.body { read += chunk.count }
            #expect(read == total)
        }
    }

    @Test func slowServerHoldsTheWriterBack() async throws {
        let server = try RawServer(receiveBuffer: 64 << 10), client = try makeClient()
        let written = Atomic(0), total = 64 << 20
        let request = try request(server, .put, body: .stream(length: Int64(total)) { writer in
            let piece = [UInt8](repeating: 1, count: 64 << 10)
            for _ in 0..<(total / piece.count) {
                try await writer.write(piece)
                written.add(piece.count, ordering: .relaxed)
            }
        }) { _ in }
        let outcome = Task { try await client.send(request) }
        let peer = try await server.accept()
        #expect(await standsStill(written) < 16 << 20)
        _ = try await peer.text(through: "\r\n\r\n")
        try await peer.skip(total)
        try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(try await outcome.value.status == .ok)
    }

    @Test func aServerThatTakesNothingIsCut() async throws {
        let server = try RawServer(receiveBuffer: 64 << 10), client = try makeClient()
        let request = try request(server, .put, body: .bytes([UInt8](repeating: 1, count: 16 << 20))) { $0.write = .milliseconds(200) }
        #expect(await code { _ = try await client.send(request) } == .deadlineExceeded)
    }

    @Test func aBodyThatFailsCutsTheRequest() async throws {
        let server = try RawServer(), client = try makeClient()
        let cases: [(Int64?, @Sendable (ResponseWriter) async throws -> Void, MonoflowError.Code)] = [
            (nil, { try await $0.write("part"); throw MonoflowError(.failedPrecondition, "make body", "", "no") }, .failedPrecondition),
            (5, { try await $0.write("four") }, .invalidArgument),
            (3, { try await $0.write("four") }, .invalidArgument),
        ]
        for (length, write, expected) in cases {
            let request = try HTTPClientRequest(.post, server.url + "/", body: .stream(length: length, write))
            let outcome = Task { try await client.send(request) }
            let peer = try await server.accept()
            #expect(await code { _ = try await outcome.value } == expected)
            // The server sees that it is not whole.
            #expect(!(try await peer.rest()).contains("\r\n0\r\n\r\n"))
        }
        #expect(await settles(client) { $0.connectionsOpen == 0 })
    }

    /// The server answers, and closes, before it has read the body.
    @Test func earlyAnswer() async throws {
        let server = try RawServer(receiveBuffer: 64 << 10), client = try makeClient()
        let stopped = Signal()
        let request = try HTTPClientRequest(.put, server.url + "/", body: .stream(length: 1 << 40) { writer in
            defer { stopped.fire() }
            while true { try await writer.write([UInt8](repeating: 1, count: 64 << 10)) }
        })
        for turn in 0..<20 {
            let outcome = Task { () -> (HTTPStatus, [UInt8]) in
                let response = try await client.send(request)
                return (response.status, try await response.body.collect())
            }
            let peer = try await server.accept()
            _ = try await peer.text(through: "\r\n\r\n")
            try await peer.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large")
            // Unread bytes make the kernel answer with a reset, behind the response.
            if turn > 0 { try await peer.close() }
            let (status, body) = try await outcome.value
            #expect(status == .payloadTooLarge)
            #expect(body == Array("too large".utf8))
            #expect(await stopped.wait() != nil)
        }
    }
}

final class Count: Sendable {
    let value = Atomic(0)
}

/// The count at which it stands still.
func standsStill(_ counter: borrowing Atomic<Int>) async -> Int {
    var last = -1, still = 0
    while still < 20 {
        try? await Task.sleep(for: .milliseconds(10))
        let now = counter.load(ordering: .relaxed)
        still = now == last && now > 0 ? still + 1 : 0
        last = now
    }
    return last
}

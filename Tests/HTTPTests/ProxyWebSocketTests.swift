import Core
import Foundation
import HTTP
import Sockets
import Synchronization
import Testing

@Suite struct ProxyWebSocketTests {
    /// The example of RFC 6455.
    private static let key = "dGhlIHNhbXBsZSBub25jZQ==", accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    private static let fields = ["Host: app", "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13"]

    private func handshake(_ line: String = "GET /ws HTTP/1.1", without: String? = nil, with: [String] = []) -> String {
        let kept = Self.fields.filter { field in without.map { !field.hasPrefix($0) } ?? true }
        return ([line] + kept + with).joined(separator: "\r\n") + "\r\n\r\n"
    }

    struct Refused: Sendable {
        var line = "GET /ws HTTP/1.1"
        var without: String?
        var with: [String] = []
        var status = 400
    }

    @Test(arguments: [
        Refused(line: "POST /ws HTTP/1.1"), Refused(line: "GET /ws HTTP/1.0"), Refused(without: "Connection"), Refused(without: "Connection", with: ["Connection: close"]),
        Refused(without: "Sec-WebSocket-Key"), Refused(without: "Sec-WebSocket-Key", with: ["Sec-WebSocket-Key: AAAA"]),
        Refused(without: "Sec-WebSocket-Key", with: ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"]), Refused(without: "Sec-WebSocket-Key", with: ["Sec-WebSocket-Key: not base64, not at all!!"]),
        Refused(with: ["Sec-WebSocket-Key: \(key)"]), Refused(without: "Sec-WebSocket-Version", status: 426), Refused(without: "Sec-WebSocket-Version", with: ["Sec-WebSocket-Version: 8"], status: 426),
        Refused(with: ["Sec-WebSocket-Version: 13"], status: 426), Refused(with: ["Content-Length: 1"]), Refused(with: ["Transfer-Encoding: chunked"]),
    ]) func handshakesThatAreNone(_ item: Refused) async throws {
        try await withProxy(to: "http://127.0.0.1:1") { _, port in
            let client = try RawClient(port: port)
            let body = item.with.contains("Content-Length: 1") ? "a" : item.with.contains("Transfer-Encoding: chunked") ? "1\r\na\r\n0\r\n\r\n" : ""
            let response = try await client.request(handshake(item.line, without: item.without, with: item.with) + body)
            #expect(response.status == item.status, "\(response.text)")
            if item.status == 426 { #expect(response.headers["sec-websocket-version"] == "13" && response.headers["upgrade"] == "websocket") }
        }
    }

    @Test(arguments: [
        "Connection: Upgrade\r\nUpgrade: websocket", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "Connection: Upgrade\r\nUpgrade: other\r\nSec-WebSocket-Accept: \(accept)", "Upgrade: websocket\r\nSec-WebSocket-Accept: \(accept)",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: \(accept)\r\nSec-WebSocket-Accept: \(accept)",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: \(accept)\r\nSec-WebSocket-Protocol: other",
    ]) func serversThatAcceptWrongly(fields: String) async throws {
        let server = try RawServer()
        try await withProxy(to: server.url) { _, port in
            let client = try RawClient(port: port)
            try await client.send(handshake(with: ["Sec-WebSocket-Protocol: chat, superchat"]))
            let peer = try await server.accept()
            _ = try await peer.text(through: "\r\n\r\n")
            try await peer.send("HTTP/1.1 101 Switching Protocols\r\n\(fields)\r\n\r\n")
            #expect(try await client.response().status == 502)
            #expect(try await peer.isAtEnd())
        }
    }

    @Test func serverThatDoesNotWantTo() async throws {
        let server = try RawServer()
        try await withProxy(to: server.url) { _, port in
            let client = try RawClient(port: port)
            try await client.send(handshake())
            async let answered = server.answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            let response = try await client.response()
            #expect(response.status == 403 && response.text == "no")
            _ = try await answered
        }
    }

    /// A tunnel through a proxy, both ends in hand.
    private func withTunnel(_ options: ProxyOptions = ProxyOptions(), _ body: (_ client: RawClient, _ peer: RawClient) async throws -> Void) async throws {
        let server = try RawServer()
        try await withProxy(to: server.url, options: options) { _, port in
            let client = try RawClient(port: port)
            try await client.send(handshake(with: ["Sec-WebSocket-Protocol: chat, superchat", "Sec-WebSocket-Extensions: permessage-deflate", "Origin: http://app"]) + "early")
            let peer = try await server.accept()
            let request = try await peer.text(through: "\r\n\r\n")
            for field in ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: \(Self.key)", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: chat, superchat", "Origin: http://app"] {
                #expect(request.contains("\r\n\(field)\r\n"), "\(request)")
            }
            try await peer.send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(Self.accept)\r\nSec-WebSocket-Protocol: superchat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\nfirst")
            let head = try await client.text(through: "\r\n\r\n")
            for field in ["Sec-WebSocket-Accept: \(Self.accept)", "Sec-WebSocket-Protocol: superchat", "Sec-WebSocket-Extensions: permessage-deflate", "Upgrade: websocket", "Connection: Upgrade"] {
                #expect(head.contains("\r\n\(field)\r\n"), "\(head)")
            }
            // What was sent on the heels of either handshake is not lost.
            #expect(try await client.text(through: "first") == "first")
            #expect(try await peer.text(through: "early") == "early")
            try await body(client, peer)
        }
    }

    @Test func bytesPassUnchanged() async throws {
        try await withTunnel { client, peer in
            let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            async let up: Void = client.send(bytes)
            async let down: Void = peer.send(Array(bytes.reversed()))
            #expect(try await peer.bytes(bytes.count) == bytes)
            #expect(try await client.bytes(bytes.count) == Array(bytes.reversed()))
            try await up
            try await down
        }
    }

    @Test func endsAreHandedOn() async throws {
        // The client has said all: the server sees that, and may still answer.
        try await withTunnel { client, peer in
            try await client.halfClose()
            #expect(try await peer.isAtEnd())
            try await peer.send("last")
            #expect(try await client.text(through: "last") == "last")
            try await peer.close()
            #expect(try await client.isAtEnd())
        }
        try await withTunnel { client, peer in
            try await peer.send("bye")
            try await peer.close()
            #expect(try await client.rest() == "bye")
        }
        try await withTunnel { client, peer in
            try await client.close(reset: true)
            #expect(try await peer.isAtEnd())
        }
        try await withTunnel { client, peer in
            try await peer.close(reset: true)
            do { #expect(try await client.isAtEnd()) } catch is RawClient.Failure {}
        }
    }

    @Test func idleTunnelsEnd() async throws {
        var options = ProxyOptions()
        options.tunnelIdle = .seconds(1)
        try await withTunnel(options) { client, peer in
            let ended = try await [client.isAtEnd(), peer.isAtEnd()]
            #expect(ended == [true, true])
        }
        var halfOpen = ProxyOptions()
        halfOpen.tunnelHalfOpen = .milliseconds(200)
        halfOpen.tunnelIdle = .seconds(4)
        try await withTunnel(halfOpen) { client, peer in
            try await client.halfClose()
            #expect(try await peer.isAtEnd())
            #expect(try await client.isAtEnd())
        }
    }

    @Test func slowReaderHoldsTheServerBack() async throws {
        try await withTunnel { client, peer in
            let sent = Count(), total = 64 << 20, piece = [UInt8](repeating: 1, count: 64 << 10)
            let sending = Task {
                for _ in 0..<(total / piece.count) {
                    try await peer.send(piece)
                    sent.value.add(piece.count, ordering: .relaxed)
                }
            }
            #expect(await standsStill(sent.value) < 24 << 20)
            try await client.skip(total)
            try await sending.value
        }
    }
}

import Core
import Foundation
import Sockets
import Testing
@testable import HTTP

/// Broken servers by chance, and damaged responses.
@Suite struct ClientChaosTests {
    /// Answers a connection's requests until it has had enough. A request's path names the length of the body that is due.
    private static func serve(_ peer: RawClient, seed: UInt64) async {
        var random = Seeded(seed)
        do {
            while true {
                let head = try await peer.text(through: "\r\n\r\n")
                let length = Int(head.split(separator: " ")[1].dropFirst()) ?? 0
                let body = String(repeating: "x", count: length)
                let chunked = stride(from: 0, to: length, by: 1000).map { "\(String(min(1000, length - $0), radix: 16))\r\n\(body.prefix(min(1000, length - $0)))\r\n" }.joined()
                let whole = Bool.random(using: &random)
                    ? "HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n\(body)" : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunked)0\r\n\r\n"
                switch Int.random(in: 0..<12, using: &random) {
                case 0: return try await peer.close(reset: Bool.random(using: &random))
                case 1:
                    try await peer.send(String(whole.prefix(Int.random(in: 0..<whole.utf8.count, using: &random))))
                    return try await peer.close(reset: Bool.random(using: &random))
                case 2:
                    try await peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\(body)")
                    return try await peer.close()
                case 3: try await peer.send(whole + "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyyy")
                case 4: try await peer.send("nonsense\r\n\r\n")
                case 5:
                    try await peer.send(whole)
                    return try await peer.close()
                default:
                    let cut = Int.random(in: 0..<whole.utf8.count, using: &random)
                    try await peer.send("HTTP/1.1 103 Early Hints\r\n\r\n" + whole.prefix(cut))
                    try await peer.send(String(whole.dropFirst(cut)))
                }
            }
        } catch { try? await peer.close() }
    }

    /// Each request ends with its own body, or with an error; nothing is left over.
    @Test func randomlyBrokenServer() async throws {
        let server = try RawServer()
        let serving = Task {
            for number in 0..<UInt64.max {
                guard let peer = try? await server.accept(), !Task.isCancelled else { return }
                Task { await Self.serve(peer, seed: number) }
            }
        }
        defer { serving.cancel() }
        var options = HTTPClientOptions()
        (options.connectionsPerOrigin, options.waitLimit, options.idleTimeout) = (8, .seconds(60), .milliseconds(200))
        let client = try makeClient(options), url = server.url
        let done = await withTaskGroup(of: Int.self) { group in
            for worker in 0..<16 {
                group.addTask {
                    var random = Seeded(UInt64(1000 + worker)), done = 0
                    for _ in 0..<40 {
                        let length = Int.random(in: 0..<200_000, using: &random) >> Int.random(in: 0..<17, using: &random)
                        do {
                            let response = try await client.send(HTTPClientRequest(Bool.random(using: &random) ? .get : .post, "\(url)/\(length)"))
                            if Int.random(in: 0..<10, using: &random) == 0 { continue }
                            let body = try await response.body.collect()
                            // A body until the end of the connection has no other mark of its end than that.
                            #expect(body.count == length && body.allSatisfy { $0 == UInt8(ascii: "x") })
                            done += 1
                        } catch { #expect(error is MonoflowError, "\(error)") }
                    }
                    return done
                }
            }
            return await group.reduce(0, +)
        }
        #expect(done > 200)
        #expect(await settles(client) { $0.connectionsOpen == 0 && $0.waiting == 0 })
        // Lets the server's accept go.
        _ = try RawClient(port: server.port)
    }

    private enum Outcome: Equatable {
        case refused
        case short
        case whole(status: Int, body: [UInt8], left: Int)
    }

    /// Reads a response that comes in the given pieces, as a connection does.
    private func read(_ bytes: [UInt8], cuts: [Int]) -> Outcome {
        var limits = HTTPLimits()
        (limits.headerBytes, limits.requestLineBytes) = (2000, 2000)
        var inbox: [UInt8] = [], lineStart = 0, decoder: BodyDecoder?, status = 0, body: [UInt8] = []
        let ends = cuts.sorted() + [bytes.count]
        var start = 0
        do {
            for end in ends {
                inbox += bytes[start..<end]
                start = end
                if decoder == nil {
                    let head = try inbox.withUnsafeBytes { all -> (ResponseHead, Int)? in
                        guard let length = try ResponseParser.headEnd(in: all, lineStart: &lineStart, limits: limits) else { return nil }
                        return (try ResponseParser.parse(UnsafeRawBufferPointer(rebasing: all[..<length]), to: .get, limits: limits), length)
                    }
                    guard let (found, length) = head else { continue }
                    status = found.status.code
                    decoder = BodyDecoder(found.framing, limit: 1 << 20)
                    inbox.removeFirst(length)
                }
                let taken = try inbox.withUnsafeBytes { all in try decoder?.decode(all, into: &body) ?? 0 }
                inbox.removeFirst(taken)
            }
        } catch { return .refused }
        guard let decoder, decoder.endsWithConnection else { return .short }
        return .whole(status: status, body: body, left: inbox.count)
    }

    /// However a response is cut into pieces, and however damaged it is, it reads the same.
    @Test func damagedResponsesReadTheSameInAnyPieces() {
        var random = Seeded(7)
        let seeds = (ClientParserTests.accepted + ClientParserTests.refused).map { Array($0.response.utf8) }.filter { $0.count < 1500 }
        let spice = Array("\r\n :;,0123456789abcdefFchunkedContent-LengthTransfer-Encoding\t\0".utf8)
        var outcomes = (refused: 0, short: 0, whole: 0)
        for _ in 0..<20_000 {
            var bytes = seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 0..<4, using: &random) where !bytes.isEmpty {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(spice.randomElement(using: &random) ?? 0, at: at)
                case 2: bytes.remove(at: at)
                default:
                    let end = Int.random(in: at..<bytes.count, using: &random)
                    bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0..<bytes.count, using: &random))
                }
            }
            let whole = read(bytes, cuts: [])
            let cuts = (0..<Int.random(in: 1..<6, using: &random)).map { _ in Int.random(in: 0...bytes.count, using: &random) }
            let pieces = read(bytes, cuts: cuts)
            #expect(whole == pieces, "\(String(decoding: bytes, as: UTF8.self)) at \(cuts)")
            if whole != pieces { return }
            switch whole {
            case .refused: outcomes.refused += 1
            case .short: outcomes.short += 1
            case .whole: outcomes.whole += 1
            }
        }
        // The damage is neither too small nor too large to tell anything.
        #expect(outcomes.refused > 2000 && outcomes.short > 200 && outcomes.whole > 2000, "\(outcomes)")
    }
}

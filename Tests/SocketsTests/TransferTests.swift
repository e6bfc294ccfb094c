import CLinux
import COpenSSL
import Core
import Foundation
import Testing
@testable import Sockets

@Suite(.serialized, .timeLimit(.minutes(1))) struct TransferTests {
    private let group: EventLoopGroup
    var loop: EventLoop { group.loops[0] }
    let authority: TestAuthority

    init() throws {
        group = try EventLoopGroup(count: 1)
        authority = try TestAuthority()
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var version = Int(TLS1_3_VERSION)
        var hesitates = false
        var fragmentLength: UInt8 = 0
        var testDescription: String { "\(version == Int(TLS1_3_VERSION) ? "1.3" : "1.2")\(hesitates ? " hesitating" : "")\(fragmentLength > 0 ? " small records" : "")" }
    }

    private func pair(_ given: Case = Case(), buffer: Int32? = 4608, echoes: Bool = true, pause: Watched.Pause = .never) async throws -> (Watched, SecurePeer) {
        let (near, far) = try socketPair(buffer: buffer)
        let server = Watched(near, loop, .server(try authority.context()), echoes: echoes, pause: given.hesitates ? .goOnLater : pause)
        var settings = SecurePeer.Settings()
        (settings.maximumVersion, settings.fragmentLength) = (given.version, given.fragmentLength)
        let client = try SecurePeer(far, settings)
        try await client.handshake()
        return (server, client)
    }

    /// The client sends everything before it reads the rest: both directions stop and go on many times.
    @Test(arguments: [
        Case(), Case(version: Int(TLS1_2_VERSION)), Case(hesitates: true), Case(version: Int(TLS1_2_VERSION), hesitates: true),
        Case(fragmentLength: UInt8(TLSEXT_max_fragment_length_512)),
    ])
    func bothWaysThroughTinyBuffers(_ given: Case) async throws {
        let (_, client) = try await pair(given)
        let bytes = pattern(1 << 20)
        try await client.send(bytes)
        let same = try await client.receive(bytes.count) == bytes
        #expect(same)
    }

    /// Small and large pieces, whole and in parts, against a reader that is slower than the writer.
    @Test(arguments: [Int32(4608), nil]) func piecesOfEverySize(buffer: Int32?) async throws {
        let (server, client) = try await pair(buffer: buffer, echoes: false)
        var expected: [UInt8] = []
        for round in 0..<200 {
            let size = [1, 7, 300, 16 << 10, 16 << 10 + 5, 40_000, 100_000][(round * 5) % 7]
            let piece = pattern(size, seed: UInt64(round))
            expected += piece
            await server.onLoop {
                $0.write(piece)
                if round % 3 == 0 { $0.write { $0.append(contentsOf: piece.prefix(10)) } }
                if round % 2 == 0 { $0.flush() }
            }
            if round % 3 == 0 { expected += piece.prefix(10) }
        }
        await server.onLoop { $0.closeAfterFlush(linger: .seconds(5)) }
        await server.onLoop { $0.flush() }
        let (bytes, isOrderly) = try await client.receiveToEnd()
        #expect(bytes.count == expected.count)
        #expect(Hashing.sha256(bytes) == Hashing.sha256(expected))
        #expect(isOrderly)
    }

    final class OpenFile: Sendable {
        let descriptor: Int32
        init(_ path: String) { descriptor = open(path, O_RDONLY | O_CLOEXEC) }
        deinit { close(descriptor) }
    }

    @Test(arguments: [Int32(4608), nil]) func filesBetweenBytes(buffer: Int32?) async throws {
        let path = authority.scratch.path + "/file"
        let content = pattern(2_000_003)
        try Files.writeAtomically(content, to: path)
        let file = OpenFile(path)
        let (server, client) = try await pair(buffer: buffer, echoes: false)
        let head = pattern(300, seed: 5), foot = pattern(20_000, seed: 6)
        await server.onLoop { connection in
            connection.write(head)
            connection.write(file: file.descriptor, offset: 0, count: Int64(content.count), owner: file)
            connection.write(foot)
            connection.write(file: file.descriptor, offset: 1_000_001, count: 5, owner: file)
            connection.write(file: file.descriptor, offset: 17, count: 0, owner: file)
            connection.closeAfterFlush(linger: .seconds(5))
            connection.flush()
        }
        let (bytes, isOrderly) = try await client.receiveToEnd()
        #expect(Hashing.sha256(bytes) == Hashing.sha256(head + content + foot + content[1_000_001..<1_000_006]))
        #expect(isOrderly)
        #expect(await server.onLoop { [$0.sent, Int64($0.queuedBytes)] } == [Int64(bytes.count), 0])
    }

    @Test func fileThatIsTooShortBreaksTheConnection() async throws {
        let path = authority.scratch.path + "/file"
        try Files.writeAtomically(pattern(10_000), to: path)
        let file = OpenFile(path)
        let (server, client) = try await pair(echoes: false)
        #expect(await server.next() == .ready)
        await server.onLoop {
            $0.write(file: file.descriptor, offset: 0, count: 50_000, owner: file)
            $0.flush()
        }
        #expect(try await client.receiveToEnd().isOrderly == false, "the client took the file for whole")
        #expect(await server.nextOfOwn() == .closed(EIO, nil))
    }

    @Test func keysChangeInTheMiddle() async throws {
        let (_, client) = try await pair()
        let bytes = pattern(100_000)
        for _ in 0..<20 {
            try await client.updateKeys()
            try await client.send(bytes)
            let same = try await client.receive(bytes.count) == bytes
            #expect(same)
        }
    }

    /// Tiny records and messages that carry nothing cost a turn as others do.
    @Test func floodOfTinyRecordsIsDealtWithInTurns() async throws {
        let (server, client) = try await pair(buffer: nil, echoes: false)
        #expect(await server.next() == .ready)
        await server.onLoop { $0.pauseReading() }
        for round in 0..<200 { try await client.send([UInt8(truncatingIfNeeded: round)]) }
        await server.onLoop { $0.resumeReading() }
        var got: [UInt8] = []
        while got.count < 200, case .bytes(let some)? = await server.next() {
            #expect(some.count <= 64)
            got += some
        }
        #expect(got == (0..<200).map { UInt8(truncatingIfNeeded: $0) })

        await server.onLoop { $0.pauseReading() }
        for _ in 0..<30 { try await client.updateKeys(sends: true) }
        let empty = await server.onLoop { connection -> Int in
            var (buffer, empty) = ([UInt8](repeating: 0, count: 100), 0)
            while let tls = connection.tls, case .done(0) = buffer.withUnsafeMutableBytes({ tls.read(into: $0) }) { empty += 1 }
            return empty
        }
        #expect(empty > 0, "a read went on through messages that carry nothing")
        await server.onLoop { $0.resumeReading() }
        try await client.send([7])
        #expect(await server.receive(1) == [7])
        await server.send([8])
        #expect(try await client.receive(1) == [8])
    }

    @Test func halfClosedPeerGetsTheRest() async throws {
        let (server, client) = try await pair(echoes: false)
        #expect(await server.next() == .ready)
        try await client.halfClose()
        #expect(await server.nextOfOwn() == .readEnded(truncated: false))
        let answer = pattern(500_000)
        await server.onLoop {
            $0.write(answer)
            $0.closeAfterFlush(linger: .seconds(5))
            $0.flush()
        }
        let (bytes, isOrderly) = try await client.receiveToEnd()
        #expect(bytes == answer && isOrderly)
        #expect(await server.nextOfOwn() == .closed(0, nil))
    }

    /// TCP's end alone may be somebody's who wants the bytes to look whole.
    @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION]) func endWithoutNoticeIsTold(version: Int32) async throws {
        let (server, client) = try await pair(Case(version: Int(version)), echoes: false)
        #expect(await server.next() == .ready)
        try await client.send(pattern(1000))
        try await client.cut()
        #expect(await server.receive(1000) == pattern(1000))
        #expect(await server.nextOfOwn() == .readEnded(truncated: true))
        // The other direction still works.
        await server.send(pattern(10))
        #expect(try await client.receive(10) == pattern(10))
    }

    /// An answer that came before the peer stopped listening is worth more than the error of the write.
    @Test func readsWhatCameBeforeTheSocketBroke() async throws {
        let (server, client) = try await pair(buffer: nil, echoes: false)
        #expect(await server.next() == .ready)
        await server.onLoop { $0.pauseReading() }
        try await client.send(pattern(1000))
        shutdown(client.fd, Int32(SHUT_RD))
        let read = await server.onLoop { connection -> Int in
            guard let tls = connection.tls, case .failed = [1].withUnsafeBytes({ tls.write($0) }), tls.writeError == EPIPE else { return -1 }
            var buffer = [UInt8](repeating: 0, count: 2000)
            return buffer.withUnsafeMutableBytes { if case .done(let count) = tls.read(into: $0) { count } else { -2 } }
        }
        #expect(read == 1000)
        await server.onLoop { $0.resumeReading() }
        await server.send([1])
        while let event = await server.next() { if case .closed(let number, _) = event { #expect(number == EPIPE) } }
    }

    @Test func closingAtOnceIsNoOrderlyEnd() async throws {
        let (server, client) = try await pair(echoes: false)
        await server.onLoop { $0.close() }
        #expect(try await client.receiveToEnd().isOrderly == false)
    }

    @Test func bytesAfterTheEndAreDropped() async throws {
        let (server, client) = try await pair(buffer: nil, echoes: false)
        #expect(await server.next() == .ready)
        await server.onLoop {
            $0.write([1, 2, 3])
            $0.closeAfterFlush(linger: .seconds(10))
            $0.flush()
        }
        try await client.send(pattern(100_000))
        let (bytes, isOrderly) = try await client.receiveToEnd()
        #expect(bytes == [1, 2, 3] && isOrderly)
        try await client.close()
        #expect(await server.nextOfOwn() == .closed(0, nil))
    }

    /// What waits in the library's buffer while reading is paused, and what comes meanwhile, are both found afterwards.
    @Test func pausedReadingLosesNothing() async throws {
        let (near, far) = try socketPair()
        let (ping, _) = (Watched(near, loop, .plain), Watched(far, loop, .plain, echoes: true))
        #expect(await ping.next() == .ready)
        let (server, client) = try await pair(buffer: nil, echoes: false, pause: .untilTold)
        #expect(await server.next() == .ready)
        for _ in 0..<20 {
            await server.onLoop { $0.pauseReading() }
            // Small records fill the loop's read buffer in the middle of the last one.
            for _ in 0..<33 { try await client.send(pattern(2000)) }
            await server.onLoop { $0.resumeReading() }
            guard case .bytes(let first)? = await server.next() else { return #expect(Bool(false), "nothing came") }
            #expect(first.count == EventLoop.readBufferSize)
            try await client.send([9])
            // The loop has seen that byte's edge once it has served another socket.
            await ping.send([1])
            #expect(await ping.next() == .bytes([1]))
            await server.onLoop { $0.resumeReading() }
            var rest: [UInt8] = []
            while rest.count < 465, case .bytes(let more)? = await server.next() {
                rest += more
                await server.onLoop { $0.resumeReading() }
            }
            let same = rest == pattern(2000).suffix(464) + [9]
            #expect(same)
        }
    }

    @Test func plainConnectionsAreReadyAtOnce() async throws {
        let (near, far) = try socketPair(buffer: 4608)
        let server = Watched(near, loop, .plain, echoes: true)
        let client = Watched(far, loop, .plain)
        #expect(await client.next() == .ready)
        #expect(!client.connection.isSecure)
        let bytes = pattern(1 << 20)
        await client.send(bytes)
        #expect(await client.receive(bytes.count) == bytes)
        await client.onLoop { $0.closeAfterFlush(linger: .seconds(5)) }
        #expect(await server.next() == .ready)
        #expect(await server.nextOfOwn() == .readEnded(truncated: false))
        #expect(await client.nextOfOwn() == .closed(0, nil))
    }
}

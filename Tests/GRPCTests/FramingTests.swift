import Testing

@testable import GRPC

private func frame(_ bytes: [UInt8], flag: UInt8 = 0) -> [UInt8] {
    [flag] + (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (24 - 8 * $0)) } + bytes
}

private func message(_ bytes: [UInt8]) -> GRPCMessage { GRPCMessage(bytes) }

@Suite struct FramingTests {
    /// All that comes out when the bytes arrive in these chunks.
    private func read(_ chunks: [[UInt8]], limit: Int = 1 << 20, encoding: GRPCEncoding = .identity) throws -> (messages: [[UInt8]], whole: Bool) {
        var reader = FrameReader(limit: limit, encoding: encoding)
        var out: [[UInt8]] = []
        for chunk in chunks {
            reader.append(chunk)
            while let message = try reader.next() { out.append(message.bytes) }
        }
        return (out, reader.isAtBoundary)
    }

    private static let bodies: [[UInt8]] = [[1, 2, 3], [], Array(repeating: 7, count: 300), [9], []]
    private static let stream = bodies.flatMap { frame($0) }

    @Test func anyTwoChunksGiveTheSameMessages() throws {
        for cut in 0...Self.stream.count {
            let result = try read([Array(Self.stream[..<cut]), Array(Self.stream[cut...])])
            #expect(result.messages == Self.bodies, "cut at \(cut)")
            #expect(result.whole)
        }
    }

    @Test func chunksOfAnySizeGiveTheSameMessages() throws {
        for size in [1, 2, 3, 4, 5, 6, 7, 64, 1000] {
            let chunks = stride(from: 0, to: Self.stream.count, by: size).map { Array(Self.stream[$0..<min($0 + size, Self.stream.count)]) }
            #expect(try read(chunks).messages == Self.bodies, "chunks of \(size)")
        }
    }

    @Test func anUnfinishedMessageIsNoBoundary() throws {
        for cut in 1..<8 { #expect(try !read([Array(frame([1, 2, 3])[..<cut])]).whole, "cut at \(cut)") }
        #expect(try read([]).whole)
        #expect(try read([frame([1, 2, 3])]).whole)
    }

    @Test func theLimitIsExactAndSeenInThePrefix() throws {
        #expect(try read([frame(Array(repeating: 1, count: 100))], limit: 100).messages.count == 1)
        // Of the longer one only the prefix has come.
        let error = #expect(throws: GRPCStatus.self) { try read([[0, 0, 0, 0, 101]], limit: 100) }
        #expect(error?.code == .resourceExhausted)
        let huge = #expect(throws: GRPCStatus.self) { try read([[0, 255, 255, 255, 255]], limit: .max) }
        #expect(huge?.code == .resourceExhausted)
    }

    @Test func brokenFlagsAreInternal() {
        for flag in [UInt8(2), 128, 255] {
            let error = #expect(throws: GRPCStatus.self) { try read([frame([1], flag: flag)]) }
            #expect(error?.code == .internalError)
        }
        let packed = #expect(throws: GRPCStatus.self) { try read([frame([1], flag: 1)], encoding: .identity) }
        #expect(packed?.code == .internalError)
    }

    @Test(arguments: [GRPCEncoding.gzip, .deflate]) func packedMessagesComeBack(_ encoding: GRPCEncoding) throws {
        let text = Array(repeating: Array("monoflow ".utf8), count: 500).flatMap { $0 }
        let packed = try #require(encoding.compress(message(text)))
        #expect(packed.count < text.count / 10)
        let bytes = packed.framed(isCompressed: true)
        #expect(bytes[0] == 1)
        for size in [1, 7, 10_000] {
            let chunks = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
            #expect(try read(chunks, encoding: encoding).messages == [text])
        }
        // A plain message among packed ones.
        #expect(try read([bytes + frame([5])], encoding: encoding).messages == [text, [5]])
        // Exactly as large as the limit, and one byte larger.
        #expect(try read([bytes], limit: text.count, encoding: encoding).messages == [text])
        let error = #expect(throws: GRPCStatus.self) { try read([bytes], limit: text.count - 1, encoding: encoding) }
        #expect(error?.code == .resourceExhausted)
    }

    @Test(arguments: [GRPCEncoding.gzip, .deflate]) func aBombStopsAtTheLimit(_ encoding: GRPCEncoding) throws {
        let zeros = GRPCMessage(repeating: 0, count: 64 << 20)
        let bomb = try #require(encoding.compress(zeros))
        #expect(bomb.count < 1 << 20)
        let error = #expect(throws: GRPCStatus.self) { try encoding.decompress(bomb, limit: 1 << 20) }
        #expect(error?.code == .resourceExhausted)
    }

    @Test(arguments: [GRPCEncoding.gzip, .deflate]) func damagedPackedMessagesAreInternal(_ encoding: GRPCEncoding) throws {
        let bytes = try #require(encoding.compress(message(Array(repeating: 65, count: 5000)))).bytes
        var damaged = [[], [1, 2, 3], Array(bytes.dropLast()), bytes + [0], Array(bytes.dropFirst())]
        for index in bytes.indices.prefix(12) {
            var copy = bytes
            copy[index] ^= 0x55
            damaged.append(copy)
        }
        for (index, bytes) in damaged.enumerated() {
            do {
                let out = try encoding.decompress(message(bytes), limit: 1 << 20)
                // Some header fields of gzip, e.g. the time, mean nothing to the content.
                #expect(out.bytes == Array(repeating: 65, count: 5000), "case \(index)")
            } catch { #expect(error.code == .internalError, "case \(index)") }
        }
    }

    @Test func whatDoesNotShrinkIsSentAsItIs() throws {
        var state: UInt64 = 42
        let noise = (0..<2000).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        #expect(GRPCEncoding.gzip.compress(message(noise)) == nil)
        let writer = FrameWriter(encoding: .gzip, limits: GRPCLimits())
        #expect(try writer.frame(message(noise)) == frame(noise))
        // Below the threshold.
        let short = [UInt8](repeating: 1, count: 1023)
        #expect(try writer.frame(message(short)) == frame(short))
        #expect(try writer.frame(message(short + [1]))[0] == 1)
    }

    @Test func sentMessagesHaveALimitToo() {
        var limits = GRPCLimits()
        limits.sentMessageBytes = 10
        let writer = FrameWriter(encoding: .identity, limits: limits)
        #expect(throws: Never.self) { try writer.frame(message(Array(repeating: 0, count: 10))) }
        let error = #expect(throws: GRPCStatus.self) { try writer.frame(message(Array(repeating: 0, count: 11))) }
        #expect(error?.code == .resourceExhausted)
    }

    @Test func aReceivedMessageCanBeSentOn() throws {
        var reader = FrameReader(limit: 100, encoding: .identity)
        reader.append(frame([1]) + frame([2, 3]) + frame([4]))
        var out: [UInt8] = []
        while let message = try reader.next() { out += message.framed(isCompressed: false) }
        #expect(out == frame([1]) + frame([2, 3]) + frame([4]))
    }

    @Test func messagesAreFilledInPlace() {
        let message = GRPCMessage(count: 4) { $0.copyBytes(from: [1, 2, 3, 4]) }
        #expect(message.bytes == [1, 2, 3, 4])
        #expect(message.framed(isCompressed: false) == frame([1, 2, 3, 4]))
    }

    @Test func theEncodingIsChosenFromTheList() {
        #expect(GRPCEncoding.choose(from: nil) == nil)
        #expect(GRPCEncoding.choose(from: "identity") == nil)
        #expect(GRPCEncoding.choose(from: "identity, deflate, gzip") == .gzip)
        #expect(GRPCEncoding.choose(from: "snappy,deflate") == .deflate)
        #expect(GRPCEncoding.accepted == "identity,gzip,deflate")
    }
}

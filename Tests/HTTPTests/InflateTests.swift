import Core
import Foundation
import Testing

@testable import HTTP

/// A generator of reproducible bytes.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// Text-like bytes with repetitions.
func sampleText(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = Seeded(seed)
    let words = ["\"name\": ", "\"digits\"", ", ", "{", "}", "0.125", "run", "pipeline", "\n", "é"].map { Array($0.utf8) }
    var out: [UInt8] = []
    while out.count < count { out += words[Int(random.next() % UInt64(words.count))] }
    return Array(out.prefix(count))
}

@Suite struct InflateTests {
    private static func deflated(_ bytes: [UInt8], _ format: DeflateFormat) throws -> [UInt8] { try Deflater(format).compress(bytes) }

    /// A zlib stream without its container.
    private static func bare(_ bytes: [UInt8]) throws -> [UInt8] { Array(try deflated(bytes, .zlib).dropFirst(2).dropLast(4)) }

    /// Reads pieces with a small bound, as a streaming reader does.
    private static func read(_ pieces: [[UInt8]], _ format: DeflateFormat, bound: Int = 1000) throws -> [UInt8] {
        let inflater = try Inflater(format)
        var out: [UInt8] = []
        for piece in pieces {
            var at = 0
            while true {
                let before = out.count
                let step = try piece[at...].withUnsafeBytes { try inflater.read($0, into: &out, bound: bound) }
                #expect(out.count - before <= bound)
                at += step.consumed
                if !step.isFull {
                    #expect(at == piece.count)
                    break
                }
            }
        }
        try inflater.finish()
        return out
    }

    @Test(arguments: DeflateFormat.allCases) func roundTripAtEverySplit(_ format: DeflateFormat) throws {
        let text = sampleText(5000)
        let coded = try Self.deflated(text, format)
        #expect(coded.count < text.count / 2)
        for split in 0...coded.count { #expect(try Self.read([Array(coded[..<split]), Array(coded[split...])], format) == text) }
        #expect(try Self.read(coded.map { [$0] }, format, bound: 1) == text)
        #expect(try Self.read([coded], format, bound: .max) == text)
    }

    @Test func bareDeflateAtEverySplit() throws {
        for text in [sampleText(300), [], [1], (0..<999).map { UInt8(truncatingIfNeeded: $0 &* 89) }] {
            let coded = try Self.bare(text)
            for split in 0...coded.count { #expect(try Self.read([Array(coded[..<split]), Array(coded[split...])], .zlib) == text) }
        }
    }

    @Test func severalMembersAreOne() throws {
        let parts = [sampleText(100, seed: 3), [], sampleText(70_000, seed: 4)]
        let coded = try parts.flatMap { try Self.deflated($0, .gzip) }
        #expect(try Self.read([coded], .gzip) == parts.flatMap { $0 })
        #expect(try Self.read(coded.map { [$0] }, .gzip) == parts.flatMap { $0 })
    }

    @Test(arguments: DeflateFormat.allCases) func bytesBehindTheEndAreRefused(_ format: DeflateFormat) throws {
        let coded = try Self.deflated(Array("hello".utf8), format)
        for tail: [UInt8] in [[0], [0x1f], [0x1f, 0x8b], Array("x".utf8)] {
            for pieces in [[coded + tail], [coded, tail]] { #expect(throws: MonoflowError.self) { try Self.read(pieces, format) } }
        }
        #expect(throws: MonoflowError.self) { try Self.read([Self.bare([1, 2, 3]) + [0]], .zlib) }
    }

    @Test(arguments: DeflateFormat.allCases) func everyEarlyEndIsAnError(_ format: DeflateFormat) throws {
        let coded = try Self.deflated(sampleText(400), format)
        for end in 0..<coded.count {
            let error = #expect(throws: MonoflowError.self) { try Self.read([Array(coded[..<end])], format) }
            #expect(error?.code == .invalidArgument)
        }
        let bare = try Self.bare(sampleText(400))
        for end in 0..<bare.count { #expect(throws: MonoflowError.self) { try Self.read([Array(bare[..<end])], .zlib) } }
    }

    /// A container's check sum finds every flipped bit of the data.
    @Test(arguments: DeflateFormat.allCases) func damageIsAnErrorAndNeverOtherData(_ format: DeflateFormat) throws {
        let text = sampleText(200), coded = try Self.deflated(text, format)
        for at in 0..<coded.count {
            for bit in 0..<8 {
                var bad = coded
                bad[at] ^= 1 << bit
                // Flags, time and system in gzip's head say nothing about the data.
                if let read = try? Self.read([bad], format) { #expect(read == text, "byte \(at) bit \(bit)") }
            }
        }
    }

    @Test func resetAndLimits() throws {
        let inflater = try Inflater(.zlib), deflater = try Deflater(.zlib, level: 1)
        let text = sampleText(10_000)
        let coded = try deflater.compress(text)
        #expect(try deflater.compress(text) == coded)
        for _ in 0..<2 {
            #expect(try inflater.decompress(coded, limit: text.count) == text)
            let error = #expect(throws: MonoflowError.self) { try inflater.decompress(coded, limit: text.count - 1) }
            #expect(error?.code == .payloadTooLarge)
            #expect(try inflater.decompress(Self.bare(text), limit: text.count) == text)
            #expect(throws: MonoflowError.self) { try inflater.decompress(Array(coded.dropLast()), limit: text.count) }
        }
        #expect(try inflater.decompress(deflater.compress([]), limit: 0) == [])
    }

    @Test func syncFlushMakesEachPieceReadable() throws {
        let deflater = try Deflater(.gzip), inflater = try Inflater(.gzip)
        var out: [UInt8] = []
        for line in ["one\n", "two\n", "three\n"] {
            var coded: [UInt8] = []
            try deflater.write(Array(line.utf8), .sync, into: &coded)
            let before = out.count
            _ = try coded.withUnsafeBytes { try inflater.read($0, into: &out, bound: 1000) }
            #expect(String(decoding: out[before...], as: UTF8.self) == line)
        }
        var last: [UInt8] = []
        try deflater.write([], .finish, into: &last)
        _ = try last.withUnsafeBytes { try inflater.read($0, into: &out, bound: 1000) }
        try inflater.finish()
        #expect(out == Array("one\ntwo\nthree\n".utf8))
    }

    @Test func poolKeepsItsBoundAndTakesBack() throws {
        let pool = DeflaterPool(bound: 2, kept: 1)
        var first = pool.take(.gzip), second = pool.take(.zlib)
        #expect(first != nil && second != nil)
        #expect(pool.take(.gzip) == nil)
        let deflater = try #require(first?.deflater)
        var half: [UInt8] = []
        try deflater.write(sampleText(100), .sync, into: &half)
        first = nil
        #expect(pool.inUse == 1)
        let again = try #require(pool.take(.gzip))
        #expect(again.deflater === deflater)
        #expect(try Inflater(.gzip).decompress(again.deflater.compress([7]), limit: 10) == [7])
        second = nil
        #expect(pool.inUse == 1)
    }
}

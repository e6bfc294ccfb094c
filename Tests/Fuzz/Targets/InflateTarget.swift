#if FUZZ
import Core

@testable import HTTP

/// Decompresses in pieces and steps of any size. - Returns: the output and how it ended.
private func inflate(_ format: DeflateFormat, _ pieces: [UnsafeRawBufferPointer], _ chance: inout Chance, isWhole: Bool) throws -> (bytes: [UInt8], end: String) {
    let inflater = try Inflater(format)
    var out: [UInt8] = []
    do throws(MonoflowError) {
        for piece in pieces {
            var at = 0
            while true {
                let bound = isWhole ? 1 << 20 : 1 + chance.below(300), before = out.count
                let step = try inflater.read(UnsafeRawBufferPointer(rebasing: piece[at...]), into: &out, bound: bound)
                at += step.consumed
                if out.count - before > bound { return (out, "more than the bound") }
                if out.count > 1 << 20 { return (out, "long") }
                if !step.isFull {
                    if at != piece.count { return (out, "input is left though there was room") }
                    break
                }
            }
        }
        try inflater.finish()
        return (out, "whole")
    } catch { return (out, error.code.rawValue) }
}

/// The first byte picks the format; the rest is compressed data, and is also used as data to compress.
func inflateTarget() -> FuzzTarget {
    let text = "Hello hello hello, {\"name\": \"digits\"}".bytes
    var seeds: [[UInt8]] = []
    for (index, format) in DeflateFormat.allCases.enumerated() {
        guard let coded = try? Deflater(format).compress(text), let empty = try? Deflater(format, level: 1).compress([]) else { continue }
        seeds += [[UInt8(index)] + coded, [UInt8(index)] + coded + coded, [UInt8(index)] + empty, [UInt8(index)] + coded.dropLast(3)]
        if format == .zlib { seeds += [[1] + coded.dropFirst(2).dropLast(4), [1, 0x03, 0x00]] }
    }
    return FuzzTarget("inflate", seeds: seeds, words: ["\u{1f}\u{8b}\u{8}", "\u{78}\u{9c}", "\u{3}\u{0}", "\u{0}\u{0}\u{ff}\u{ff}"]) { input in
        guard let first = input.first else { return }
        let format: DeflateFormat = first & 1 == 0 ? .gzip : .zlib
        let bytes = UnsafeRawBufferPointer(rebasing: input.dropFirst())
        var chance = Chance(of: input)
        let whole = try inflate(format, [bytes], &chance, isWhole: true)
        let cut = try inflate(format, chance.pieces(bytes), &chance, isWhole: false)
        try require(["whole", "invalidArgument", "long"].contains(whole.end), whole.end)
        if whole.end != "long" { try require(whole == cut, "in one piece \(whole.bytes.shown) \(whole.end), in pieces \(cut.bytes.shown) \(cut.end)") }
        if whole.end == "whole" {
            let again = try Inflater(format).decompress(Array(bytes), limit: whole.bytes.count)
            try require(again == whole.bytes, "at once it is \(again.shown)")
            if !whole.bytes.isEmpty {
                let over = try? Inflater(format).decompress(Array(bytes), limit: whole.bytes.count - 1)
                try require(over == nil, "the limit was not kept")
            }
        }

        // There and back, with flushes.
        let deflater = try Deflater(format, level: 1 + chance.below(9))
        var coded: [UInt8] = []
        for piece in chance.pieces(bytes) { try deflater.write(piece, chance.oneIn(3) ? .sync : .none, into: &coded) }
        try deflater.write([], .finish, into: &coded)
        let back = try Inflater(format).decompress(coded, limit: bytes.count)
        try require(back == Array(bytes), "compressed and decompressed it is \(back.shown)")
    }
}

/// The first byte picks the codings of a request's body.
func decodedBodyTarget() -> FuzzTarget {
    let lists: [[ContentCoding]] = [[.gzip], [.deflate], [.gzip, .gzip], [.deflate, .gzip], [.gzip, .deflate]]
    // More than a step makes at once, and no bomb: blocks of noise, each many times.
    var noise = Chance(seed: 3)
    let blocks = (0..<12).flatMap { _ in
        let block = (0..<100).map { _ in UInt8(97 + noise.below(26)) }
        return Array(repeatElement(block, count: 70).joined())
    }
    let texts = ["a body of a request, a body of a request".bytes, blocks]
    let seeds = (0..<(2 * lists.count)).compactMap { number -> [UInt8]? in
        let (index, list) = (number % lists.count, lists[number % lists.count])
        var coded = texts[number / lists.count]
        for coding in list { coded = (try? Deflater(coding.format).compress(coded)) ?? [] }
        return [UInt8(index)] + coded
    }
    @Sendable func read(_ body: HTTPBody) async -> ([UInt8], String) {
        var out: [UInt8] = []
        do {
            for try await chunk in body {
                if chunk.isEmpty || chunk.count > 64 << 10 { return (out, "a chunk of \(chunk.count) bytes") }
                out += chunk
            }
            return (out, "end")
        } catch { return (out, (error as? MonoflowError)?.code.rawValue ?? "\(error)") }
    }
    return FuzzTarget("decoded-body", seeds: seeds) { input in
        guard let first = input.first else { return }
        let list = lists[Int(first) % lists.count], bytes = Array(input.dropFirst())
        var limits = DecodingLimits()
        limits.unmeasuredBytes = 1000
        let bounds = limits
        let whole = try InlineTask { await read(HTTPBody(source: .decoded(DecodedBody(HTTPBody(bytes), list, limits: bounds)), defaultLimit: .max)) }.value().get()
        let stream = BodyStream(length: nil) {}
        let coded = HTTPBody(source: .stream(stream), defaultLimit: .max)
        let reader = InlineTask { await read(HTTPBody(source: .decoded(DecodedBody(coded, list, limits: bounds)), defaultLimit: .max)) }
        var chance = Chance(of: input)
        for piece in chance.pieces(UnsafeRawBufferPointer(rebasing: input.dropFirst())) { _ = stream.push(Array(piece)) }
        stream.end()
        let cut = try reader.value().get()
        try require(["end", "invalidArgument", "payloadTooLarge"].contains(whole.1), whole.1)
        // The measure of growth is taken of what has come so far, so it may be exceeded earlier in pieces.
        if whole.1 == "payloadTooLarge" || cut.1 == "payloadTooLarge" { return }
        // Before an error comes what earlier steps have made; where these end depends on the pieces.
        let isPrefix = cut.0.starts(with: whole.0) || whole.0.starts(with: cut.0)
        let isSame = whole.1 == "end" ? whole == cut : whole.1 == cut.1 && isPrefix
        try require(isSame, "in one piece \(whole.0.shown) \(whole.1), in pieces \(cut.0.shown) \(cut.1)")
        if whole.1 == "end" { try require(whole.0.count <= 1000 || whole.0.count <= 100 * bytes.count + 100, "\(bytes.count) bytes became \(whole.0.count)") }
    }
}
#endif

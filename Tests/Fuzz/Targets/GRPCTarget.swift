#if FUZZ
import HTTP

@testable import GRPC

private func read(_ pieces: [[UInt8]], _ encoding: GRPCEncoding) -> (messages: [[UInt8]], end: String) {
    var reader = FrameReader(limit: 1000, encoding: encoding), messages: [[UInt8]] = []
    do throws(GRPCStatus) {
        for piece in pieces {
            reader.append(piece)
            while let message = try reader.next() { messages.append(message.bytes) }
        }
        return (messages, reader.isAtBoundary ? "boundary" : "inside")
    } catch { return (messages, "\(error.code)") }
}

/// gRPC's frames, and the texts in its header fields. The first byte picks the compression.
func grpcTarget() -> FuzzTarget {
    let message = "a message of a call".bytes
    var seeds: [[UInt8]] = [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 3, 97, 98, 99, 0, 0, 0, 0, 1, 100], [1, 0, 255, 255, 255, 255], [2, 2, 0, 0, 0, 0]]
    for (index, encoding) in GRPCEncoding.allCases.enumerated() {
        var limits = GRPCLimits()
        limits.compressionThreshold = 0
        if let frame = try? FrameWriter(encoding: encoding, limits: limits).frame(GRPCMessage(message + message + message)) { seeds.append([UInt8(index)] + frame + frame) }
    }
    // Longer than one byte of the length can tell.
    seeds.append([0, 0, 0, 0, 1, 44] + [UInt8](repeating: 97, count: 300) + [0, 0, 0, 0, 0])
    seeds += ["\u{3}10S", "\u{3}99999999H", "\u{3}YWJj", "\u{3}YQ==", "\u{3}a%20b%zz%C3%A9"].map(\.bytes)
    return FuzzTarget("grpc", seeds: seeds) { input in
        guard let first = input.first else { return }
        let bytes = UnsafeRawBufferPointer(rebasing: input.dropFirst())
        let encoding = GRPCEncoding.allCases[Int(first) % 3]
        var chance = Chance(of: input)
        let whole = read([Array(bytes)], encoding), cut = read(chance.pieces(bytes).map { Array($0) }, encoding)
        try require(whole == cut, "in one piece \(whole), in pieces \(cut)")
        for message in whole.messages {
            try require(message.count <= 1000, "a message of \(message.count) bytes was taken")
            var limits = GRPCLimits()
            limits.compressionThreshold = chance.below(2000)
            let frame = try FrameWriter(encoding: encoding, limits: limits).frame(GRPCMessage(message))
            let again = read([frame], encoding)
            try require(again == ([message], "boundary"), "written and read again it is \(again)")
        }
        let text = String(decoding: bytes.filter { $0 >= 32 && $0 < 127 }, as: UTF8.self)
        if let duration = GRPCTimeout.parse(text) {
            guard let again = GRPCTimeout.parse(GRPCTimeout.text(duration)) else { throw FuzzFailure("\(text) written again is no timeout") }
            try require(again >= duration && duration >= .zero, "\(text) became \(again)")
        }
        try require(GRPCText.percentDecoded(GRPCText.percentEncoded(text)) == text, "\(text) came back as another")
        _ = GRPCText.percentDecoded(text)
        if let decoded = GRPCText.bytes(base64: text) { try require(GRPCText.bytes(base64: GRPCText.base64(decoded)) == decoded, "base64 \(text)") }
        try require(GRPCText.bytes(base64: GRPCText.base64(Array(bytes))) == Array(bytes), "base64 of \(Array(bytes).shown)")
    }
}
#endif

#if FUZZ
import Core

@testable import HTTP

private func makeBench() throws -> ServerBench {
    try ServerBench { router in
        for method in HTTPMethod.allCases { router.inline(method, "/inline") { .text($0.digest) } }
        router.inline(.get, "/close") { _ in
            var response = HTTPResponse.text("bye")
            response.closesConnection = true
            return response
        }
        router.otherwise(.inline { .text($0.digest, status: .notFound) })
    }
}

extension HTTPRequest {
    /// Short, whatever was sent: answers must not meet the limit of the connection's window, which they share.
    fileprivate var digest: String {
        let text = echo
        return "\(text.utf8.prefix(40).map { $0 }.shown) \(text.utf8.reduce(UInt64(5381)) { $0 &* 33 ^ UInt64($1) })"
    }
}

/// Pieces that leave the heads of CONTINUATION frames whole: libnghttp2 counts each read of one as a frame of its own, and refuses
/// more than eight.
private func pieces(_ input: UnsafeRawBufferPointer, _ chance: inout Chance) -> [UnsafeRawBufferPointer] {
    var heads: [Range<Int>] = [], at = HTTP2Connection.preface.count
    while at + 9 <= input.count {
        if input[at + 3] == 9 { heads.append(at..<(at + 9)) }
        at += 9 + (Int(input[at]) << 16 | Int(input[at + 1]) << 8 | Int(input[at + 2]))
    }
    var pieces: [UnsafeRawBufferPointer] = [], start = 0, end = 0
    for piece in chance.pieces(input) {
        end += piece.count
        if heads.contains(where: { $0.lowerBound < end && end < $0.upperBound }) { continue }
        pieces.append(UnsafeRawBufferPointer(rebasing: input[start..<end]))
        start = end
    }
    return pieces
}

/// The types of the frames in a client's bytes.
private func frameTypes(_ input: UnsafeRawBufferPointer) -> [UInt8] {
    var types: [UInt8] = [], at = HTTP2Connection.preface.count
    while at + 9 <= input.count {
        types.append(input[at + 3])
        at += 9 + (Int(input[at]) << 16 | Int(input[at + 1]) << 8 | Int(input[at + 2]))
    }
    return types
}

private func check(_ bench: ServerBench, _ frames: [UInt8]) throws {
    let bytes = HTTP2Connection.preface + frames
    try bytes.withUnsafeBytes { input in
        var chance = Chance(of: input)
        let answers = try bench.feed(input, pieces(input, &chance))
        let whole = try HTTP2Output(answers.whole.output), cut = try HTTP2Output(answers.cut.output)
        // Whether a frame is an error, and of what kind, depends on which streams are answered and forgotten when it comes.
        if (whole.goAway + cut.goAway).contains(where: { $0 != 0 }) { return }
        // In pieces answers go out before what the client changes its mind with; they are never others.
        let hasGoAway = frameTypes(input).contains(7)
        for (id, stream) in whole.streams {
            guard let other = cut.streams[id] else {
                // After the client's own GOAWAY the connection may have ended before the stream began.
                if hasGoAway { continue }
                throw FuzzFailure("in one piece \(whole), in pieces \(cut)")
            }
            let isSame = stream.fields == other.fields && other.data.starts(with: stream.data) && (stream.trailers == other.trailers || !stream.ended)
            try require(isSame || stream.reset != nil, "in one piece \(whole), in pieces \(cut)")
        }
    }
}

/// A connection of HTTP/2 that is fed frames, made from records so that they are well formed.
func http2Target() throws -> FuzzTarget {
    let bench = try makeBench()
    let words = ["\u{0}\u{3}:path", "\u{82}\u{86}\u{84}", "/inline", "cookie", "content-length", ":status", "te", "connection", "host"]
    return FuzzTarget("http2", seeds: HTTP2Frames.seeds, words: words) { input in try check(bench, HTTP2Frames.frames(input)) }
}

/// The same with the bytes as they are.
func http2RawTarget() throws -> FuzzTarget {
    let bench = try makeBench()
    return FuzzTarget("http2-raw", seeds: HTTP2Frames.seeds.map { HTTP2Frames.frames($0) }) { input in try check(bench, Array(input)) }
}
#endif

#if FUZZ
@testable import HTTP

/// A client's reading of responses: the first byte of an input picks the method that is answered.
private struct ResponseReader {
    private(set) var events: [String] = []
    private(set) var heads: [([UInt8], ResponseHead)] = []
    private let method: HTTPMethod
    private var inbox: [UInt8] = []
    private var lineStart = 0
    private var decoder: BodyDecoder?
    private var body: [UInt8] = []
    private var isOver = false

    init(_ method: HTTPMethod) { self.method = method }

    mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        if isOver { return }
        inbox.append(contentsOf: bytes)
        do throws(RequestRefusal) {
            while try step() {}
        } catch {
            isOver = true
            events.append("refused \(error.status.code) \(error.message)")
        }
    }

    mutating func finish() {
        if isOver { return }
        if let decoder { events.append("\(decoder.endsWithConnection ? "body" : "unfinished") \(body.shown)") } else if !inbox.isEmpty { events.append("unfinished head") }
    }

    private mutating func step() throws(RequestRefusal) -> Bool {
        if inbox.isEmpty { return false }
        let bytes = inbox, limits = RequestReader.limits
        if var decoder {
            var out = body
            let taken = try bytes.withUnsafeBytes { bytes in Result { () throws(RequestRefusal) in try decoder.decode(bytes, into: &out) } }.get()
            body = out
            inbox.removeFirst(taken)
            self.decoder = decoder
            if decoder.isDone {
                self.decoder = nil
                let trailers = try decoder.trailers(limits)
                events.append("body \(body.shown) \(trailers.map { "\($0.name): \($0.value)" })")
                body = []
            }
            return taken > 0
        }
        var start = lineStart
        let found = bytes.withUnsafeBytes { bytes in
            Result { () throws(RequestRefusal) in try ResponseParser.headEnd(in: bytes, lineStart: &start, limits: limits) }
        }
        lineStart = start
        guard let end = try found.get() else { return false }
        lineStart = 0
        let method = method
        let head = try bytes.withUnsafeBytes { bytes in
            Result { () throws(RequestRefusal) in
                try ResponseParser.parse(UnsafeRawBufferPointer(rebasing: bytes[..<end]), to: method, limits: limits)
            }
        }.get()
        heads.append((Array(bytes[..<end]), head))
        inbox.removeFirst(end)
        events.append("head \(head.status.code) \(head.version) \(head.framing) \(head.keepAlive) \(head.headers.map { "\($0.name): \($0.value)" })")
        if head.framing != .none { decoder = BodyDecoder(head.framing, limit: limits.streamedBodyBytes) }
        return true
    }
}

func responseTarget() -> FuzzTarget {
    let seeds = WireSeeds.responses.map { [0] + $0 } + WireSeeds.responses.map { [1] + $0 }
    return FuzzTarget("response", seeds: seeds, words: WireSeeds.words) { input in
        guard let first = input.first else { return }
        let method: HTTPMethod = first & 1 == 0 ? .get : .head
        let bytes = UnsafeRawBufferPointer(rebasing: input.dropFirst())
        var whole = ResponseReader(method), cut = ResponseReader(method), chance = Chance(of: input)
        whole.receive(bytes)
        whole.finish()
        for piece in chance.pieces(bytes) { cut.receive(piece) }
        cut.finish()
        try require(whole.events == cut.events, "in one piece \(whole.events), in pieces \(cut.events)")
        for (bytes, head) in whole.heads {
            let lines = try RequestOracle.lines(of: bytes)
            let fields = try RequestOracle.fields(of: Array(lines.dropFirst()))
            let said = try RequestOracle.framing(fields)
            let isBodyless = method == .head || head.status.code < 200 || head.status.code == 204 || head.status.code == 304
            try require("\(head.framing)" == "\(isBodyless ? .none : said ?? .untilClose)", "framing \(head.framing): \(bytes.shown)")
            try require(lines[0].starts(with: "HTTP/1.".utf8) && (100...599).contains(head.status.code), "status line \(lines[0].shown)")
            // A body until the end of the connection leaves nothing to reuse.
            try require(!(head.framing == .untilClose && head.keepAlive), "kept alive without an end")
        }
    }
}
#endif

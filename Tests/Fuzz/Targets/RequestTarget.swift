#if FUZZ
import Foundation

@testable import HTTP

/// What a reader of a connection saw, in order.
enum WireEvent: Equatable {
    case request(String, [String], String)
    case body([UInt8], trailers: [String])
    case refused(Int, String)
    /// The end of the input inside a message: bytes of the body so far.
    case unfinished([UInt8])
}

/// `HTTP1Connection`'s use of parser and decoder, without a connection.
struct RequestReader {
    static let limits: HTTPLimits = {
        var limits = HTTPLimits()
        (limits.requestLineBytes, limits.headerBytes, limits.headerCount, limits.streamedBodyBytes) = (256, 1024, 20, 4096)
        return limits
    }()

    private(set) var events: [WireEvent] = []
    private(set) var heads: [[UInt8]] = []
    private(set) var parsed: [RequestHead] = []
    private var inbox: [UInt8] = []
    private var lineStart = 0
    private var decoder: BodyDecoder?
    private var body: [UInt8] = []
    private var isRefused = false

    mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        if isRefused { return }
        inbox.append(contentsOf: bytes)
        do throws(RequestRefusal) {
            while try step() {}
        } catch {
            isRefused = true
            events.append(.refused(error.status.code, error.message))
        }
    }

    mutating func finish() {
        if !isRefused && (decoder != nil || !inbox.isEmpty) { events.append(.unfinished(body)) }
    }

    /// - Returns: whether something was read.
    private mutating func step() throws(RequestRefusal) -> Bool {
        if inbox.isEmpty { return false }
        if decoder != nil {
            try readBody()
            return true
        }
        let bytes = inbox
        let end: Int?
        do {
            var start = lineStart
            let result = bytes.withUnsafeBytes { bytes in
                Result { () throws(RequestRefusal) in try RequestParser.headEnd(in: bytes, lineStart: &start, limits: Self.limits) }
            }
            lineStart = start
            end = try result.get()
        }
        guard let end else { return false }
        lineStart = 0
        let head = try bytes.withUnsafeBytes { bytes in
            Result { () throws(RequestRefusal) in
                try RequestParser.parse(UnsafeRawBufferPointer(rebasing: bytes[..<end]), limits: Self.limits)
            }
        }.get()
        heads.append(Array(bytes[..<end]))
        parsed.append(head)
        inbox.removeFirst(end)
        events.append(.request(head.summary, head.headers.map { "\($0.name): \($0.value)" }, "\(head.framing)"))
        if head.framing != .none {
            decoder = BodyDecoder(head.framing, limit: Self.limits.streamedBodyBytes)
            body = []
        }
        return true
    }

    private mutating func readBody() throws(RequestRefusal) {
        guard var decoder else { return }
        var out = body
        let taken = try inbox.withUnsafeBytes { bytes in
            Result { () throws(RequestRefusal) in try decoder.decode(bytes, into: &out) }
        }.get()
        body = out
        inbox.removeFirst(taken)
        self.decoder = decoder
        if !decoder.isDone { return }
        self.decoder = nil
        let trailers = try decoder.trailers(Self.limits)
        events.append(.body(body, trailers: trailers.map { "\($0.name): \($0.value)" }))
        body = []
    }
}

extension RequestHead {
    var summary: String { "\(method.rawValue) \(target) \(version) keep=\(keepAlive) expects=\(expectsContinue)" }
}

func requestTarget() -> FuzzTarget {
    FuzzTarget("request", seeds: WireSeeds.requests, words: WireSeeds.words) { input in
        var whole = RequestReader()
        whole.receive(input)
        whole.finish()
        var chance = Chance(of: input), cut = RequestReader()
        for piece in chance.pieces(input) { cut.receive(piece) }
        cut.finish()
        try require(whole.events == cut.events, "in one piece \(whole.events), in pieces \(cut.events)")
        for (bytes, head) in zip(whole.heads, whole.parsed) {
            try RequestOracle.check(bytes, head)
            try reparse(head)
        }
        for event in whole.events { if case .body(let bytes, _) = event { try rechunk(bytes, &chance) } }
    }
}

/// A request that is written again reads the same.
private func reparse(_ head: RequestHead) throws {
    let version = head.version == .http10 ? "HTTP/1.0" : "HTTP/1.1"
    var text = Array("\(head.method.rawValue) \(head.target) \(version)\r\n".utf8)
    text += head.headers.block + [13, 10]
    var limits = RequestReader.limits
    limits.requestLineBytes += 256
    let again = text.withUnsafeBytes { bytes in Result { () throws(RequestRefusal) in try RequestParser.parse(bytes, limits: limits) } }
    guard case .success(let second) = again else { throw FuzzFailure("refused when written again: \(text.shown)") }
    try require(second.summary == head.summary && second.headers == head.headers && second.framing == head.framing, "reads differently when written again: \(text.shown)")
}

/// A body in chunks of any size is the same body.
private func rechunk(_ body: [UInt8], _ chance: inout Chance) throws {
    var coded: [UInt8] = []
    body.withUnsafeBytes { bytes in
        for piece in chance.pieces(bytes) { coded += Array(String(piece.count, radix: 16).utf8) + [13, 10] + Array(piece) + [13, 10] }
    }
    coded += Array("0\r\n\r\nrest".utf8)
    var decoder = BodyDecoder(.chunked, limit: .max), out: [UInt8] = []
    let result = coded.withUnsafeBytes { bytes in Result { () throws(RequestRefusal) in try decoder.decode(bytes, into: &out) } }
    guard case .success(let taken) = result else { throw FuzzFailure("a chunked body is refused: \(coded.shown)") }
    try require(decoder.isDone && taken == coded.count - 4 && out == body, "a chunked body reads differently: \(coded.shown)")
}
#endif

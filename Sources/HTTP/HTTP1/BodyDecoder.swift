/// Takes a body out of the bytes that follow a head.
struct BodyDecoder {
    private enum Kind {
        case fixed(remaining: Int64)
        case chunked(ChunkedDecoder)
        case untilClose
    }

    private var kind: Kind
    private let limit: Int64
    /// Bytes of body so far.
    private(set) var total: Int64 = 0
    private(set) var isDone: Bool

    /// - Parameter limit: more bytes than this are refused with 413.
    init(_ framing: BodyFraming, limit: Int64) {
        self.limit = limit
        switch framing {
        case .none: (kind, isDone) = (.fixed(remaining: 0), true)
        case .fixed(let length): (kind, isDone) = (.fixed(remaining: length), length == 0)
        case .chunked: (kind, isDone) = (.chunked(ChunkedDecoder()), false)
        case .untilClose: (kind, isDone) = (.untilClose, false)
        }
    }

    /// What is still to come, where it is known.
    var remaining: Int64? { if case .fixed(let remaining) = kind { remaining } else { isDone ? 0 : nil } }

    /// The fields behind a chunked body that is done, less those that frame, route or authenticate a message.
    func trailers(_ limits: HTTPLimits) throws(RequestRefusal) -> HTTPHeaders {
        guard case .chunked(let decoder) = kind, !decoder.trailers.isEmpty else { return HTTPHeaders() }
        return try HTTPHeaders.trailers(decoder.trailers, limits: limits)
    }

    /// Whether the end of the connection is the end of the body.
    var endsWithConnection: Bool { if case .untilClose = kind { true } else { isDone } }

    /// Appends body bytes to `out`. - Returns: how many bytes of `input` it took; fewer than all only at the body's end.
    mutating func decode(_ input: UnsafeRawBufferPointer, into out: inout [UInt8]) throws(RequestRefusal) -> Int {
        if isDone { return 0 }
        let before = out.count
        let taken: Int
        switch kind {
        case .fixed(let remaining):
            taken = Int(min(remaining, Int64(input.count)))
            out.append(contentsOf: input[..<taken])
            kind = .fixed(remaining: remaining - Int64(taken))
            isDone = remaining == Int64(taken)
        case .chunked(var decoder):
            taken = try decoder.decode(input, into: &out)
            kind = .chunked(decoder)
            isDone = decoder.isDone
        case .untilClose:
            taken = input.count
            out.append(contentsOf: input)
        }
        total += Int64(out.count - before)
        if total > limit { throw RequestRefusal(.payloadTooLarge, "the body is over \(limit) bytes") }
        return taken
    }
}

/// The chunked transfer coding. Extensions are checked, bounded and dropped; trailers are kept, within a bound.
struct ChunkedDecoder {
    private enum State {
        case size(digits: Int), extensions, sizeLF
        case data, dataCR, dataLF
        case trailerStart, trailer, trailerLF, endLF
        case done
    }

    private static let extensionLimit = 256
    private static let trailerLimit = 8 << 10

    private var state = State.size(digits: 0)
    private var size: UInt64 = 0
    private var extra = 0
    /// Whole lines.
    private(set) var trailers: [UInt8] = []

    var isDone: Bool { if case .done = state { true } else { false } }

    mutating func decode(_ input: UnsafeRawBufferPointer, into out: inout [UInt8]) throws(RequestRefusal) -> Int {
        var at = 0
        while at < input.count && !isDone {
            if case .data = state {
                let count = Int(min(size, UInt64(input.count - at)))
                out.append(contentsOf: input[at..<(at + count)])
                size -= UInt64(count)
                at += count
                if size == 0 { state = .dataCR }
            } else {
                try step(input[at])
                at += 1
            }
        }
        return at
    }

    private static func bad(_ message: String) -> RequestRefusal { RequestRefusal(.badRequest, message) }

    private mutating func step(_ byte: UInt8) throws(RequestRefusal) {
        switch state {
        case .size(let digits):
            if let digit = HTTPText.hexValue(byte) {
                guard digits < 15 else { throw Self.bad("a chunk size is too large") }
                size = size << 4 | UInt64(digit)
                state = .size(digits: digits + 1)
            } else if digits > 0 && byte == 13 {
                state = .sizeLF
            } else if digits > 0 && byte == UInt8(ascii: ";") {
                extra = 0
                state = .extensions
            } else {
                throw Self.bad("malformed chunk size")
            }
        case .extensions:
            extra += 1
            if byte == 13 { state = .sizeLF } else if byte < 32 && byte != 9 || byte == 127 || extra > Self.extensionLimit {
                throw Self.bad("malformed chunk extension")
            }
        case .sizeLF:
            guard byte == 10 else { throw Self.bad("a chunk size ends without LF") }
            state = size == 0 ? .trailerStart : .data
        case .data: break
        case .dataCR:
            guard byte == 13 else { throw Self.bad("a chunk is longer than its size") }
            state = .dataLF
        case .dataLF:
            guard byte == 10 else { throw Self.bad("a chunk ends without LF") }
            state = .size(digits: 0)
        case .trailerStart:
            if byte == 13 { state = .endLF } else {
                guard HTTPText.tokenTable[Int(byte)] else { throw Self.bad("malformed trailer") }
                trailers.append(byte)
                state = .trailer
            }
        case .trailer:
            trailers.append(byte)
            guard trailers.count <= Self.trailerLimit else { throw RequestRefusal(.headerFieldsTooLarge, "the trailers are over \(Self.trailerLimit) bytes") }
            if byte == 13 { state = .trailerLF } else if byte < 32 && byte != 9 || byte == 127 { throw Self.bad("malformed trailer") }
        case .trailerLF:
            guard byte == 10 else { throw Self.bad("a trailer ends without LF") }
            trailers.append(10)
            state = .trailerStart
        case .endLF:
            guard byte == 10 else { throw Self.bad("the last chunk ends without LF") }
            state = .done
        case .done: break
        }
    }
}

#if FUZZ
@testable import HTTP

/// Reads what a server sent over HTTP/1.1, with rules of its own.
enum ResponseOracle {
    struct Answer {
        var status: Int
        var closes: Bool
    }

    /// - Parameter methods: of the requests that were answered, in order.
    /// - Returns: the final responses; a tunnel's bytes end the list.
    static func read(_ output: [UInt8], methods: [HTTPMethod]) throws -> [Answer] {
        var answers: [Answer] = [], rest = output[...]
        while !rest.isEmpty {
            guard let end = headEnd(rest) else { throw FuzzFailure("half a head was sent: \(Array(rest).shown)") }
            let lines = try RequestOracle.lines(of: Array(rest[..<end]))
            let fields = try RequestOracle.fields(of: Array(lines.dropFirst()))
            guard lines[0].starts(with: "HTTP/1.1 ".utf8), let status = Int(String(decoding: lines[0].dropFirst(9).prefix(3), as: UTF8.self)) else {
                throw FuzzFailure("no status line: \(lines[0].shown)")
            }
            rest = rest[end...]
            if status == 100 { continue }
            let framing = try RequestOracle.framing(fields)
            let isHead = answers.count < methods.count && methods[answers.count] == .head
            let closes = fields.contains { $0.name == "connection" && String(decoding: $0.value, as: UTF8.self).lowercased() == "close" }
            answers.append(Answer(status: status, closes: closes))
            if status == 101 { return answers }
            if status < 200 || status == 204 || status == 304 || isHead { continue }
            switch framing ?? .untilClose {
            case .fixed(let length):
                try require(Int64(rest.count) >= length, "a body is shorter than its length")
                rest = rest.dropFirst(Int(length))
            case .chunked: rest = try chunks(rest)
            case .none: break
            case .untilClose:
                try require(closes, "a body without an end on a connection that is kept")
                rest = []
            }
        }
        return answers
    }

    private static func headEnd(_ bytes: ArraySlice<UInt8>) -> Int? {
        var at = bytes.startIndex
        while at + 3 < bytes.endIndex {
            if bytes[at] == 13 && bytes[at + 1] == 10 && bytes[at + 2] == 13 && bytes[at + 3] == 10 { return at + 4 }
            at += 1
        }
        return nil
    }

    private static func chunks(_ bytes: ArraySlice<UInt8>) throws -> ArraySlice<UInt8> {
        var rest = bytes
        while true {
            guard let lineEnd = rest.firstIndex(of: 13), let size = Int(String(decoding: rest[..<lineEnd], as: UTF8.self), radix: 16) else {
                throw FuzzFailure("no chunk size: \(Array(rest.prefix(40)).shown)")
            }
            rest = rest[(lineEnd + 2)...]
            if size == 0 {
                // Trailers, to the empty line.
                while let end = rest.firstIndex(of: 13), end > rest.startIndex { rest = rest[(end + 2)...] }
                try require(rest.starts(with: [13, 10]), "trailers without an end")
                return rest.dropFirst(2)
            }
            try require(rest.count >= size + 2, "a chunk is cut short")
            rest = rest.dropFirst(size)
            try require(rest.starts(with: [13, 10]), "a chunk without an end")
            rest = rest.dropFirst(2)
        }
    }

    /// Without the dates, which pass.
    static func undated(_ output: [UInt8]) -> [UInt8] {
        let mark = Array("\r\nDate: ".utf8), length = mark.count + 29
        var out: [UInt8] = [], at = 0
        while at < output.count {
            if output[at] == 13 && output[at...].starts(with: mark) {
                at += length
                continue
            }
            out.append(output[at])
            at += 1
        }
        return out
    }
}
#endif

#if FUZZ
@testable import HTTP

/// The rules that an accepted head must satisfy, written down a second time and as plainly as possible.
enum RequestOracle {
    static func check(_ bytes: [UInt8], _ head: RequestHead) throws {
        let lines = try lines(of: bytes)
        let words = lines[0].split(separator: 32, omittingEmptySubsequences: false)
        try require(words.count == 3, "request line of \(words.count) words: \(bytes.shown)")
        try require(words[2] == Array("HTTP/1.0".utf8)[...] || words[2].count == 8 && words[2].starts(with: "HTTP/1.".utf8), "version \(Array(words[2]).shown)")
        try require(words[1].allSatisfy { (33...126).contains($0) }, "target \(Array(words[1]).shown)")
        try require(head.target.utf8.first == 47 || head.target == "*", "target \(head.target)")
        let fields = try fields(of: Array(lines.dropFirst()))
        try require(fields.count == head.headers.count, "\(fields.count) lines, \(head.headers.count) fields")
        for (field, read) in zip(fields, head.headers) {
            try require(field.name == read.name.lowercased() && String(decoding: field.value, as: UTF8.self) == read.value, "field \(field.name) reads \(read)")
        }
        let hosts = fields.filter { $0.name == "host" }.count
        try require(words[2].last == 48 ? hosts <= 1 : hosts == 1, "\(hosts) Host fields")
        let said = try framing(fields)
        try require("\(head.framing)" == "\(said ?? .none)", "framing \(head.framing): \(bytes.shown)")
    }

    /// Lines that end in CRLF; no other CR, LF, or NUL anywhere.
    static func lines(of bytes: [UInt8]) throws -> [[UInt8]] {
        var lines: [[UInt8]] = [], line: [UInt8] = [], at = 0
        while at < bytes.count {
            if bytes[at] == 13 {
                try require(at + 1 < bytes.count && bytes[at + 1] == 10, "a bare CR was taken: \(bytes.shown)")
                lines.append(line)
                line = []
                at += 2
                continue
            }
            try require(bytes[at] != 10 && bytes[at] != 0, "a bare LF or NUL was taken: \(bytes.shown)")
            line.append(bytes[at])
            at += 1
        }
        try require(line.isEmpty && lines.last == [], "no empty line at the end: \(bytes.shown)")
        return lines.dropLast()
    }

    static func fields(of lines: [[UInt8]]) throws -> [(name: String, value: ArraySlice<UInt8>)] {
        try lines.map { line in
            guard let colon = line.firstIndex(of: 58) else { throw FuzzFailure("a line without a colon was taken: \(line.shown)") }
            let name = line[..<colon]
            try require(!name.isEmpty && name.allSatisfy { (33...126).contains($0) && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) }, "name \(line.shown)")
            var value = line[(colon + 1)...]
            try require(value.allSatisfy { $0 >= 32 && $0 != 127 || $0 == 9 }, "value \(line.shown)")
            while let first = value.first, first == 32 || first == 9 { value.removeFirst() }
            while let last = value.last, last == 32 || last == 9 { value.removeLast() }
            return (String(decoding: name, as: UTF8.self).lowercased(), value)
        }
    }

    /// Nil where the fields say nothing of a body.
    static func framing(_ fields: [(name: String, value: ArraySlice<UInt8>)]) throws -> BodyFraming? {
        let lengths = fields.filter { $0.name == "content-length" }, codings = fields.filter { $0.name == "transfer-encoding" }
        try require(lengths.count + codings.count <= 1, "\(lengths.count) lengths and \(codings.count) codings were taken")
        if let coding = codings.first {
            try require(String(decoding: coding.value, as: UTF8.self).lowercased() == "chunked", "another coding was taken")
            return .chunked
        }
        guard let length = lengths.first else { return nil }
        try require(!length.value.isEmpty && length.value.allSatisfy { (48...57).contains($0) }, "length \(Array(length.value).shown)")
        let number = length.value.reduce(Int64(0)) { $0 &* 10 &+ Int64($1 - 48) }
        return number == 0 ? BodyFraming.none : .fixed(number)
    }
}
#endif

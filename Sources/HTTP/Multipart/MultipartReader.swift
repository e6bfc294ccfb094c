import Core

/// Reads `multipart/form-data` as it arrives. Parts come in order; a part's body is read before the next part, or
/// skipped. Belongs to one task.
public final class MultipartReader {
    static let headerLimit = 16 << 10
    static let partLimit = 1_000

    private var chunks: HTTPBody.Iterator
    private var buffer: [UInt8] = []
    private var at = 0
    /// `\r\n--boundary`; the buffer starts with a line end, so that the first delimiter looks like the others.
    private let delimiter: [UInt8]
    private var current = 0
    private var inBody = false
    private var finished = false
    private var bodyEnded = false

    /// - Throws: `unsupportedMediaType` where the request is no multipart/form-data; `invalidArgument` for a bad boundary.
    public init(_ request: HTTPRequest) throws(MonoflowError) {
        let type = request.headers["Content-Type"] ?? ""
        guard request.mediaType == "multipart/form-data" else {
            throw MonoflowError(.unsupportedMediaType, "read form", "", "expected multipart/form-data, not \(type.isEmpty ? "no content type" : type)")
        }
        guard let boundary = HTTPText.parameter("boundary", of: type), (1...70).contains(boundary.utf8.count) else {
            throw MonoflowError(.invalidArgument, "read form", "", "the content type has no boundary of 1–70 characters")
        }
        delimiter = Array("\r\n--\(boundary)".utf8)
        chunks = request.body.makeAsyncIterator()
        buffer = [13, 10]
    }

    /// The next part, nil after the last. What is left of the part before is skipped.
    /// - Throws: `invalidArgument` where the body is malformed or ends too early; else as the request's body.
    public func nextPart() async throws -> MultipartPart? {
        if finished { return nil }
        if current == 0 { inBody = true }  // the preamble is skipped like a body
        while try await nextChunk() != nil {}
        if finished { return nil }
        current += 1
        if current > Self.partLimit { throw malformed("more than \(Self.partLimit) parts") }
        let headers = try await readHeaders()
        inBody = true
        let disposition = headers["Content-Disposition"] ?? ""
        guard let name = HTTPText.parameter("name", of: disposition) else {
            throw malformed("part \(current) has no name in its Content-Disposition")
        }
        return MultipartPart(
            name: name, fileName: HTTPText.parameter("filename", of: disposition), headers: headers, reader: self, number: current)
    }

    func nextChunk(ofPart number: Int) async throws -> [UInt8]? { number == current ? try await nextChunk() : nil }

    /// The next bytes of the current body; nil at its delimiter, which is consumed.
    private func nextChunk() async throws -> [UInt8]? {
        guard inBody else { return nil }
        while true {
            if let found = find() {
                if found > at {
                    defer { at = found }
                    return Array(buffer[at..<found])
                }
                try await consumeDelimiter()
                return nil
            }
            // All but a possible beginning of a delimiter is certain to be body.
            let safe = buffer.count - delimiter.count + 1
            if safe > at {
                defer { at = safe }
                return Array(buffer[at..<safe])
            }
            try await fill()
        }
    }

    private func consumeDelimiter() async throws {
        at += delimiter.count
        inBody = false
        // Transport padding: blanks are allowed between the boundary and its line end.
        var padding = 0
        while true {
            while buffer.count - at < 2 { try await fill() }
            if buffer[at] == UInt8(ascii: "-") && buffer[at + 1] == UInt8(ascii: "-") && padding == 0 {
                finished = true
                // The epilogue has no meaning, but the connection can only be used again behind it.
                while try await chunks.next() != nil {}
                return
            }
            if buffer[at] == 13 && buffer[at + 1] == 10 { return at += 2 }
            padding += 1
            guard buffer[at] == 32 || buffer[at] == 9, padding <= 64 else { throw malformed("text after a boundary") }
            at += 1
        }
    }

    private func readHeaders() async throws -> HTTPHeaders {
        var headers = HTTPHeaders()
        var used = 0
        while true {
            let line = try await readLine()
            if line.isEmpty { return headers }
            used += line.count
            guard used <= Self.headerLimit else { throw malformed("the headers of part \(current) are over \(Self.headerLimit) bytes") }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), HTTPText.isToken(line[..<colon]) else {
                throw malformed("part \(current) has a malformed header")
            }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            headers.add(name, String(HTTPText.trim(String(decoding: line[(colon + 1)...], as: UTF8.self))))
        }
    }

    private func readLine() async throws -> [UInt8] {
        var scanned = at
        while true {
            while scanned + 1 < buffer.count {
                if buffer[scanned] == 13 && buffer[scanned + 1] == 10 {
                    defer { at = scanned + 2 }
                    return Array(buffer[at..<scanned])
                }
                scanned += 1
            }
            guard buffer.count - at <= Self.headerLimit else { throw malformed("a header line of part \(current) is too long") }
            scanned -= at
            try await fill()
            scanned += at
        }
    }

    /// The next delimiter's place in the buffer. A delimiter inside a longer line is still one, as RFC 2046 has it.
    private func find() -> Int? {
        guard buffer.count - at >= delimiter.count else { return nil }
        return buffer.withUnsafeBufferPointer { bytes in
            var start = at
            let last = bytes.count - delimiter.count
            while start <= last {
                guard let hit = bytes[start...last].firstIndex(of: 13) else { return nil }
                var length = 1
                while length < delimiter.count && bytes[hit + length] == delimiter[length] { length += 1 }
                if length == delimiter.count { return hit }
                start = hit + 1
            }
            return nil
        }
    }

    private func fill() async throws {
        guard !bodyEnded, let chunk = try await chunks.next() else {
            bodyEnded = true
            throw malformed("the body ends before its last boundary", hint: "the upload was cut short; send it again")
        }
        buffer.removeFirst(at)
        at = 0
        buffer.append(contentsOf: chunk)
    }

    private func malformed(_ message: String, hint: String? = nil) -> MonoflowError {
        MonoflowError(.invalidArgument, "read form", "", message, hint: hint)
    }
}

/// One part of a form, valid until the reader's next `nextPart`.
public struct MultipartPart {
    public let name: String
    /// As the client sent it: not a safe path.
    public let fileName: String?
    public let headers: HTTPHeaders
    let reader: MultipartReader
    let number: Int

    /// The next bytes of this part's body, nil at its end. Errors as `MultipartReader.nextPart`.
    public func nextChunk() async throws -> [UInt8]? { try await reader.nextChunk(ofPart: number) }

    /// The whole rest of the body. - Throws: `payloadTooLarge` over `limit` bytes.
    public func collect(limit: Int) async throws -> [UInt8] {
        var out: [UInt8] = []
        while let chunk = try await nextChunk() {
            guard out.count + chunk.count <= limit else {
                throw MonoflowError(.payloadTooLarge, "read form", name, "larger than \(limit) bytes")
            }
            out.append(contentsOf: chunk)
        }
        return out
    }
}

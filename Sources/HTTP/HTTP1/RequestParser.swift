import Foundation

/// Reads request heads by RFC 9112, strictly: where two readers could disagree on where a message ends (bare LF, folded
/// lines, blanks before a colon, two lengths), the request is refused, so that nothing can be smuggled past a proxy.
enum RequestParser {
    /// Where the head ends, behind its empty line; nil where it is not whole yet.
    /// - Parameter lineStart: the beginning of the first line not yet seen whole; kept between calls, so that a head
    ///   that comes byte by byte is not searched again and again.
    /// - Parameter message: "request" or "response", for the errors.
    static func headEnd(
        in bytes: UnsafeRawBufferPointer, lineStart: inout Int, limits: HTTPLimits, of message: StaticString = "request"
    ) throws(RequestRefusal) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        let count = bytes.count
        while lineStart < count, let hit = memchr(base + lineStart, 10, count - lineStart) {
            let end = UnsafeRawPointer(hit) - base
            // The bounds first: where the line comes in pieces they are met before its end is seen, and the answer must be the same.
            if lineStart == 0 && end > limits.requestLineBytes { throw lineTooLong(limits, message) }
            if end + 1 > limits.headerBytes { throw headTooLarge(limits, message) }
            guard end > lineStart, bytes[end - 1] == 13 else { throw RequestRefusal(.badRequest, "a line ends without CR") }
            if end - 1 == lineStart { return end + 1 }
            lineStart = end + 1
        }
        if lineStart == 0 && count > limits.requestLineBytes { throw lineTooLong(limits, message) }
        if count > limits.headerBytes { throw headTooLarge(limits, message) }
        return nil
    }

    private static func lineTooLong(_ limits: HTTPLimits, _ message: StaticString) -> RequestRefusal {
        RequestRefusal(.uriTooLong, "the \(message) line is over \(limits.requestLineBytes) bytes")
    }

    private static func headTooLarge(_ limits: HTTPLimits, _ message: StaticString) -> RequestRefusal {
        RequestRefusal(.headerFieldsTooLarge, "the \(message)'s head is over \(limits.headerBytes) bytes")
    }

    /// - Parameter bytes: a whole head as `headEnd` found it, with its empty line.
    static func parse(_ bytes: UnsafeRawBufferPointer, limits: HTTPLimits) throws(RequestRefusal) -> RequestHead {
        guard let lineEnd = bytes.firstIndex(of: 13), bytes[lineEnd + 1] == 10 else {
            throw RequestRefusal(.badRequest, "a CR stands alone")
        }
        let line = try RequestLine(UnsafeRawBufferPointer(rebasing: bytes[..<lineEnd]))
        var fields = FieldReader(UnsafeRawBufferPointer(rebasing: bytes[(lineEnd + 2)..<(bytes.count - 2)]), limits: limits)
        try fields.read()
        return try fields.head(line)
    }
}

/// `METHOD target HTTP/1.1`, one blank between.
struct RequestLine {
    let method: HTTPMethod
    let target: String
    let version: HTTPVersion

    init(_ line: UnsafeRawBufferPointer) throws(RequestRefusal) {
        guard let first = line.firstIndex(of: 32), let last = line.lastIndex(of: 32), first < last else {
            throw RequestRefusal(.badRequest, "the request line is not METHOD TARGET VERSION")
        }
        let name = UnsafeRawBufferPointer(rebasing: line[..<first])
        guard HTTPText.isToken(name) else { throw RequestRefusal(.badRequest, "the method is not a token") }
        version = try Self.version(UnsafeRawBufferPointer(rebasing: line[(last + 1)...]))
        let raw = UnsafeRawBufferPointer(rebasing: line[(first + 1)..<last])
        guard !raw.isEmpty, raw.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") }) else {
            throw RequestRefusal(.badRequest, "the target holds bytes that must be percent-encoded")
        }
        guard let known = HTTPMethod(bytes: name) else {
            throw RequestRefusal(.notImplemented, "method \(String(decoding: name, as: UTF8.self)) is not implemented")
        }
        method = known
        target = try Self.originForm(raw, known)
    }

    private static func version(_ text: UnsafeRawBufferPointer) throws(RequestRefusal) -> HTTPVersion {
        guard text.count == 8, text.starts(with: "HTTP/".utf8), text[6] == UInt8(ascii: "."),
            (48...57).contains(text[5]), (48...57).contains(text[7])
        else { throw RequestRefusal(.badRequest, "malformed HTTP version") }
        guard text[5] == UInt8(ascii: "1") else { throw RequestRefusal(.versionNotSupported, "only HTTP/1.0 and HTTP/1.1") }
        return text[7] == UInt8(ascii: "0") ? .http10 : .http11
    }

    /// The path and query; those of a proxy's absolute form too.
    private static func originForm(_ raw: UnsafeRawBufferPointer, _ method: HTTPMethod) throws(RequestRefusal) -> String {
        let target = String(decoding: raw, as: UTF8.self)
        if raw[0] == UInt8(ascii: "/") || target == "*" && method == .options { return target }
        for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
            let rest = target.dropFirst(scheme.count)
            guard let start = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
            return rest[start] == "/" ? String(rest[start...]) : "/" + rest[start...]
        }
        throw RequestRefusal(.badRequest, "the target is no path")
    }
}

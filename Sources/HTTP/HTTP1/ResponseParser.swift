import Foundation

/// A status line and the fields behind it, checked.
struct ResponseHead {
    let status: HTTPStatus
    let version: HTTPVersion
    let headers: HTTPHeaders
    let framing: BodyFraming
    /// Whether the connection may carry another request after this response.
    let keepAlive: Bool
}

/// Reads response heads by RFC 9112, as strictly as requests are read: a server behind a proxy must not be able to make two
/// readers see different ends of a response.
enum ResponseParser {
    /// As `RequestParser.headEnd`.
    static func headEnd(in bytes: UnsafeRawBufferPointer, lineStart: inout Int, limits: HTTPLimits) throws(RequestRefusal) -> Int? {
        try RequestParser.headEnd(in: bytes, lineStart: &lineStart, limits: limits, of: "response")
    }

    /// - Parameters:
    ///   - bytes: a whole head as `headEnd` found it, with its empty line.
    ///   - method: of the request that is answered.
    static func parse(_ bytes: UnsafeRawBufferPointer, to method: HTTPMethod, limits: HTTPLimits) throws(RequestRefusal) -> ResponseHead {
        guard let lineEnd = bytes.firstIndex(of: 13), bytes[lineEnd + 1] == 10 else {
            throw RequestRefusal(.badRequest, "a CR stands alone")
        }
        let line = try StatusLine(UnsafeRawBufferPointer(rebasing: bytes[..<lineEnd]))
        var fields = FieldReader(
            UnsafeRawBufferPointer(rebasing: bytes[(lineEnd + 2)..<(bytes.count - 2)]), limits: limits, isResponse: true)
        try fields.read()
        return try fields.head(line, to: method)
    }
}

/// `HTTP/1.1 CODE reason`. The reason is dropped; some servers leave out the blank before an empty one.
struct StatusLine {
    let version: HTTPVersion
    let status: HTTPStatus

    init(_ line: UnsafeRawBufferPointer) throws(RequestRefusal) {
        guard line.count >= 12, line.starts(with: "HTTP/".utf8), line[6] == UInt8(ascii: "."), line[8] == 32,
            Self.isDigit(line[5]), Self.isDigit(line[7]), line[9..<12].allSatisfy(Self.isDigit), line.count == 12 || line[12] == 32
        else { throw RequestRefusal(.badRequest, "the status line is not VERSION CODE REASON") }
        guard line[5] == UInt8(ascii: "1") else { throw RequestRefusal(.versionNotSupported, "the version is not HTTP/1.0 or HTTP/1.1") }
        version = line[7] == UInt8(ascii: "0") ? .http10 : .http11
        guard line[12...].allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 }) else {
            throw RequestRefusal(.badRequest, "the reason holds a control character")
        }
        let code = line[9..<12].reduce(0) { $0 * 10 + Int($1 - 48) }
        guard (100...599).contains(code) else { throw RequestRefusal(.badRequest, "the status \(code) is not 100–599") }
        status = HTTPStatus(code)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}

/// Reads header lines and what they say about the message's framing.
struct FieldReader {
    private let bytes: UnsafeRawBufferPointer
    private let limits: HTTPLimits
    /// Fields that only requests have are not looked at in a response.
    private let isResponse: Bool
    private var fields: [HTTPHeaders.Field] = []
    private var hosts = 0
    private var length: Int64?
    private var codings = 0
    private var isChunked = false
    private var hasOtherCoding = false
    private var expectsContinue = false
    private var saysClose = false
    private var saysKeepAlive = false

    /// - Parameter bytes: whole lines, without the empty one.
    init(_ bytes: UnsafeRawBufferPointer, limits: HTTPLimits, isResponse: Bool = false) {
        self.bytes = bytes
        self.limits = limits
        self.isResponse = isResponse
        fields.reserveCapacity(12)
    }

    mutating func read() throws(RequestRefusal) {
        var at = 0
        while at < bytes.count {
            guard fields.count < limits.headerCount else {
                throw RequestRefusal(.headerFieldsTooLarge, "more than \(limits.headerCount) header fields")
            }
            at = try readLine(at)
        }
    }

    private mutating func readLine(_ start: Int) throws(RequestRefusal) -> Int {
        var at = start
        while at < bytes.count && HTTPText.tokenTable[Int(bytes[at])] { at += 1 }
        guard at > start, at < bytes.count, bytes[at] == UInt8(ascii: ":") else {
            let folded = bytes[start] == 32 || bytes[start] == 9
            throw RequestRefusal(.badRequest, folded ? "a header field is folded" : "a header line is not NAME: VALUE")
        }
        let nameEnd = at
        at += 1
        while at < bytes.count && (bytes[at] == 32 || bytes[at] == 9) { at += 1 }
        let valueStart = at
        while at < bytes.count, case let byte = bytes[at], byte >= 32 && byte != 127 || byte == 9 { at += 1 }
        guard at + 1 < bytes.count, bytes[at] == 13, bytes[at + 1] == 10 else {
            throw RequestRefusal(.badRequest, "a header value holds a control character")
        }
        var valueEnd = at
        while valueEnd > valueStart && (bytes[valueEnd - 1] == 32 || bytes[valueEnd - 1] == 9) { valueEnd -= 1 }
        fields.append(HTTPHeaders.Field(
            nameStart: UInt32(start), nameLength: UInt32(nameEnd - start), valueStart: UInt32(valueStart),
            valueLength: UInt32(valueEnd - valueStart)))
        try note(name: start..<nameEnd, value: valueStart..<valueEnd)
        return at + 2
    }

    private func named(_ range: Range<Int>, _ name: StaticString) -> Bool {
        guard range.count == name.utf8CodeUnitCount else { return false }
        var at = 0
        while at < range.count {
            if HTTPText.lower(bytes[range.lowerBound + at]) != name.utf8Start[at] { return false }
            at += 1
        }
        return true
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private mutating func note(name: Range<Int>, value: Range<Int>) throws(RequestRefusal) {
        switch name.count {
        case 4 where !isResponse && named(name, "host"):
            hosts += 1
            guard bytes[value].allSatisfy({ $0 > 32 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "@") && $0 != UInt8(ascii: ",") }) else {
                throw RequestRefusal(.badRequest, "malformed Host")
            }
        case 6 where !isResponse && named(name, "expect"):
            guard text(value).lowercased() == "100-continue" else {
                throw RequestRefusal(.expectationFailed, "only Expect: 100-continue is met")
            }
            expectsContinue = true
        case 10 where named(name, "connection"):
            for word in text(value).lowercased().split(separator: ",") {
                switch HTTPText.trim(word) {
                case "close": saysClose = true
                case "keep-alive": saysKeepAlive = true
                default: break
                }
            }
        case 14 where named(name, "content-length"):
            guard length == nil else { throw RequestRefusal(.badRequest, "two Content-Length fields") }
            length = try number(value)
        case 17 where named(name, "transfer-encoding"):
            codings += 1
            note(codings: text(value).lowercased())
        default: break
        }
    }

    /// - Parameter codings: the field's value; chunked has to be its last member, and stand there once.
    private mutating func note(codings: String) {
        let members = codings.split(separator: ",", omittingEmptySubsequences: false).map { HTTPText.trim($0) }
        isChunked = members.last == "chunked" && members.dropLast().allSatisfy { $0 != "chunked" && !$0.isEmpty }
        hasOtherCoding = members.count > 1
    }

    private func number(_ range: Range<Int>) throws(RequestRefusal) -> Int64 {
        guard !range.isEmpty, bytes[range].allSatisfy({ (48...57).contains($0) }) else {
            throw RequestRefusal(.badRequest, "Content-Length is not a number")
        }
        guard let value = Int64(text(range)) else { throw RequestRefusal(.payloadTooLarge, "Content-Length is too large") }
        return value
    }

    /// What was read, as a value of its own.
    var headers: HTTPHeaders { HTTPHeaders(checkedBlock: Array(bytes), fields: fields) }

    /// What the fields say of the body's end; nil where they say nothing.
    private func framing(_ version: HTTPVersion) throws(RequestRefusal) -> BodyFraming? {
        guard codings > 0 else { return length.map { $0 == 0 ? BodyFraming.none : .fixed($0) } }
        if length != nil { throw RequestRefusal(.badRequest, "both Content-Length and Transfer-Encoding") }
        if version == .http10 { throw RequestRefusal(.badRequest, "Transfer-Encoding in HTTP/1.0") }
        if codings > 1 { throw RequestRefusal(.badRequest, "two Transfer-Encoding fields") }
        // Where chunked is not the last coding, nobody can tell where the body ends.
        guard isChunked else { throw RequestRefusal(.badRequest, "the last transfer coding is not chunked") }
        if hasOtherCoding { throw RequestRefusal(.notImplemented, "the only transfer coding is chunked") }
        return .chunked
    }

    private func keepsAlive(_ version: HTTPVersion) -> Bool {
        version == .http10 ? saysKeepAlive && !saysClose : !saysClose
    }

    /// - Parameter method: of the request that is answered; it decides on the body, too.
    func head(_ line: StatusLine, to method: HTTPMethod) throws(RequestRefusal) -> ResponseHead {
        let said = try framing(line.version)
        var (framing, keepAlive) = (said ?? .untilClose, keepsAlive(line.version))
        if method == .head || line.status.isBodyless {
            framing = .none
            // A body that must not be there would be taken for the next response.
            if line.status != .notModified && method != .head && said ?? .none != .none { keepAlive = false }
        } else if framing == .untilClose {
            keepAlive = false
        }
        return ResponseHead(
            status: line.status, version: line.version, headers: headers, framing: framing, keepAlive: keepAlive)
    }

    func head(_ line: RequestLine) throws(RequestRefusal) -> RequestHead {
        if hosts > 1 || hosts == 0 && line.version == .http11 {
            throw RequestRefusal(.badRequest, hosts == 0 ? "Host is missing" : "two Host fields")
        }
        let framing = try framing(line.version) ?? .none
        let awaits = expectsContinue && line.version == .http11
        if awaits && length == nil && framing == .none {
            throw RequestRefusal(.lengthRequired, "Expect: 100-continue without the body's length")
        }
        if case .fixed(let size) = framing, size > limits.streamedBodyBytes {
            throw RequestRefusal(.payloadTooLarge, "the body is over \(limits.streamedBodyBytes) bytes")
        }
        return RequestHead(
            method: line.method, target: line.target, version: line.version,
            headers: headers, framing: framing,
            keepAlive: keepsAlive(line.version), expectsContinue: awaits && framing != .none)
    }
}

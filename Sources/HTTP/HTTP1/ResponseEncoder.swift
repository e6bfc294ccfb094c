import Foundation

/// How a response's body stands on the wire.
enum ResponseFraming {
    /// No body and no length: 204, 304.
    case none
    case length(Int64)
    case chunked
    /// Ends with the connection: streams to HTTP/1.0.
    case untilClose
    /// None either; the connection is another protocol's from here on.
    case upgrade
}

/// Writes response heads. One per loop, because it keeps the date and the status lines made so far.
final class ResponseEncoder {
    private var dateSecond: time_t = 0
    private var dateLine: [UInt8] = []
    private var statusLines: [[UInt8]] = Array(repeating: [], count: 600)

    static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// The framing fields are this function's alone: what the handler said about them is left out.
    func encode(
        _ status: HTTPStatus, _ headers: HTTPHeaders, framing: ResponseFraming, keepAlive: Bool, version: HTTPVersion,
        into out: inout [UInt8]
    ) {
        if statusLines[status.code].isEmpty {
            statusLines[status.code] = Array("HTTP/1.1 \(status.code) \(status.reason)\r\n".utf8)
        }
        out.append(contentsOf: statusLines[status.code])
        if headers.contains(word: "content-length") || headers.contains(word: "transfer-encoding") || headers.contains(word: "connection") {
            var own = headers
            for name in ["Content-Length", "Transfer-Encoding", "Connection"] { own.remove(name) }
            out.append(contentsOf: own.block)
        } else {
            out.append(contentsOf: headers.block)
        }
        if !headers.contains(word: "date") { appendDate(&out) }
        switch framing {
        case .none, .untilClose: break
        case .upgrade: Self.append("Connection: Upgrade\r\n", &out)
        case .length(let length):
            Self.append("Content-Length: ", &out)
            Self.append(decimal: length, &out)
            Self.append("\r\n", &out)
        case .chunked: Self.append("Transfer-Encoding: chunked\r\n", &out)
        }
        if !keepAlive {
            Self.append("Connection: close\r\n", &out)
        } else if version == .http10 {
            Self.append("Connection: keep-alive\r\n", &out)
        }
        Self.append("\r\n", &out)
    }

    /// The head of a 1xx response, which has neither body nor date.
    func encodeInformational(_ status: HTTPStatus, _ headers: HTTPHeaders, into out: inout [UInt8]) {
        out.append(contentsOf: "HTTP/1.1 \(status.code) \(status.reason)\r\n".utf8)
        var own = headers
        for name in ["Content-Length", "Transfer-Encoding", "Connection"] { own.remove(name) }
        out.append(contentsOf: own.block)
        Self.append("\r\n", &out)
    }

    /// The size line of a chunk.
    static func appendChunkSize(_ size: Int, _ out: inout [UInt8]) {
        out.append(contentsOf: String(size, radix: 16).utf8)
        append("\r\n", &out)
    }

    static func appendLastChunk(_ trailers: HTTPHeaders?, _ out: inout [UInt8]) {
        append("0\r\n", &out)
        if let trailers { out.append(contentsOf: trailers.block) }
        append("\r\n", &out)
    }

    private func appendDate(_ out: inout [UInt8]) {
        renewDateLine()
        out.append(contentsOf: dateLine)
    }

    /// - Parameter work: gets the value of `Date` for now.
    func withDate(_ work: (ArraySlice<UInt8>) -> Void) {
        renewDateLine()
        work(dateLine[6..<dateLine.count - 2])
    }

    private func renewDateLine() {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        if now.tv_sec != dateSecond {
            dateSecond = now.tv_sec
            dateLine = Array("Date: \(HTTPDate.text(seconds: Int64(now.tv_sec)))\r\n".utf8)
        }
    }

    static func append(_ text: StaticString, _ out: inout [UInt8]) {
        out.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    static func append(decimal value: Int64, _ out: inout [UInt8]) {
        if value >= 10 { append(decimal: value / 10, &out) }
        out.append(UInt8(48 + value % 10))
    }
}

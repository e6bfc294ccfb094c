/// Gathers the fields of one request of HTTP/2 into the form that handlers know. libnghttp2 has checked their grammar, the
/// order of pseudo-fields and that none of HTTP/1.1's connection fields is among them.
struct HTTP2HeadReader {
    private var method: [UInt8] = []
    private var target: [UInt8] = []
    private var authority: [UInt8] = []
    private var isWebSocket = false
    private var isConnect: Bool { method.elementsEqual("CONNECT".utf8) }
    private var headers = HTTPHeaders()
    private var cookies: [UInt8] = []
    private var size = 0
    private var tooLarge: RequestRefusal?
    private var bad: RequestRefusal?

    /// - Returns: false where the block is so far over its bound that the stream is to be reset unread.
    mutating func add(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>, _ limits: HTTPLimits) -> Bool {
        size += name.count + value.count + 32
        if size > limits.headerBytes || headers.count >= limits.headerCount {
            // What follows is still decoded, because the compression's state needs it, and dropped.
            tooLarge = RequestRefusal(.headerFieldsTooLarge, "the request's fields are over \(limits.headerBytes) bytes or \(limits.headerCount)")
            return size <= 4 * limits.headerBytes
        }
        if name.first == UInt8(ascii: ":") {
            pseudo(name, value, limits)
        } else if HTTPText.matches(name, "cookie") {
            // Split for the sake of compression (section 8.2.3).
            if !cookies.isEmpty { cookies.append(contentsOf: "; ".utf8) }
            cookies.append(contentsOf: value)
        } else {
            headers.append(checkedName: name, checkedValue: value)
        }
        return true
    }

    private mutating func pseudo(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, _ limits: HTTPLimits) {
        switch name.count {
        case 5 where HTTPText.matches(name, ":path"):
            if value.count > limits.requestLineBytes { tooLarge = RequestRefusal(.uriTooLong, "the path is over \(limits.requestLineBytes) bytes") }
            target = Array(value)
        case 7 where HTTPText.matches(name, ":method"): method = Array(value)
        case 9 where HTTPText.matches(name, ":protocol"):
            if HTTPText.matches(value, "websocket") { isWebSocket = true } else {
                bad = RequestRefusal(.notImplemented, "the only protocol of an extended CONNECT is websocket")
            }
        case 10 where HTTPText.matches(name, ":authority"): authority = Array(value)
        default: break
        }
    }

    /// The request. A WebSocket's extended CONNECT becomes the GET with `Upgrade` that it is in HTTP/1.1; its key is made up, because
    /// HTTP/2 has none and nobody checks the answer to it.
    mutating func request(peer: String) throws(RequestRefusal) -> HTTPRequest {
        if let refusal = tooLarge ?? bad { throw refusal }
        guard let verb = method.withUnsafeBytes({ HTTPMethod(bytes: $0) }) ?? (isConnect && isWebSocket ? .get : nil) else {
            throw RequestRefusal(.notImplemented, "method \(String(decoding: method, as: UTF8.self)) is not implemented")
        }
        guard !target.isEmpty, target.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") }) else {
            throw RequestRefusal(.badRequest, "the path holds bytes that must be percent-encoded")
        }
        guard target[0] == UInt8(ascii: "/") || target.elementsEqual("*".utf8) && verb == .options else {
            throw RequestRefusal(.badRequest, "the path does not begin with a slash")
        }
        let hosts = headers.values("Host")
        if !authority.isEmpty {
            let name = String(decoding: authority, as: UTF8.self)
            guard hosts.allSatisfy({ $0.lowercased() == name.lowercased() }) else {
                throw RequestRefusal(.badRequest, "Host and :authority name different hosts")
            }
            if hosts.isEmpty { headers.add("host", name) }
        } else if hosts.isEmpty {
            throw RequestRefusal(.badRequest, "neither :authority nor Host is there")
        }
        if hosts.count > 1 { throw RequestRefusal(.badRequest, "two Host fields") }
        if !cookies.isEmpty { headers.add("cookie", String(decoding: cookies, as: UTF8.self)) }
        if isWebSocket {
            headers.add("upgrade", "websocket")
            headers.add("connection", "Upgrade")
            headers.add("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")
        }
        return HTTPRequest(verb, String(decoding: target, as: UTF8.self), headers: headers, peer: peer, version: .http2)
    }

    /// What was read, as trailers.
    func trailers() -> HTTPHeaders { headers.asTrailers() }

    /// Of the request; nil where it is absent or no number, which libnghttp2 has refused then.
    var contentLength: Int64? { headers["Content-Length"].flatMap { Int64($0) } }
}

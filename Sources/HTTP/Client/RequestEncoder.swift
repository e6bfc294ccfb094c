/// Writes request heads.
enum RequestEncoder {
    /// The framing and connection fields are this function's alone: what the request's headers say about them is left out.
    private static let own = ["Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Proxy-Connection", "Expect", "Upgrade"]

    static func encode(_ request: HTTPClientRequest, into out: inout [UInt8]) {
        out.reserveCapacity(out.count + request.headers.block.count + request.url.target.utf8.count + 256)
        append(request.method.rawValue, " ", request.url.target, " HTTP/1.1\r\n", to: &out)
        if !request.headers.contains("Host") { append("Host: ", request.url.origin.authority, "\r\n", to: &out) }
        if own.contains(where: request.headers.contains) {
            var headers = request.headers
            for name in own { headers.remove(name) }
            out.append(contentsOf: headers.block)
        } else {
            out.append(contentsOf: request.headers.block)
        }
        appendFraming(request, to: &out)
        if request.expectsContinue && hasBody(request) { append("Expect: 100-continue\r\n", to: &out) }
        appendConnection(request, to: &out)
        append("\r\n", to: &out)
    }

    static func hasBody(_ request: HTTPClientRequest) -> Bool { request.body.length != 0 }

    private static func appendFraming(_ request: HTTPClientRequest, to out: inout [UInt8]) {
        guard let length = request.body.length else { return append("Transfer-Encoding: chunked\r\n", to: &out) }
        if length == 0 {
            // Methods that expect a body say that there is none.
            switch request.method {
            case .post, .put, .patch: break
            default: return
            }
        }
        append("Content-Length: ", to: &out)
        ResponseEncoder.append(decimal: length, &out)
        append("\r\n", to: &out)
    }

    private static func appendConnection(_ request: HTTPClientRequest, to out: inout [UInt8]) {
        let takesTrailers = request.headers.contains("TE")
        guard let upgrade = request.upgrade else {
            // TE is for the next server only, which this says.
            return takesTrailers ? append("Connection: TE\r\n", to: &out) : ()
        }
        append("Connection: ", takesTrailers ? "TE, Upgrade" : "Upgrade", "\r\nUpgrade: ", upgrade, "\r\n", to: &out)
    }

    private static func append(_ texts: String..., to out: inout [UInt8]) {
        for text in texts { out.append(contentsOf: text.utf8) }
    }
}

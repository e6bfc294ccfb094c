// Content codings of responses, where the request asks for them.
extension HTTPClientRequest {
    mutating func askForCompression() {
        if acceptsCompression && !headers.contains("Accept-Encoding") { headers.add("Accept-Encoding", ContentCoding.accepted) }
    }
}

extension HTTPClientResponse {
    /// The response with its body decoded while it is read; codings that are not known are left to the caller.
    func decoded(for request: HTTPClientRequest, limits: DecodingLimits = DecodingLimits()) -> HTTPClientResponse {
        guard request.acceptsCompression, request.method != .head, !status.isBodyless,
            let codings = ContentCoding.list(headers.values("Content-Encoding"), limit: limits.codings), !codings.isEmpty
        else { return self }
        var headers = headers
        headers.remove("Content-Encoding")
        headers.remove("Content-Length")
        let body = HTTPBody(source: .decoded(DecodedBody(body, codings, limits: limits)), defaultLimit: body.defaultLimit)
        return HTTPClientResponse(status: status, version: version, headers: headers, body: body, upgrade: upgrade, url: url)
    }
}

/// A request on a connection of HTTP/1.1.
final class HTTP1Exchange: Exchange {
    let expectsContinue: Bool
    /// Whether the connection may carry another request after this one.
    var keepAlive: Bool
    var decoder: BodyDecoder
    var sentContinue = false
    var isChunked = false
    /// Bytes that the connection had been given before this response.
    let sentBefore: Int64

    init(_ head: RequestHead, peer: String, handler: HTTPHandler?, bodyLimit: Int64, sentBefore: Int64) {
        expectsContinue = head.expectsContinue
        keepAlive = head.keepAlive
        decoder = BodyDecoder(head.framing, limit: bodyLimit)
        self.sentBefore = sentBefore
        super.init(HTTPRequest(head.method, head.target, headers: head.headers, peer: peer, version: head.version), handler: handler)
    }
}

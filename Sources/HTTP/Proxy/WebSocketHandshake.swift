import Core
import Foundation

/// The opening handshake of RFC 6455, as a proxy between both sides checks it.
struct WebSocketHandshake {
    private static let accepting = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    let key: String
    /// Subprotocols that the client offers.
    let protocols: [String]

    /// Whether the client asks for one, rightly or not.
    static func isAsked(_ headers: HTTPHeaders) -> Bool { headers.lists("Upgrade", "websocket") }

    /// - Throws: the answer to a handshake that is none: 400, or 426 for another version.
    init(_ request: HTTPRequest) throws(WebSocketRefusal) {
        let headers = request.headers
        guard request.method == .get, request.version != .http10 else { throw WebSocketRefusal("a WebSocket is asked for by GET of HTTP/1.1") }
        guard headers.lists("Connection", "upgrade") else { throw WebSocketRefusal("Connection does not name Upgrade") }
        // Over HTTP/2 the stream's body is the tunnel already.
        guard request.version == .http2 || request.body.length == 0 else { throw WebSocketRefusal("a handshake has no body") }
        let versions = headers.values("Sec-WebSocket-Version")
        guard versions == ["13"] else { throw WebSocketRefusal("Sec-WebSocket-Version is not 13", isVersion: true) }
        let keys = headers.values("Sec-WebSocket-Key")
        guard keys.count == 1, let bytes = Data(base64Encoded: keys[0]), bytes.count == 16 else {
            throw WebSocketRefusal("Sec-WebSocket-Key is not 16 bytes in base64")
        }
        key = keys[0]
        protocols = Self.words(headers.values("Sec-WebSocket-Protocol"))
    }

    private static func words(_ values: [String]) -> [String] {
        values.flatMap { $0.split(separator: ",").map { String(HTTPText.trim($0)) } }.filter { !$0.isEmpty }
    }

    /// What the server has to answer to the key.
    var accept: String { Data(Hashing.sha1((key + Self.accepting).utf8)).base64EncodedString() }

    /// - Returns: what is wrong with a server's 101; nil where it is as it must be.
    func fault(in headers: HTTPHeaders) -> String? {
        if headers.values("Sec-WebSocket-Accept") != [accept] { return "the server's Sec-WebSocket-Accept does not belong to the key" }
        let chosen = headers.values("Sec-WebSocket-Protocol")
        if chosen.count > 1 || !chosen.allSatisfy(protocols.contains) { return "the server has chosen a subprotocol that was not offered" }
        return nil
    }
}

/// Why a handshake is refused.
struct WebSocketRefusal: Error {
    let message: String
    let isVersion: Bool

    init(_ message: String, isVersion: Bool = false) {
        self.message = message
        self.isVersion = isVersion
    }

    var response: HTTPResponse {
        let body = HTTPErrorTable.body(MonoflowError(.invalidArgument, "open WebSocket", "", message))
        var response = HTTPResponse.json(body, status: isVersion ? .upgradeRequired : .badRequest)
        if isVersion {
            response.headers.add("Upgrade", "websocket")
            response.headers.add("Sec-WebSocket-Version", "13")
        }
        return response
    }
}

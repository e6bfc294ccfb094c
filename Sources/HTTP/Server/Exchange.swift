import Core
import Foundation
import Sockets

/// One request being answered on a connection. Touched on the connection's loop only, except for what its task holds.
final class Exchange {
    var request: HTTPRequest
    let handler: HTTPHandler?
    let expectsContinue: Bool
    /// Whether the connection may carry another request after this one.
    var keepAlive: Bool
    var decoder: BodyDecoder
    /// Where the body goes: to a reader, or gathered for an inline handler.
    var stream: BodyStream?
    var gathered: [UInt8] = []
    var sentContinue = false
    var task: Task<Void, Never>?
    var writer: ResponseWriter?
    /// Bytes of a streamed body still owed under its announced length; nil for chunked or until close.
    var owed: Int64?
    var isChunked = false
    var status: HTTPStatus?
    let started = LoopTime.now()
    let sentBefore: Int64

    init(_ head: RequestHead, peer: String, handler: HTTPHandler?, bodyLimit: Int64, sentBefore: Int64) {
        request = HTTPRequest(head.method, head.target, headers: head.headers, peer: peer, version: head.version)
        self.handler = handler
        expectsContinue = head.expectsContinue
        keepAlive = head.keepAlive
        decoder = BodyDecoder(head.framing, limit: bodyLimit)
        self.sentBefore = sentBefore
    }

    var isInline: Bool { if case .inline = handler { true } else { false } }
}

/// A fine monotonic clock for durations.
enum LoopTime {
    /// Nanoseconds.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// A request that has been answered, for access logs and metrics. Called on the connection's loop: must not block.
public struct HTTPExchangeRecord: Sendable {
    /// With `route`, the pattern that matched, and the context that the *server* saw (what middleware put into its own
    /// copy of the request is not here).
    public let request: HTTPRequest
    public let status: HTTPStatus
    /// Bytes handed to the connection, head included.
    public let bytesOut: Int64
    /// From the end of the request's head to the end of the response.
    public let duration: Duration
    /// False where the client went away, or the body's stream failed, before the end.
    public let isComplete: Bool
}

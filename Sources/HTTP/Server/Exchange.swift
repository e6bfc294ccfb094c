import Core
import Foundation
import Sockets

/// One request being answered, whatever carries it. Touched on the connection's loop only, except for what its task holds.
class Exchange {
    var request: HTTPRequest
    let handler: HTTPHandler?
    /// Where the body goes: to a reader, or gathered for an inline handler.
    var stream: BodyStream?
    var gathered: [UInt8] = []
    var task: Task<Void, Never>?
    var writer: ResponseWriter?
    /// Bytes of a streamed body still owed under its announced length; nil where none was announced.
    var owed: Int64?
    var status: HTTPStatus?
    let started = LoopTime.now()

    init(_ request: HTTPRequest, handler: HTTPHandler?) {
        self.request = request
        self.handler = handler
    }

    var isInline: Bool { handler?.isInline ?? false }

    /// Takes over what was matched. - Returns: the answer where there is no handler to run.
    func route(_ match: RouteTable.Match, _ core: ServerCore) -> HTTPResponse? {
        switch match {
        case .found(let entry, let parameters):
            request.route = entry.route.pattern
            request.routeIndex = entry.index
            request.parameters = parameters
            return nil
        case .methodNotAllowed(let allow): return core.methodNotAllowed(request, allow)
        case .malformed: return core.malformedPath(request)
        case .notFound: return handler == nil ? core.notFound(request) : nil
        }
    }

    /// Lets go of an exchange whose response will not be the handler's.
    func abandon(_ reason: MonoflowError) {
        // The reason first: a cancelled reader would only see that it was cancelled.
        stream?.end(reason)
        writer?.close()
        task?.cancel()
    }
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

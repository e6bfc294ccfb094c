/// What answers a request.
public enum HTTPHandler: Sendable {
    /// Runs on the connection's event loop: no hop, no task, and the whole body is already there
    /// (`request.body.bytes`, at most `HTTPLimits.inlineBodyBytes`). Must not block or compute for long.
    case inline(@Sendable (HTTPRequest) throws -> HTTPResponse)
    /// Runs in a task of its own that is cancelled when the client goes away.
    case asynchronous(@Sendable (HTTPRequest) async throws -> HTTPResponse)
}

extension HTTPHandler {
    /// Runs `step` first; a response that it returns is the answer and the handler is not run. Keeps an inline handler
    /// inline, so `step` must not block.
    public func before(_ step: @escaping @Sendable (inout HTTPRequest) throws -> HTTPResponse?) -> HTTPHandler {
        switch self {
        case .inline(let run):
            .inline { request in
                var request = request
                return try step(&request) ?? run(request)
            }
        case .asynchronous(let run):
            .asynchronous { request in
                var request = request
                if let response = try step(&request) { return response }
                return try await run(request)
            }
        }
    }

    /// Runs `step` on a successful response (errors are mapped later). Keeps an inline handler inline.
    public func after(_ step: @escaping @Sendable (HTTPRequest, inout HTTPResponse) -> Void) -> HTTPHandler {
        switch self {
        case .inline(let run):
            .inline { request in
                var response = try run(request)
                step(request, &response)
                return response
            }
        case .asynchronous(let run):
            .asynchronous { request in
                var response = try await run(request)
                step(request, &response)
                return response
            }
        }
    }

    /// Runs the handler, of either kind.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        switch self {
        case .inline(let run):
            var whole = request
            whole.body = HTTPBody(try await request.body.collect())
            return try run(whole)
        case .asynchronous(let run): return try await run(request)
        }
    }
}

/// A route as middleware sees it.
public struct Route: Sendable, Hashable {
    public let method: HTTPMethod
    /// As it was registered, e.g. `"/apis/v2beta1/runs/{id}:terminate"`.
    public let pattern: String
    /// Free words that upper layers use, e.g. to exempt a route from authentication.
    public let tags: Set<String>
}

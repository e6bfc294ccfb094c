/// What answers a request.
public enum HTTPHandler: Sendable {
    /// Runs on the connection's event loop: no hop, no task, and the whole body is already there
    /// (`request.body.bytes`, at most `HTTPLimits.inlineBodyBytes`). Must not block or compute for long.
    case inline(@Sendable (HTTPRequest) throws -> HTTPResponse)
    /// Runs in a task of its own that is cancelled when the client goes away.
    case asynchronous(@Sendable (HTTPRequest) async throws -> HTTPResponse)
    /// Runs `fast` as an inline handler; where that returns nil, because it would have to wait, `slow` in a task of its own.
    case either(fast: @Sendable (HTTPRequest) throws -> HTTPResponse?, slow: @Sendable (HTTPRequest) async throws -> HTTPResponse)
}

extension HTTPHandler {
    /// Whether it runs on the loop, at least at first, and so gets its body whole.
    var isInline: Bool { if case .asynchronous = self { false } else { true } }

    /// Runs `step` first; a response that it returns is the answer and the handler is not run. An inline handler stays
    /// inline, so `step` must not block.
    public func before(_ step: @escaping @Sendable (inout HTTPRequest) throws -> HTTPResponse?) -> HTTPHandler {
        func slow(
            _ run: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse
        ) -> @Sendable (HTTPRequest) async throws -> HTTPResponse {
            { request in
                var request = request
                if let response = try step(&request) { return response }
                return try await run(request)
            }
        }
        return switch self {
        case .inline(let run):
            .inline { request in
                var request = request
                return try step(&request) ?? run(request)
            }
        case .asynchronous(let run): .asynchronous(slow(run))
        case .either(let fast, let run):
            .either(fast: { request in
                var request = request
                return try step(&request) ?? fast(request)
            }, slow: slow(run))
        }
    }

    /// Runs `step` on a successful response (errors are mapped later). An inline handler stays inline.
    public func after(_ step: @escaping @Sendable (HTTPRequest, inout HTTPResponse) -> Void) -> HTTPHandler {
        func slow(
            _ run: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse
        ) -> @Sendable (HTTPRequest) async throws -> HTTPResponse {
            { request in
                var response = try await run(request)
                step(request, &response)
                return response
            }
        }
        return switch self {
        case .inline(let run):
            .inline { request in
                var response = try run(request)
                step(request, &response)
                return response
            }
        case .asynchronous(let run): .asynchronous(slow(run))
        case .either(let fast, let run):
            .either(fast: { request in
                guard var response = try fast(request) else { return nil }
                step(request, &response)
                return response
            }, slow: slow(run))
        }
    }

    /// Runs the handler, of any kind.
    public func respond(to request: HTTPRequest) async throws -> HTTPResponse {
        switch self {
        case .inline(let run):
            var whole = request
            whole.body = HTTPBody(try await request.body.collect())
            return try run(whole)
        case .asynchronous(let run), .either(_, let run): return try await run(request)
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

    public init(method: HTTPMethod, pattern: String, tags: Set<String> = []) {
        self.method = method
        self.pattern = pattern
        self.tags = tags
    }
}

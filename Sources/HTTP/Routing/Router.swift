/// The readable list of routes. Filled once at start and handed to `HTTPServer`.
///
///     router.on(.get, "/runs/{id}") { request in try await runs.get(request.parameter("id")) }
///     router.inline(.get, "/healthz") { _ in .json([:]) }
///
/// A literal segment wins over `prefix{name}suffix`, that over `{name}`, and all over `{name...}`. GET also answers HEAD.
public struct Router: Sendable {
    /// Turns a route's handler into another; applied once to every route when the server is made.
    public typealias Wrapper = @Sendable (Route, HTTPHandler) -> HTTPHandler

    private(set) var routes: [(route: Route, handler: HTTPHandler)] = []
    private(set) var wrappers: [Wrapper] = []
    private(set) var fallback: HTTPHandler?

    public init() {}

    /// Adds a route. Two routes of one method with equal patterns (whatever the parameters' names) stop the program.
    public mutating func add(_ method: HTTPMethod, _ pattern: String, tags: Set<String> = [], _ handler: HTTPHandler) {
        routes.append((Route(method: method, pattern: pattern, tags: tags), handler))
    }

    public mutating func on(
        _ method: HTTPMethod, _ pattern: String, tags: Set<String> = [],
        _ handler: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse
    ) {
        add(method, pattern, tags: tags, .asynchronous(handler))
    }

    public mutating func inline(
        _ method: HTTPMethod, _ pattern: String, tags: Set<String> = [],
        _ handler: @escaping @Sendable (HTTPRequest) throws -> HTTPResponse
    ) {
        add(method, pattern, tags: tags, .inline(handler))
    }

    /// Adds middleware to every route, also to those added before. The first one added is the outermost.
    public mutating func wrap(_ wrapper: @escaping Wrapper) { wrappers.append(wrapper) }

    /// Asynchronous middleware; it makes inline handlers asynchronous.
    public mutating func wrap(
        _ middleware: @escaping @Sendable (
            HTTPRequest, Route, _ next: @Sendable (HTTPRequest) async throws -> HTTPResponse
        ) async throws -> HTTPResponse
    ) {
        wrap { route, handler in
            .asynchronous { request in try await middleware(request, route) { try await handler.respond(to: $0) } }
        }
    }

    /// Answers what no route matches, instead of 404; not wrapped.
    public mutating func otherwise(_ handler: HTTPHandler) { fallback = handler }

    /// Adds another router's routes as they are, below a prefix such as `"/pipeline"`. Its middleware and its fallback
    /// are left out.
    public mutating func include(_ other: Router, under prefix: String = "") {
        for (route, handler) in other.routes { add(route.method, prefix + route.pattern, tags: route.tags, handler) }
    }

    /// Every route, in the order of registration.
    public var allRoutes: [Route] { routes.map(\.route) }
}

import Core
import HTTP
import Logging

/// The gRPC services of a server. Each method becomes an ordinary route, `POST /package.Service/Method`, so that
/// middleware of the HTTP router, e.g. authentication, holds for calls too.
///
///     var grpc = GRPCRouter()
///     grpc.add(health.definition)
///     grpc.addRoutes(to: &router)
///     HTTPServer(router: router, …, onError: GRPCRouter.onError(HTTPErrorTable.respond))
public struct GRPCRouter: Sendable {
    public let limits: GRPCLimits
    public private(set) var services: [GRPCServiceDefinition] = []
    private let deadlines = Deadlines()
    private let log: Logger

    public init(limits: GRPCLimits = GRPCLimits(), log: Logger = Logger(label: "monoflow.grpc")) {
        self.limits = limits
        self.log = log
    }

    /// Two services of one name stop the program.
    public mutating func add(_ service: GRPCServiceDefinition) {
        precondition(!services.contains { $0.name == service.name }, "service \(service.name) is added twice")
        services.append(service)
    }

    /// Adds a route for each method of each service added so far.
    public func addRoutes(to router: inout Router) {
        for service in services {
            for method in service.methods {
                let path = "/\(service.name)/\(method.name)"
                let runner = ServerRunner(
                    path: path, method: method, compresses: service.compressesResponses, limits: service.limits ?? limits,
                    deadlines: deadlines, log: log)
                router.on(.post, path, tags: service.tags) { request in await runner.respond(to: request) }
            }
        }
    }

    /// Answers errors of gRPC requests as statuses and leaves all others to `fallback`. A request that no route matches
    /// is an unknown method.
    public static func onError(
        _ fallback: @escaping @Sendable (any Error, HTTPRequest) -> HTTPResponse
    ) -> @Sendable (any Error, HTTPRequest) -> HTTPResponse {
        { error, request in
            guard request.isGRPC else { return fallback(error, request) }
            let path = String(request.rawPath)
            var status = GRPCStatus(error, method: path)
            if request.route == nil, status.code == .notFound { status = GRPCStatus(.unimplemented, "\(path): there is no such method") }
            return ServerRunner.trailersOnly(status)
        }
    }
}

extension HTTPRequest {
    /// Whether the client expects a gRPC status, whatever the message format.
    var isGRPC: Bool { mediaType.map { $0 == "application/grpc" || $0.hasPrefix("application/grpc+") } ?? false }
}

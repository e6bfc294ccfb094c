import Core
import HTTP

/// Health, readiness, metrics, the description of the API, and facts about this server.
struct SystemRoutes: Sendable {
    let services: APIServices
    let version: String

    func add(to router: inout Router) {
        let healthy = HTTPResponse.text("ok\n")
        router.inline(.get, "/healthz", tags: [Authentication.publicTag]) { _ in healthy }
        router.inline(.get, "/readyz", tags: [Authentication.publicTag]) { _ in
            if let reason = services.notReady() { throw MonoflowError(.unavailable, "check readiness", "", reason) }
            return .text("ok\n")
        }
        router.on(.get, "/metrics", tags: [Authentication.publicTag]) { request in
            // Without a token from this machine only, as the scrape of a local agent comes.
            guard request.peer == "127.0.0.1" || request.peer == "::1" || request.peer == "unix" else {
                throw MonoflowError(.permissionDenied, "read metrics", request.peer, "metrics are answered to this machine only")
            }
            return .text(await services.metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
        }
        router.inline(.get, "/api/system") { _ in .json(services.system()) }
    }
}

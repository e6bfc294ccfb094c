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

    /// `/openapi.json`: every route that this server answers.
    static func openAPI(_ routes: [Route], version: String) -> JSON {
        var paths = JSONObject()
        for route in routes {
            var names: [JSON] = []
            for piece in route.pattern.split(separator: "{").dropFirst() {
                let name = piece.prefix { $0 != "}" }.replacing("...", with: "")
                names.append(["name": .string(String(name)), "in": "path", "required": true, "schema": ["type": "string"]])
            }
            let path = route.pattern.replacing("...}", with: "}")
            var item = paths[path] ?? [:]
            item[route.method.rawValue.lowercased()] = .make([
                "operationId": .string("\(route.method.rawValue.lowercased()) \(path)"), "parameters": names.isEmpty ? nil : .array(names),
                "security": route.tags.contains(Authentication.publicTag) ? .array([]) : nil,
                "responses": ["default": ["description": "The answer, or an error as {error, code, message, details, hint}."]],
            ])
            paths[path] = item
        }
        return [
            "openapi": "3.0.3", "info": ["title": "Monoflow", "version": .string(version)], "security": [["token": []]],
            "components": ["securitySchemes": ["token": ["type": "http", "scheme": "bearer"]]], "paths": .object(paths),
        ]
    }
}

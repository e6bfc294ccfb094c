import Access
import Core
import Foundation
import HTTP

/// Signing in and out of the dashboard.
struct SessionRoutes: Sendable {
    let services: APIServices
    let authentication: Authentication

    func add(to router: inout Router) {
        router.on(.post, "/api/session", tags: [Authentication.publicTag, ContentCodings.secretTag]) { request in
            if request.headers.contains("Origin") { try authentication.checkOrigin(request) }
            guard let token = try await request.json(limit: 64 << 10)["token"]?.stringValue else {
                throw MonoflowError(.invalidArgument, "sign in", "token", "is missing")
            }
            let session = try await services.access.openSession(bearer: token.trimmingCharacters(in: .whitespacesAndNewlines))
            request.context[AccessNoteKey.self]?.signedIn(session.principal)
            try services.access.admit(session.principal)
            var response = HTTPResponse.json(json(session.principal))
            response.headers.add("Set-Cookie", Authentication.cookie(session.value, seconds: 2_592_000, for: request))
            response.headers.add("Cache-Control", "no-store")
            return response
        }
        router.inline(.get, "/api/session") { request in .json(json(try request.caller())) }
        router.on(.delete, "/api/session", tags: [Authentication.publicTag]) { request in
            if let session = Authentication.session(of: request) {
                try authentication.checkOrigin(request)
                if let caller = try? await services.access.authenticate(session: session) { request.context[AccessNoteKey.self]?.signedIn(caller) }
                try await services.access.closeSession(session)
            }
            var response = HTTPResponse(.noContent)
            response.headers.add("Set-Cookie", Authentication.cookie("", seconds: 0, for: request))
            return response
        }
    }

    private func json(_ principal: Principal) -> JSON {
        [
            "user": .string(principal.user), "is_admin": .bool(principal.isAdmin), "home_namespace": .string(principal.homeNamespace),
            "groups": .array(principal.groups.map { .string($0) }),
            "namespaces": .array(services.access.namespaces(of: principal).map { ["name": .string($0.name), "role": .string($0.role.rawValue)] }),
        ]
    }
}

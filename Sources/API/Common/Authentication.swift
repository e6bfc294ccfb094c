import Access
import Core
import Foundation
import HTTP

/// Finds out who calls, before any handler runs. Routes tagged `public` are left out.
struct Authentication: Sendable {
    static let publicTag = "public"
    static let cookieName = "monoflow_session"

    let access: AccessService
    /// Why requests are not taken now; nil where they are.
    let notReady: @Sendable () -> String?

    func wrap(_ route: Route, _ handler: HTTPHandler) -> HTTPHandler {
        if route.tags.contains(Self.publicTag) { return handler }
        return .asynchronous { request in
            if let reason = notReady() { throw MonoflowError(.unavailable, "answer request", "", reason, hint: "try again in a moment") }
            var request = request
            request.context[PrincipalKey.self] = try await principal(of: request)
            return try await handler.respond(to: request)
        }
    }

    func principal(of request: HTTPRequest) async throws -> Principal {
        if let header = request.headers["Authorization"] {
            let parts = header.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else {
                throw MonoflowError(.unauthenticated, "authenticate", "", "the Authorization header is not of the form \"Bearer TOKEN\"")
            }
            return try await access.authenticate(bearer: parts[1].trimmingCharacters(in: .whitespaces))
        }
        if let session = request.cookie(Self.cookieName) {
            try checkOrigin(request)
            return try await access.authenticate(session: session)
        }
        throw MonoflowError(.unauthenticated, "authenticate", "", "the request carries no token", hint: "send the header Authorization: Bearer TOKEN, or sign in to the dashboard")
    }

    /// A browser sends the cookie with whatever page makes the request: writes must come from our own pages.
    func checkOrigin(_ request: HTTPRequest) throws {
        guard request.method != .get, request.method != .head else { return }
        let host = request.headers["Host"] ?? ""
        if let origin = request.headers["Origin"] {
            if origin == "http://\(host)" || origin == "https://\(host)" { return }
        } else if request.headers["Sec-Fetch-Site"] == "same-origin" {
            return
        }
        throw MonoflowError(.permissionDenied, "check origin", request.headers["Origin"] ?? "", "a write with the session cookie must come from the dashboard itself")
    }
}

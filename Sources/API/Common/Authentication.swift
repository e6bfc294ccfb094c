import Access
import Core
import Foundation
import HTTP

/// Finds out who calls, before any handler runs. Routes tagged `public` are left out.
struct Authentication: Sendable {
    static let publicTag = "public"
    private static let cookieName = "monoflow_session"
    /// The prefix has browsers take it over TLS only, and from this host only (RFC 6265bis, section 4.1.3).
    private static let secureCookieName = "__Host-monoflow_session"

    let access: AccessService
    let signIn: SignInServices
    let provisioning: UserProvisioning
    /// Why requests are not taken now; nil where they are.
    let notReady: @Sendable () -> String?

    func wrap(_ route: Route, _ handler: HTTPHandler) -> HTTPHandler {
        let audit = Auditing(log: access.audit, route: route)
        if route.tags.contains(Self.publicTag) { return audit.wrap(public: handler) }
        let slow: @Sendable (HTTPRequest) async throws -> HTTPResponse = { request in
            let note = AccessNote()
            var known: Principal?
            do {
                if let reason = notReady() { throw MonoflowError(.unavailable, "answer request", "", reason, hint: "try again in a moment") }
                var caller = try await principal(of: request), request = request
                known = caller
                try access.admit(caller)
                caller.note = note
                request.context[PrincipalKey.self] = caller
                let response = try await handler.respond(to: request)
                audit.ended(request, response.status.code, caller, note)
                return response
            } catch {
                audit.failed(request, error, known, note)
                throw error
            }
        }
        guard case .inline(let run) = handler else { return .asynchronous(slow) }
        // A caller known from an earlier request needs no wait.
        return .either(fast: { request in
            guard notReady() == nil, signIn.trustedHeader?.stands(in: request) != true, let token = Self.bearer(request),
                var caller = access.cachedPrincipal(bearer: token)
            else { return nil }
            let note = AccessNote()
            do {
                try access.admit(caller)
                caller.note = note
                var request = request
                request.context[PrincipalKey.self] = caller
                let response = try run(request)
                audit.ended(request, response.status.code, caller, note)
                return response
            } catch {
                audit.failed(request, error, caller, note)
                throw error
            }
        }, slow: slow)
    }

    /// The token of a well-formed `Authorization: Bearer TOKEN` that stands once.
    static func bearer(_ request: HTTPRequest) -> String? {
        guard request.headers.occurrences(of: "Authorization") == 1, let header = request.headers["Authorization"] else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return parts[1].trimmingCharacters(in: .whitespaces)
    }

    func principal(of request: HTTPRequest) async throws -> Principal {
        guard let header = signIn.trustedHeader, let user = try header.user(of: request) else { return try await ownPrincipal(of: request) }
        // Two claims of who calls must be about one user; the token's limits hold then. A cookie beside the header counts for nothing: the
        // browser sends it whoever the proxy has found.
        if request.headers.contains("Authorization") {
            var caller = try await ownPrincipal(of: request)
            guard caller.user == user.name, case .user = caller.kind else {
                throw MonoflowError(
                    .unauthenticated, "authenticate", header.userHeader, "the token is another user's than the one that the proxy names",
                    hint: "send the token past the proxy, or have the proxy take the Authorization header off")
            }
            caller.groups = user.groups
            return caller
        }
        try checkOrigin(proxied: request)
        return try await provisioning.principal(user)
    }

    private func ownPrincipal(of request: HTTPRequest) async throws -> Principal {
        let count = request.headers.occurrences(of: "Authorization")
        if count > 0 {
            // Whoever stands in front may have judged by another one of them (RFC 9110, section 5.3: the field is no list).
            guard count == 1 else {
                throw MonoflowError(.invalidArgument, "authenticate", "", "the request has \(count) Authorization header fields", hint: "send one")
            }
            guard let token = Self.bearer(request) else {
                throw MonoflowError(.unauthenticated, "authenticate", "", "the Authorization header is not of the form \"Bearer TOKEN\"")
            }
            return try await access.authenticate(bearer: token)
        }
        if let session = Self.session(of: request) {
            try checkOrigin(request)
            return try await access.authenticate(session: session)
        }
        throw MonoflowError(.unauthenticated, "authenticate", "", "the request carries no token", hint: "send the header Authorization: Bearer TOKEN, or sign in to the dashboard")
    }

    /// The session's cookie; over TLS only the one that was set over TLS.
    static func session(of request: HTTPRequest) -> String? { request.cookie(request.isSecure ? secureCookieName : cookieName) }

    /// The Set-Cookie line that keeps a session, or with age 0 forgets it. Over TLS and without it the cookie has different names: a
    /// browser keeps one jar for both ports, and would not let the plain one replace a secure cookie.
    static func cookie(_ value: String, seconds: Int, for request: HTTPRequest) -> String {
        let (name, attribute) = request.isSecure ? (secureCookieName, "; Secure") : (cookieName, "")
        return "\(name)=\(value); Path=/; HttpOnly; SameSite=Lax; Max-Age=\(seconds)\(attribute)"
    }

    /// A browser sends the cookie with whatever page makes the request: writes must come from our own pages, and so must WebSockets, whose
    /// answers any page may read.
    func checkOrigin(_ request: HTTPRequest) throws {
        guard request.method != .get && request.method != .head || request.headers.contains("Upgrade") else { return }
        let host = request.headers["Host"] ?? ""
        if let origin = request.headers["Origin"] {
            // Without TLS here a proxy may have ended it.
            if origin == "https://\(host)" || !request.isSecure && origin == "http://\(host)" || origin == signIn.publicURL { return }
        } else if request.headers["Sec-Fetch-Site"] == "same-origin" {
            return
        }
        throw MonoflowError(.permissionDenied, "check origin", request.headers["Origin"] ?? "", "a write with the session cookie must come from the dashboard itself")
    }

    /// A proxy names the user of whatever page makes the request, too. Clients that are no browsers send neither of the fields; a browser
    /// sends at least one with every write.
    private func checkOrigin(proxied request: HTTPRequest) throws {
        let site = request.headers["Sec-Fetch-Site"]
        if request.headers.contains("Origin") || site != nil && site != "none" { try checkOrigin(request) }
    }
}

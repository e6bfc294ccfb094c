import Access
import Core
import Foundation
import HTTP
import SingleSignOn

/// Signing in through an identity provider, and what ways to sign in there are.
struct SignInRoutes: Sendable {
    let services: APIServices
    let authentication: Authentication

    private static let attemptCookie = "monoflow_sign_in"
    private static let hintCookie = "monoflow_sign_out"
    private static let path = "/api/login"

    func add(to router: inout Router) {
        let signIn = services.signIn, open: Set = [Authentication.publicTag]
        var methods: [JSON] = [["type": "token"]]
        if let oidc = signIn.oidc { methods.append(["type": "oidc", "label": .string(oidc.label), "path": "/api/login/oidc"]) }
        if signIn.trustedHeader != nil { methods.append(["type": "proxy"]) }
        let answer = HTTPResponse.json(["methods": .array(methods)])
        router.inline(.get, Self.path, tags: open) { _ in answer }
        guard let oidc = signIn.oidc else { return }

        router.on(.get, "/api/login/oidc", tags: open) { request in
            try await pageOnFailure(request) {
                let (url, attempt) = try await oidc.begin(origin: Self.origin(of: request), next: request.query("next"))
                return Self.redirect(url, cookies: [Self.cookie(Self.attemptCookie, attempt, seconds: OIDCSignIn.attemptSeconds, request)])
            }
        }
        router.on(.get, OIDCSignIn.callbackPath, tags: open.union([Auditing.writingTag])) { request in
            let used = Self.cookie(Self.attemptCookie, "", seconds: 0, request)
            return try await pageOnFailure(request, cookies: [used]) {
                let outcome = try await oidc.finish(query: request.queryItems, cookie: request.cookie(Self.name(Self.attemptCookie, request)))
                let session = try await authentication.provisioning.openSession(outcome.identity)
                request.context[AccessNoteKey.self]?.signedIn(session.principal)
                let seconds = Int(AccessLimits.identitySessionMilliseconds / 1000)
                return Self.redirect(outcome.next, cookies: [
                    used, Authentication.cookie(session.value, seconds: seconds, for: request),
                    Self.cookie(Self.hintCookie, outcome.signOutHint, seconds: seconds, request),
                ])
            }
        }
        router.on(.post, "/api/login/oidc/logout", tags: open.union([ContentCodings.secretTag])) { request in
            try authentication.checkOrigin(request)
            if let session = Authentication.session(of: request) {
                if let caller = try? await services.access.authenticate(session: session) { request.context[AccessNoteKey.self]?.signedIn(caller) }
                try await services.access.closeSession(session)
            }
            let url = await oidc.signOutURL(hint: request.cookie(Self.name(Self.hintCookie, request)), origin: Self.origin(of: request))
            var response = HTTPResponse.json(.make(["location": url.map { .string($0) }]))
            response.headers.add("Set-Cookie", Authentication.cookie("", seconds: 0, for: request))
            response.headers.add("Set-Cookie", Self.cookie(Self.hintCookie, "", seconds: 0, request))
            response.headers.add("Cache-Control", "no-store")
            return response
        }
    }

    /// A browser is shown the login page, which says what went wrong in words of its own; other clients get the error.
    private func pageOnFailure(
        _ request: HTTPRequest, cookies: [String] = [], _ work: () async throws -> HTTPResponse
    ) async throws -> HTTPResponse {
        do { return try await work() } catch let failure as SignInFailure {
            guard request.headers["Accept"]?.contains("text/html") == true else { throw failure.error }
            services.log.notice("a sign-in failed: \(failure.reason.rawValue): \(failure.error)")
            request.context[AccessNoteKey.self]?.failed(status: HTTPErrorTable.status(failure.error.code).http.code)
            return Self.redirect("/?sign_in=\(failure.reason.rawValue)", cookies: cookies)
        }
    }

    private static func redirect(_ location: String, cookies: [String]) -> HTTPResponse {
        var response = HTTPResponse.redirect(location, status: .seeOther)
        for cookie in cookies { response.headers.add("Set-Cookie", cookie) }
        response.headers.add("Cache-Control", "no-store")
        // The address holds the code; the next page is not to be told.
        response.headers.add("Referrer-Policy", "no-referrer")
        return response
    }

    private static func origin(of request: HTTPRequest) -> String { "\(request.isSecure ? "https" : "http")://\(request.headers["Host"] ?? "")" }

    /// Over TLS the prefix has browsers take it over TLS only (RFC 6265bis, section 4.1.3).
    private static func name(_ base: String, _ request: HTTPRequest) -> String { request.isSecure ? "__Secure-" + base : base }

    /// Lax: the browser comes back from the provider's site.
    private static func cookie(_ base: String, _ value: String, seconds: Int, _ request: HTTPRequest) -> String {
        "\(name(base, request))=\(value); Path=\(path); HttpOnly; SameSite=Lax; Max-Age=\(seconds)\(request.isSecure ? "; Secure" : "")"
    }
}

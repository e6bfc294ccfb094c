import Core
import HTTP

/// Sign-in through an OpenID Connect provider: the authorization code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636).
public final class OIDCSignIn: Sendable {
    /// Where the provider sends browsers back to, below the server's own URL.
    public static let callbackPath = "/api/login/oidc/callback"
    /// How long the cookie of an attempt is kept, in seconds.
    public static let attemptSeconds = Int(LoginAttempt.life)
    private static let hintPlace = Array("hint to sign out".utf8)
    /// A browser need not keep a cookie of more than 4096 bytes (RFC 6265, section 6.1).
    private static let longestHint = 3800

    public let options: OIDCOptions
    private let key: SealingKey
    private let clock: WallClock
    private let provider: ProviderConnection
    private let answered = AnsweredAttempts()

    /// - Parameter key: seals the cookies; the same over restarts, so that sign-ins under way go on.
    /// - Throws: `invalidArgument` naming the option.
    public init(_ options: OIDCOptions, client: HTTPClient, key: SealingKey, clock: WallClock) throws(MonoflowError) {
        try options.check()
        self.options = options
        self.key = key
        self.clock = clock
        provider = ProviderConnection(issuer: options.issuer, client: client)
    }

    /// For people: the issuer's host.
    public var label: String { (try? HTTPURL(options.issuer))?.origin.authority ?? options.issuer }

    /// - Parameters:
    ///   - origin: `https://HOST[:PORT]` of the request, used where no public URL is set. The provider sends codes only to addresses that
    ///     were registered with it, so a wrong one leads nowhere.
    ///   - next: where to go on afterwards; only paths of this server are taken.
    /// - Returns: where the browser is to go, and the value of the cookie that it is to keep until it comes back.
    public func begin(origin: String, next: String?) async throws(SignInFailure) -> (url: String, attempt: String) {
        let base: String
        do throws(MonoflowError) { base = try OIDCOptions.origin(options.publicURL ?? origin) } catch { throw SignInFailure(.answerUnfitting, error) }
        let description = try await describe()
        let attempt = LoginAttempt(redirectURI: base + Self.callbackPath, next: ReturnPath.checked(next), at: clock.now())
        let url = FormText.adding(
            [
                ("response_type", "code"), ("client_id", options.clientID), ("redirect_uri", attempt.redirectURI),
                ("scope", options.scopes.joined(separator: " ")), ("state", attempt.state), ("nonce", attempt.nonce),
                ("code_challenge", attempt.challenge), ("code_challenge_method", "S256"),
            ], to: description.authorization)
        return (url, attempt.sealed(by: key))
    }

    /// What came of an attempt.
    public struct Outcome: Sendable {
        public var identity: ProviderIdentity
        /// Where the browser goes on.
        public var next: String
        /// The value of the cookie that signs the browser out at the provider later.
        public var signOutHint: String
    }

    /// - Parameters:
    ///   - query: what the provider sent with the browser.
    ///   - cookie: the attempt's; nil where the browser has none.
    public func finish(query: [(name: String, value: String)], cookie: String?) async throws(SignInFailure) -> Outcome {
        let now = clock.now()
        guard let cookie, let attempt = LoginAttempt(cookie, key: key) else {
            throw SignInFailure(.attemptUnknown, .unauthenticated, "cookie", "this browser has not begun to sign in here", hint: "begin again")
        }
        guard !attempt.isOver(at: now) else {
            throw SignInFailure(.attemptExpired, .unauthenticated, "", "it took longer than \(LoginAttempt.life / 60) minutes", hint: "begin again")
        }
        let state = try single("state", query)
        guard let state, Hashing.constantTimeEqual(state.utf8, attempt.state.utf8) else {
            throw SignInFailure(.answerUnfitting, .unauthenticated, "state", "the answer is to another attempt", hint: "begin again")
        }
        guard answered.take(attempt, now: now) else {
            throw SignInFailure(.answerUnfitting, .unauthenticated, "state", "the answer was used before", hint: "begin again")
        }
        let description = try await describe()
        let issuer = try single("iss", query)
        if issuer == nil && description.namesIssuer || issuer != nil && issuer != options.issuer {
            throw SignInFailure(.answerUnfitting, .unauthenticated, "iss", "the answer is another provider's")
        }
        if let error = try single("error", query) {
            throw SignInFailure(Self.reason(error), .permissionDenied, "", "the provider refused: \(Self.printable(error))")
        }
        guard let code = try single("code", query), !code.isEmpty, code.utf8.count <= 4096 else {
            throw SignInFailure(.answerUnfitting, .invalidArgument, "code", "is missing or too long")
        }
        do throws(MonoflowError) {
            let tokens = try await provider.exchange(code: code, attempt, options, description)
            let token = try JSONWebToken(tokens.id, allowed: description.algorithms)
            try token.verify(try await provider.keys(for: token, description))
            let rules = IDTokenRules(issuer: options.issuer, clientID: options.clientID, nonce: attempt.nonce)
            let subject = try rules.check(token.claims, accessToken: tokens.access, now: clock.now())
            var claims = IdentityClaims(options, subject: subject, token.claims)
            if claims.isIncomplete, let url = description.userInfo, let access = tokens.access {
                claims.add(try await provider.userInfo(url, accessToken: access, subject: subject))
            }
            return Outcome(identity: try claims.identity(), next: attempt.next, signOutHint: hint(tokens.id))
        } catch { throw IdentityClaims.failure(error) }
    }

    /// Where a browser signs out at the provider; nil where the cookie is none of ours, or the provider has no such place.
    public func signOutURL(hint cookie: String?, origin: String) async -> String? {
        guard let cookie, let bytes = key.open(cookie, authenticating: Self.hintPlace), let base = try? OIDCOptions.origin(options.publicURL ?? origin),
            let place = (try? await describe())?.endSession
        else { return nil }
        var pairs = [("client_id", options.clientID), ("post_logout_redirect_uri", base + "/")]
        if !bytes.isEmpty { pairs.append(("id_token_hint", String(decoding: bytes, as: UTF8.self))) }
        return FormText.adding(pairs, to: place)
    }

    /// The ID token where a cookie can hold it: with it the provider knows whom to sign out without asking.
    private func hint(_ token: String) -> String {
        let whole = key.seal(Array(token.utf8), authenticating: Self.hintPlace)
        return whole.utf8.count <= Self.longestHint ? whole : key.seal([], authenticating: Self.hintPlace)
    }

    private func describe() async throws(SignInFailure) -> ProviderMetadata {
        do throws(MonoflowError) { return try await provider.description() } catch { throw .provider(error) }
    }

    /// Nil where it is missing. A parameter that stands twice is nobody's (RFC 6749, section 3.1).
    private func single(_ name: String, _ query: [(name: String, value: String)]) throws(SignInFailure) -> String? {
        let values = query.filter { $0.name == name }
        guard values.count < 2 else { throw SignInFailure(.answerUnfitting, .invalidArgument, name, "stands \(values.count) times in the answer") }
        return values.first?.value
    }

    private static func reason(_ error: String) -> SignInFailure.Reason {
        switch error {
        case "access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required": .refused
        case "temporarily_unavailable", "server_error": .providerUnavailable
        default: .providerWrong
        }
    }

    private static func printable(_ error: String) -> String {
        String(error.unicodeScalars.filter { (0x20..<0x7f).contains($0.value) }.prefix(80).map(Character.init))
    }
}

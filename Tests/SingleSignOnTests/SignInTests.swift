import Core
import HTTP
import Sockets
import Synchronization
import Testing

@testable import SingleSignOn

/// The flow against a provider of a few lines, which answers wrongly on demand. Tests/EndToEnd has it against a real one.
@Suite struct SignInTests {
    private struct Setting {
        var provider: ScriptedProvider
        var signIn: OIDCSignIn
        var clock: TestClock
    }

    private func setting(_ change: (inout OIDCOptions) -> Void = { _ in }) throws -> Setting {
        let provider = try ScriptedProvider(), clock = TestClock()
        var options = OIDCOptions(issuer: provider.issuer, clientID: "monoflow")
        options.clientSecret = "s3cret/ü"
        change(&options)
        let key = try #require(SealingKey([UInt8](repeating: 7, count: 32)))
        let signIn = try OIDCSignIn(options, client: HTTPClient(group: provider.group), key: key, clock: clock.clock)
        provider.now = { clock.clock.now() }
        return Setting(provider: provider, signIn: signIn, clock: clock)
    }

    /// Goes through the provider and comes back.
    private typealias Query = [(name: String, value: String)]

    private func run(_ setting: Setting, _ change: (Query) -> Query = { $0 }) async throws -> OIDCSignIn.Outcome {
        let (url, attempt) = try await setting.signIn.begin(origin: "http://127.0.0.1:8080", next: "/runs")
        return try await setting.signIn.finish(query: change(setting.provider.authorize(url)), cookie: attempt)
    }

    private func reason(_ body: () async throws -> Void) async -> (SignInFailure.Reason, String)? {
        do {
            try await body()
            return nil
        } catch { return (error as? SignInFailure).map { ($0.reason, $0.error.subject) } }
    }

    @Test func signsInWithCodeAndProof() async throws {
        let setting = try setting()
        let outcome = try await run(setting)
        let ann = ProviderIdentity(issuer: setting.provider.issuer, subject: "248", userName: "ann@x.example", groups: ["staff"], isAdmin: false)
        #expect(outcome.identity == ann)
        #expect(outcome.next == "/runs")
        let sent = setting.provider.tokenRequests
        #expect(sent.count == 1 && sent[0].form["redirect_uri"] == "http://127.0.0.1:8080/api/login/oidc/callback" && sent[0].form["client_secret"] == nil)
        // RFC 6749, section 2.3.1: monoflow:s3cret%2F%C3%BC
        #expect(sent[0].authorization == "Basic bW9ub2Zsb3c6czNjcmV0JTJGJUMzJUJD")
        let out = try #require(await setting.signIn.signOutURL(hint: outcome.signOutHint, origin: "http://127.0.0.1:8080"))
        #expect(out.hasPrefix(setting.provider.issuer + "/end?client_id=monoflow&post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2F&id_token_hint=ey"))
        #expect(await setting.signIn.signOutURL(hint: "mfs1:made:up", origin: "http://127.0.0.1") == nil)
    }

    @Test func refusesAnswersThatAreNotToTheAttempt() async throws {
        let cases: [(String, SignInFailure.Reason, String, (Query) -> Query)] = [
            ("another state", .answerUnfitting, "state", { $0.map { $0.name == "state" ? ("state", "x") : $0 } }),
            ("no state", .answerUnfitting, "state", { $0.filter { $0.name != "state" } }),
            ("two states", .answerUnfitting, "state", { $0 + $0.filter { $0.name == "state" } }),
            ("two codes", .answerUnfitting, "code", { $0 + [("code", "x")] }), ("no code", .answerUnfitting, "code", { $0.filter { $0.name != "code" } }),
            ("another issuer", .answerUnfitting, "iss", { $0.map { $0.name == "iss" ? ("iss", "https://evil.example") : $0 } }),
            ("no issuer", .answerUnfitting, "iss", { $0.filter { $0.name != "iss" } }),
            ("a made-up code", .providerWrong, "", { $0.map { $0.name == "code" ? ("code", "x") : $0 } }),
            ("denied", .refused, "", { $0.filter { $0.name != "code" } + [("error", "access_denied")] }),
            ("provider busy", .providerUnavailable, "", { $0.filter { $0.name != "code" } + [("error", "temporarily_unavailable")] }),
            ("our fault", .providerWrong, "", { $0.filter { $0.name != "code" } + [("error", "invalid_scope")] }),
        ]
        let setting = try setting()
        for (name, wanted, place, change) in cases {
            let found = await reason { _ = try await run(setting, change) }
            #expect(found?.0 == wanted && found?.1 == place, "\(name): \(String(describing: found))")
        }
        _ = try await run(setting)
    }

    @Test func anAttemptIsOneBrowsersAndCountsOnceForTenMinutes() async throws {
        let setting = try setting(), signIn = setting.signIn
        let (url, attempt) = try await signIn.begin(origin: "http://127.0.0.1:8080", next: nil)
        let (_, other) = try await signIn.begin(origin: "http://127.0.0.1:8080", next: nil)
        let query = setting.provider.authorize(url)
        for cookie in [nil, "", "x", attempt + "A", attempt.replacing("mfs1", with: "mfs2")] {
            #expect(await reason { _ = try await signIn.finish(query: query, cookie: cookie) }?.0 == .attemptUnknown)
        }
        #expect(await reason { _ = try await signIn.finish(query: query, cookie: other) }?.0 == .answerUnfitting)
        _ = try await signIn.finish(query: query, cookie: attempt)
        #expect(await reason { _ = try await signIn.finish(query: query, cookie: attempt) }?.0 == .answerUnfitting, "replayed")
        let (late, lateAttempt) = try await signIn.begin(origin: "http://127.0.0.1:8080", next: nil)
        setting.clock.advance(seconds: 600)
        #expect(await reason { _ = try await signIn.finish(query: setting.provider.authorize(late), cookie: lateAttempt) }?.0 == .attemptExpired)
        setting.clock.advance(seconds: -3600)
        let early = await reason { _ = try await signIn.finish(query: setting.provider.authorize(late), cookie: lateAttempt) }
        #expect(early?.0 == .attemptExpired, "from the future")
    }

    @Test func refusesTokensThatAreWrong() async throws {
        let cases: [(String, SignInFailure.Reason, String, (inout ScriptedProvider.Behaviour) -> Void)] = [
            ("another nonce", .providerWrong, "nonce", { $0.claims["nonce"] = "x" }), ("another audience", .providerWrong, "aud", { $0.claims["aud"] = "x" }),
            ("foreign key", .providerWrong, "signature", { $0.key = .otherRSA }), ("no ID token", .providerWrong, "id_token", { $0.givesNoIDToken = true }),
            ("unverified address", .emailNotVerified, "email_verified", { $0.claims["email_verified"] = false }),
            ("no name", .nameUnusable, "claim email", { $0.claims["email"] = .null }),
            ("other person's user info", .providerWrong, "sub", { $0.claims["groups"] = .null; $0.userInfo = ["sub": "249", "groups": ["admins"]] }),
            ("server error", .providerUnavailable, "", { $0.tokenStatus = nil }),
        ]
        let setting = try setting { $0.adminGroup = "admins" }
        for (name, wanted, place, change) in cases {
            setting.provider.behave(change)
            let found = await reason { _ = try await run(setting) }
            #expect(found?.0 == wanted && (found?.1 == place || wanted == .providerUnavailable), "\(name): \(String(describing: found))")
        }
        // What the ID token leaves out is read from the user info.
        setting.provider.behave { $0.claims["groups"] = .null; $0.userInfo = ["sub": "248", "groups": ["admins"], "email": "eve@x.example"] }
        let outcome = try await run(setting)
        #expect((outcome.identity.isAdmin, outcome.identity.userName) == (true, "ann@x.example"))
    }

    @Test func followsTheProvidersKeysAndAsksSeldom() async throws {
        let setting = try setting()
        _ = try await run(setting)
        _ = try await run(setting)
        #expect(setting.provider.count("/keys") == 1 && setting.provider.count("/.well-known/openid-configuration") == 1)
        setting.provider.publish([.rsa, .ec])
        setting.provider.behave { $0.key = .ec }
        _ = try await run(setting)
        _ = try await run(setting)
        #expect(setting.provider.count("/keys") == 2)
        setting.provider.publish([.ec])
        setting.provider.behave { $0.key = .rsa }
        #expect(await reason { _ = try await run(setting) } == nil, "a key counts as long as the set is kept")
        setting.provider.publish([.ec])
        setting.provider.behave { $0.key = .shortRSA }
        #expect(await reason { _ = try await run(setting) }?.1 == "kid" && setting.provider.count("/keys") == 3)
    }

    @Test func aProviderThatIsDownIsSaidToBe() async throws {
        let setting = try setting()
        await setting.provider.stop()
        #expect(await reason { _ = try await run(setting) }?.0 == .providerUnavailable)
        #expect(await setting.signIn.signOutURL(hint: nil, origin: "http://127.0.0.1") == nil)
    }

    @Test(arguments: ["127.0.0.1:80@evil.example", "evil.example/path", "", "a b", "x\u{7f}", "[::1"])
    func refusesHostsThatAreNone(host: String) async throws {
        let setting = try setting()
        #expect(await reason { _ = try await setting.signIn.begin(origin: "http://\(host)", next: nil) }?.0 == .answerUnfitting)
    }
}

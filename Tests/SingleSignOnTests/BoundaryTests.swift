import Core
import HTTP
import Testing

@testable import SingleSignOn

@Suite struct BoundaryTests {
    /// RFC 7636, appendix B.
    @Test func theChallengeIsTheVerifiersHash() {
        var attempt = LoginAttempt(redirectURI: "r", next: "/", at: Timestamp(milliseconds: 0))
        #expect(attempt.verifier.utf8.count == 43 && attempt.state != attempt.nonce)
        attempt.verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        #expect(attempt.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }

    @Test func attemptsAreReadOnlyByTheKeyThatSealedThem() throws {
        let key = try #require(SealingKey([UInt8](repeating: 1, count: 32))), other = try #require(SealingKey([UInt8](repeating: 2, count: 32)))
        let attempt = LoginAttempt(redirectURI: "https://m.example/api/login/oidc/callback", next: "/runs", at: Timestamp(milliseconds: 5))
        let text = attempt.sealed(by: key)
        #expect(LoginAttempt(text, key: key) == attempt && LoginAttempt(text, key: other) == nil)
        #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"\",;\\".utf8.contains($0) }, "a cookie's value, RFC 6265, section 4.1.1")
        // What is sealed for another place is no attempt.
        #expect(LoginAttempt(key.seal(Array("{}".utf8), authenticating: Array("hint to sign out".utf8)), key: key) == nil)
    }

    @Test func answeredAttemptsAreBounded() {
        let answered = AnsweredAttempts(capacity: 2), now = Timestamp(milliseconds: 0), later = Timestamp(milliseconds: 600_001)
        func attempt(_ at: Timestamp) -> LoginAttempt { LoginAttempt(redirectURI: "", next: "/", at: at) }
        let first = attempt(now)
        #expect(answered.take(first, now: now) && !answered.take(first, now: now) && answered.take(attempt(now), now: now))
        #expect(!answered.take(attempt(now), now: now), "full")
        #expect(answered.take(attempt(later), now: later), "those that are over make room")
    }

    @Test func goesOnOnlyWithinThisServer() {
        for path in ["/", "/runs", "/runs/1?tab=log&x=%2f", "/a//b", "/.//evil.example", "/apis"] { #expect(ReturnPath.checked(path) == path) }
        let elsewhere = [
            nil, "", "runs", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "https://evil.example",
            "javascript:alert(1)", " /runs", "/\t/evil.example",
            "/\n/evil.example", "/runs\r\nSet-Cookie: a=b", "/rüns", "/a b", "/api/login/oidc/callback", 
            "/" + String(repeating: "a", count: 2048), "http:/evil.example", "@evil.example",
        ]
        for path in elsewhere { #expect(ReturnPath.checked(path) == "/", "\(String(describing: path))") }
    }

    @Test func issuersAndEndpointsAreHTTPS() throws {
        let issuers = ["https://id.example", "https://id.example/", "https://id.example/realms/a", "http://127.0.0.1:9000", "http://localhost:9000/x", "http://[::1]:1"]
        for good in issuers {
            let address = try ProviderMetadata.address(ofIssuer: good).description
            #expect(address.hasSuffix("/.well-known/openid-configuration") && !address.contains("//.well-known"), "\(good)")
        }
        for bad in ["", "id.example", "http://id.example", "ftp://id.example", "https://id.example?x", "https://id.example#x",
            "https://u:p@id.example", "http://127.evil@x", "https://"] {
            #expect(throws: MonoflowError.self, "\(bad)") { try ProviderMetadata.address(ofIssuer: bad) }
        }
        let issuer = "https://id.example"
        let good: JSON = [
            "issuer": .string(issuer), "authorization_endpoint": "https://id.example/a?tenant=1", "token_endpoint": "https://id.example/t",
            "jwks_uri": "https://keys.example/k",
            "id_token_signing_alg_values_supported": ["none", "HS256", "ES256", "RS256"], "code_challenge_methods_supported": ["plain", "S256"],
        ]
        let read = try ProviderMetadata(good, issuer: issuer)
        #expect(read.algorithms == [.rs256, .es256] && read.userInfo == nil && !read.namesIssuer && read.authentication == .basic)
        #expect(try ProviderMetadata(good.with(["token_endpoint_auth_methods_supported": ["client_secret_post"]]), issuer: issuer).authentication == .post)
        #expect(FormText.adding([("a", "b c")], to: read.authorization) == "https://id.example/a?tenant=1&a=b%20c")
        let wrong: [(JSONObject, String)] = [
            (["issuer": "https://id.example/"], "issuer"), (["issuer": "https://evil.example"], "issuer"), (["issuer": .null], "issuer"),
            (["token_endpoint": .null], "token_endpoint"),
            (["authorization_endpoint": 5], "authorization_endpoint"), (["authorization_endpoint": "javascript:alert(1)"], "authorization_endpoint"),
            (["token_endpoint": "http://id.example/t"], "token_endpoint"), (["jwks_uri": "http://127.0.0.1/k"], "jwks_uri"),
            (["userinfo_endpoint": "/info"], "userinfo_endpoint"),
            (["end_session_endpoint": "https://id.example/e#x"], "end_session_endpoint"), (["response_types_supported": ["token"]], "response_types_supported"),
            (["code_challenge_methods_supported": ["plain"]], "code_challenge_methods_supported"),
            (["id_token_signing_alg_values_supported": ["none", "HS256"]], "id_token_signing_alg_values_supported"),
        ]
        for (change, field) in wrong {
            let error = #expect(throws: MonoflowError.self) { try ProviderMetadata(good.with(change), issuer: issuer) }
            #expect(error?.subject == field && error?.code == .failedPrecondition, "\(change)")
        }
    }

    @Test func rangesHoldTheirAddresses() throws {
        let cases: [(String, [String], [String])] = [
            ("10.0.0.0/8", ["10.0.0.0", "10.255.1.2", "::ffff:10.1.1.1"], ["11.0.0.0", "9.255.255.255", "::1", "unix", "", "10.1"]),
            ("127.0.0.1", ["127.0.0.1"], ["127.0.0.2"]),
            ("0.0.0.0/0", ["1.2.3.4"], ["::1"]), ("192.168.4.0/22", ["192.168.7.255"], ["192.168.8.0"]), ("fd00::/8", ["fd12::1"], ["fe80::1", "10.0.0.1"]),
            ("::1/128", ["::1"], ["::2"]),
        ]
        for (text, inside, outside) in cases {
            let range = try AddressRange(text)
            for address in inside { #expect(range.contains(address), "\(text) \(address)") }
            for address in outside { #expect(!range.contains(address), "\(text) \(address)") }
        }
        for bad in ["", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "host", "::/129", "10.0.0/8", "10.0.0.0/+8"] {
            #expect(throws: MonoflowError.self, "\(bad)") { try AddressRange(bad) }
        }
        for loopback in ["127.0.0.1/32", "127.0.0.9", "0.0.0.0/0", "::1", "::/0"] { #expect(try AddressRange(loopback).reachesLoopback, "\(loopback)") }
        for other in ["10.0.0.0/8", "fd00::/8"] { #expect(try !AddressRange(other).reachesLoopback) }
    }

    @Test func headersAreBelievedFromTheProxyAlone() throws {
        let header = try TrustedHeader(
            userHeader: "kubeflow-userid", prefix: "accounts.google.com:", groupsHeader: "kubeflow-groups", peers: ["10.0.0.0/8", "unix"])
        func read(_ fields: [(String, String)], peer: String = "10.1.2.3") throws(MonoflowError) -> TrustedHeader.User? {
            var headers = HTTPHeaders()
            for (name, value) in fields { headers.add(name, value) }
            return try header.user(of: HTTPRequest(.get, "/", headers: headers, peer: peer))
        }
        let ann = ("kubeflow-userid", "accounts.google.com:ann@x.example")
        #expect(try read([ann]) == .init(name: "ann@x.example", groups: []))
        for (fields, peer, isSomebody) in [([ann], "unix", true), ([], "10.1.2.3", false), ([], "8.8.8.8", false)] {
            let user = try read(fields, peer: peer)
            #expect((user != nil) == isSomebody)
        }
        #expect(try read([("KubeFlow-UserID", ann.1), ("kubeflow-groups", "a, b,,c")])?.groups == ["a", "b", "c"])
        let refused: [(String, [(String, String)], String, MonoflowError.Code)] = [
            ("a stranger", [ann], "11.0.0.1", .unauthenticated), ("this machine", [ann], "127.0.0.1", .unauthenticated),
            ("groups of a stranger", [("kubeflow-groups", "admins")], "11.0.0.1", .unauthenticated),
            ("two users", [ann, ("kubeflow-userid", "accounts.google.com:eve")], "10.1.2.3", .invalidArgument),
            ("twice the same", [ann, ann], "10.1.2.3", .invalidArgument),
            ("two groups", [ann, ("kubeflow-groups", "a"), ("kubeflow-groups", "b")], "10.1.2.3", .invalidArgument),
            ("empty", [("kubeflow-userid", "")], "10.1.2.3", .unauthenticated),
            ("another prefix", [("kubeflow-userid", "ann@x.example")], "10.1.2.3", .unauthenticated),
            ("the prefix alone", [("kubeflow-userid", "accounts.google.com:")], "10.1.2.3", .unauthenticated),
            ("groups alone", [("kubeflow-groups", "a")], "10.1.2.3", .unauthenticated),
            ("a task", [("kubeflow-userid", "accounts.google.com:task 5")], "10.1.2.3", .unauthenticated),
            ("the system", [("kubeflow-userid", "accounts.google.com:system:masters")], "10.1.2.3", .unauthenticated),
        ]
        for (name, fields, peer, code) in refused {
            let error = #expect(throws: MonoflowError.self, "\(name)") { try read(fields, peer: peer) }
            #expect(error?.code == code, "\(name)")
        }
        let secret = try TrustedHeader(userHeader: "x-user", peers: ["127.0.0.1"], secret: "0123456789abcdef")
        let open = try TrustedHeader(userHeader: "x-user", peers: ["127.0.0.1"])
        #expect(!secret.trustsThisMachine && open.trustsThisMachine && !header.trustsThisMachine)
        for (given, isTaken) in [(["0123456789abcdef"], true), ([], false), (["0123456789abcdeX"], false), (["0123456789abcdef", "0123456789abcdef"], false)] {
            var headers: HTTPHeaders = ["x-user": "ann"]
            for value in given { headers.add("X-Monoflow-Proxy-Secret", value) }
            let user = try? secret.user(of: HTTPRequest(.get, "/", headers: headers))
            #expect((user != nil) == isTaken, "\(given)")
        }
        let long = "0123456789abcdef"
        let wrong: [(String, String?, [String], String)] = [
            ("Cookie", nil, ["unix"], long), ("a b", nil, ["unix"], long), ("u", "U", ["unix"], long), ("u", nil, [], long), ("u", nil, ["x"], long),
            ("u", nil, ["unix"], "short"),
        ]
        for (user, groups, peers, word) in wrong {
            #expect(throws: MonoflowError.self, "\(user) \(peers)") { try TrustedHeader(userHeader: user, groupsHeader: groups, peers: peers, secret: word) }
        }
    }
}

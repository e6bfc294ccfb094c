import Core
import Testing

@testable import SingleSignOn

@Suite struct ClaimTests {
    private static let now: Int64 = 1_800_000_000
    private static let rules = IDTokenRules(issuer: "https://id.example", clientID: "monoflow", nonce: "n-1")
    private static let good: JSON = [
        "iss": "https://id.example", "aud": "monoflow", "sub": "248", "exp": .int(now + 300), "iat": .int(now - 2), "nonce": "n-1",
    ]

    private func refusal(_ claims: JSON, access: String? = nil) -> String? {
        do throws(MonoflowError) {
            #expect(try Self.rules.check(claims, accessToken: access, now: Timestamp(milliseconds: Self.now * 1000)) == claims["sub"]?.stringValue)
            return nil
        } catch { return error.subject }
    }

    @Test func takesWhatCoreAllows() {
        let taken: [JSONObject] = [
            [:], ["aud": ["monoflow"]], ["aud": ["other", "monoflow"], "azp": "monoflow"], ["azp": "monoflow"], ["exp": .int(Self.now - 59)],
            ["iat": .int(Self.now + 60)],
            ["iat": .int(Self.now - 660)], ["nbf": .int(Self.now + 60)], ["exp": .double(Double(Self.now) + 0.5)], ["at_hash": "77QmUPtjPfzWtF2AnpK9RQ"],
        ]
        for change in taken { #expect(refusal(Self.good.with(change), access: "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == nil, "\(change)") }
    }

    @Test func refusesEachClaimThatIsWrong() {
        let now = Self.now
        let refused: [(JSONObject, String)] = [
            (["iss": "https://id.example/"], "iss"), (["iss": .null], "iss"), (["iss": ["https://id.example"]], "iss"),
            (["aud": "other"], "aud"), (["aud": .null], "aud"), (["aud": []], "aud"), (["aud": ["other", 1]], "aud"), (["aud": "monoflow2"], "aud"),
            (["aud": ["other", "monoflow"]], "azp"), (["azp": "other"], "azp"), (["aud": ["other", "monoflow"], "azp": "other"], "azp"), (["azp": 1], "azp"),
            (["exp": .int(now - 60)], "exp"), (["exp": .null], "exp"), (["exp": .string("\(now + 300)")], "exp"), (["exp": -1], "exp"),
            (["exp": .double(1e300)], "exp"),
            (["iat": .int(now + 61)], "iat"), (["iat": .null], "iat"), (["iat": .int(now - 661)], "iat"), (["nbf": .int(now + 61)], "nbf"),
            (["nbf": "soon"], "nbf"),
            (["nonce": "n-2"], "nonce"), (["nonce": .null], "nonce"), (["nonce": ""], "nonce"), (["at_hash": "xxQmUPtjPfzWtF2AnpK9RQ"], "at_hash"),
            (["sub": .null], "sub"), (["sub": ""], "sub"), (["sub": 248], "sub"), (["sub": .string(String(repeating: "s", count: 256))], "sub"),
        ]
        for (change, place) in refused { #expect(refusal(Self.good.with(change), access: "token") == place, "\(change)") }
        #expect(refusal(Self.good.with(["at_hash": "77QmUPtjPfzWtF2AnpK9RQ"])) == "at_hash", "no access token to compare")
    }

    @Test func namesAndGroupsAreReadWithCare() throws {
        var options = OIDCOptions(issuer: "https://id.example", clientID: "monoflow")
        options.adminGroup = "admins"
        func identity(_ claims: JSON, more: JSON? = nil) throws -> ProviderIdentity {
            var read = IdentityClaims(options, subject: "248", claims)
            if let more { read.add(more) }
            return try read.identity()
        }
        let base: JSON = ["email": "ann@x.example", "email_verified": true, "groups": ["staff", "", "staff", 7, "admins"]]
        let ann = try identity(base)
        #expect((ann.userName, ann.groups, ann.isAdmin) == ("ann@x.example", ["staff", "admins"], true))
        let chief = try identity(base.with(["groups": "admins"])), almost = try identity(base.with(["groups": "admin"]))
        let nobody = try identity(base.with(["groups": .null]))
        #expect(chief.isAdmin && !almost.isAdmin && nobody.groups.isEmpty)
        #expect(try identity(base.with(["email_verified": .null])).userName == "ann@x.example")
        for value in [JSON.bool(false), "false", "False"] {
            #expect(throws: MonoflowError.self) { try identity(base.with(["email_verified": value])) }
            #expect(IdentityClaims.failure(MonoflowError(.permissionDenied, "", "email_verified", "")).reason == .emailNotVerified)
        }
        for name in [JSON.null, "", 7, "system:admin", "task 5"] { #expect(throws: MonoflowError.self) { try identity(base.with(["email": name])) } }
        // The ID token goes first: what it says of verification holds.
        #expect(throws: MonoflowError.self) { try identity(base.with(["email_verified": false]), more: ["email_verified": true]) }
        #expect(try identity(["email": "ann@x.example"], more: ["email": "eve@x.example", "groups": ["admins"]]).userName == "ann@x.example")
        #expect(try identity(base.with(["groups": .array((0..<600).map { .string("g\($0)") })])).groups.count == IdentityClaims.mostGroups)
        options.adminGroup = nil
        #expect(try !identity(base).isAdmin)
        options.userClaim = "preferred_username"
        #expect(try identity(["preferred_username": "ann", "email_verified": false]).userName == "ann")
    }
}

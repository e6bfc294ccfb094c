import Core
import Foundation
import Testing

@testable import Access

@Suite struct PersonalTokenTests {
    private func people() async throws -> (Fixture, ann: Principal) {
        let fixture = try Fixture()
        let token = try await fixture.token("ann", .owner, in: "team").text
        try await fixture.access.createNamespace("other")
        try await fixture.access.setRole(user: "ann", namespace: "other", .editor)
        return (fixture, try await fixture.access.authenticate(bearer: token))
    }

    @Test func usersMakeListAndRevokeTheirOwn() async throws {
        let (fixture, ann) = try await people()
        defer { fixture.remove() }
        let access = fixture.access
        fixture.clock.advance(1)
        let made = try await access.createToken(by: ann, TokenRequest(name: "ci", scope: TokenScope(namespaces: ["other"])))
        #expect(try await access.tokens(of: ann).map(\.name) == ["ci", "ann's"])
        let caller = try await access.authenticate(bearer: made.text)
        #expect(caller.user == "ann" && caller.roles == ["other": .editor] && caller.homeNamespace == "other")
        // Somebody else's is as good as none.
        let bob = try await access.authenticate(bearer: try await fixture.token("bob", .editor, in: "third").text)
        #expect(await failure { try await access.revokeToken(id: made.record.id, by: bob) }?.code == .notFound)
        #expect(try await access.tokens(of: bob).map(\.user) == ["bob"])
        try await access.revokeToken(id: made.record.id, by: ann)
        #expect(await failure { _ = try await access.authenticate(bearer: made.text) }?.message == "the token was revoked")
    }

    @Test func aTokenMakesNoneThatIsWider() async throws {
        let (fixture, ann) = try await people()
        defer { fixture.remove() }
        let access = fixture.access, end = Timestamp(milliseconds: fixture.clock.now.milliseconds + 1000)
        func token(_ scope: TokenScope, expiresAt: Timestamp? = nil, perMinute: Int? = nil) async throws -> Principal {
            let request = TokenRequest(name: "t", expiresAt: expiresAt, scope: scope, requestsPerMinute: perMinute)
            return try await access.authenticate(bearer: try await access.createToken(by: ann, request).text)
        }
        let (other, editor) = (try await token(TokenScope(namespaces: ["other"])), try await token(TokenScope(role: .editor)))
        let (ending, reader) = (try await token(.unlimited, expiresAt: end), try await token(TokenScope(isReadOnly: true)))
        let (slow, predictor) = (try await token(.unlimited, perMinute: 10), try await token(TokenScope(role: .predict)))
        let later = Timestamp(milliseconds: end.milliseconds + 1)
        let task = Principal(user: "task 1", homeNamespace: "team", roles: ["team": .editor], kind: .service(taskID: "1"))
        for (caller, request) in [
            (other, TokenRequest(name: "t", scope: TokenScope(namespaces: ["team"]))), (other, TokenRequest(name: "t", scope: TokenScope(namespaces: ["other", "team"]))),
            (ending, TokenRequest(name: "t", expiresAt: later)), (reader, TokenRequest(name: "t")), (slow, TokenRequest(name: "t", requestsPerMinute: 10)),
            (predictor, TokenRequest(name: "t")), (task, TokenRequest(name: "t")), (ann, TokenRequest(name: "t", scope: TokenScope(namespaces: ["default"]))),
            (ann, TokenRequest(name: "t", scope: TokenScope(namespaces: ["nowhere"]))),
        ] {
            #expect(await failure { _ = try await access.createToken(by: caller, request) }?.code == .permissionDenied, "\(request)")
        }
        // What is left out is inherited.
        #expect(try await access.createToken(by: other, TokenRequest(name: "t", scope: TokenScope(role: .viewer))).record.scope == TokenScope(namespaces: ["other"], role: .viewer))
        #expect(try await access.createToken(by: editor, TokenRequest(name: "t")).record.scope == TokenScope(role: .editor))
        #expect(try await access.createToken(by: ending, TokenRequest(name: "t")).record.expiresAt == end)
    }

    @Test func aTokenRevokesItselfAndNoWiderOne() async throws {
        let (fixture, ann) = try await people()
        defer { fixture.remove() }
        let access = fixture.access
        let wide = try #require(ann.token?.id)
        let first = try await access.createToken(by: ann, TokenRequest(name: "1", scope: TokenScope(namespaces: ["team"])))
        let second = try await access.createToken(by: ann, TokenRequest(name: "2", scope: TokenScope(isReadOnly: true)))
        let (narrow, reader) = (try await access.authenticate(bearer: first.text), try await access.authenticate(bearer: second.text))
        #expect(await failure { try await access.revokeToken(id: wide, by: narrow) }?.code == .permissionDenied)
        #expect(await failure { try await access.revokeToken(id: first.record.id, by: reader) }?.code == .permissionDenied)
        try await access.revokeToken(id: second.record.id, by: reader)
        try await access.revokeToken(id: first.record.id, by: narrow)
        #expect(try await access.tokens(of: ann).filter { $0.revokedAt == nil }.map(\.id) == [wide])
    }

    @Test func aUserMakesOnlySoMany() async throws {
        let (fixture, ann) = try await people()
        defer { fixture.remove() }
        let access = fixture.access
        for index in 1..<AccessLimits.personalTokens { _ = try await access.createToken(by: ann, TokenRequest(name: "\(index)")) }
        #expect(await failure { _ = try await access.createToken(by: ann, TokenRequest(name: "more")) }?.code == .failedPrecondition)
        let one = try #require(try await access.tokens(of: ann).first { $0.name == "1" })
        try await access.revokeToken(id: one.id, by: ann)
        _ = try await access.createToken(by: ann, TokenRequest(name: "more"))
    }
}

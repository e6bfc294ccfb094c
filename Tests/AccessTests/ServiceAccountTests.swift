import Core
import Testing

@testable import Access

@Suite struct ServiceAccountTests {
    private func fixture() async throws -> Fixture {
        let fixture = try Fixture()
        let access = fixture.access
        try await access.createNamespace("team")
        try await fixture.database.write { db in
            try access.setAccount(db, namespace: "team", name: "bot", uid: "1")
            try access.setBoundRole(db, .account("bot", in: "team"), in: "team", .editor)
        }
        return fixture
    }

    @Test func aTokenStandsForItsAccount() async throws {
        let fixture = try await fixture()
        defer { fixture.remove() }
        let access = fixture.access
        let ann = try await access.authenticate(bearer: try await fixture.token("ann", .editor, in: "team").text)
        let token = try await access.createAccountToken(by: ann, namespace: "team", account: "bot", seconds: 600)
        #expect(token.expiresAt == fixture.clock.now.advanced(seconds: 600))
        let bot = try await access.authenticate(bearer: token.text)
        #expect(bot.user == "system:serviceaccount:team:bot" && bot.kind == .account(namespace: "team", name: "bot"))
        #expect(bot.roles == ["team": .editor] && bot.homeNamespace == "team" && !bot.isAdmin)
        #expect(access.cachedPrincipal(bearer: token.text)?.user == bot.user)
        // What it is bound to counts at once.
        try await fixture.database.write { try access.setBoundRole($0, .account("bot", in: "team"), in: "team", .viewer) }
        access.membershipChanged()
        #expect(try await access.authenticate(bearer: token.text).roles == ["team": .viewer])
        fixture.clock.advance(600_000)
        #expect(access.cachedPrincipal(bearer: token.text) == nil)
        #expect(await failure { _ = try await access.authenticate(bearer: token.text) }?.code == .unauthenticated)
    }

    @Test func anAccountMadeAnewIsAnotherOne() async throws {
        let fixture = try await fixture()
        defer { fixture.remove() }
        let access = fixture.access
        let admin = try await access.authenticate(bearer: try fixture.adminToken)
        let token = try await access.createAccountToken(by: admin, namespace: "team", account: "bot", seconds: nil).text
        _ = try await access.authenticate(bearer: token)
        for uid in [nil, "2"] as [String?] {
            try await fixture.database.write { try access.setAccount($0, namespace: "team", name: "bot", uid: uid) }
            access.membershipChanged()
            #expect(await failure { _ = try await access.authenticate(bearer: token) }?.message.contains("gone") == true)
        }
        // Another process with the same key knows it.
        try await fixture.database.write { try access.setAccount($0, namespace: "team", name: "bot", uid: "1") }
        let next = try await fixture.restarted()
        #expect(try await next.access.authenticate(bearer: token).homeNamespace == "team")
    }

    @Test func nobodyGivesWhatItHasNot() async throws {
        let fixture = try await fixture()
        defer { fixture.remove() }
        let access = fixture.access
        let editor = try await access.authenticate(bearer: try await fixture.token("ann", .editor, in: "team").text)
        let viewer = try await access.authenticate(bearer: try await fixture.token("bob", .viewer, in: "team").text)
        let stranger = try await access.authenticate(bearer: try await fixture.token("eve", .owner, in: "other").text)
        for caller in [viewer, stranger] {
            #expect(await failure { _ = try await access.createAccountToken(by: caller, namespace: "team", account: "bot", seconds: nil) }?.code == .permissionDenied)
        }
        try await fixture.database.write { try access.setBoundRole($0, .account("bot", in: "team"), in: "team", .owner) }
        #expect(await failure { _ = try await access.createAccountToken(by: editor, namespace: "team", account: "bot", seconds: nil) }?.code == .permissionDenied)
        try await fixture.database.write { db in
            try access.setBoundRole(db, .account("bot", in: "team"), in: "team", .viewer)
            try access.setBoundRole(db, .account("bot", in: "team"), in: "other", .viewer)
        }
        #expect(await failure { _ = try await access.createAccountToken(by: editor, namespace: "team", account: "bot", seconds: nil) }?.code == .permissionDenied)
        let admin = try await access.authenticate(bearer: try fixture.adminToken)
        let text = try await access.createAccountToken(by: admin, namespace: "team", account: "bot", seconds: nil).text
        let bot = try await access.authenticate(bearer: text)
        #expect(bot.roles == ["team": .viewer, "other": .viewer])
        let task = Principal(user: "task 1", homeNamespace: "team", roles: ["team": .editor], kind: .service(taskID: "1"))
        #expect(await failure { _ = try await access.createAccountToken(by: task, namespace: "team", account: "bot", seconds: nil) }?.code == .permissionDenied)
        #expect(await failure { _ = try await access.createAccountToken(by: admin, namespace: "team", account: "bot", seconds: 599) }?.code == .invalidArgument)
        #expect(await failure { _ = try await access.createAccountToken(by: admin, namespace: "team", account: "no", seconds: nil) }?.code == .notFound)
        let long = try await access.createAccountToken(by: admin, namespace: "team", account: "bot", seconds: .max)
        #expect(long.expiresAt == fixture.clock.now.advanced(seconds: Double(AccessLimits.accountTokenSeconds)))
    }

    @Test func aForgeryIsRefused() {
        let tokens = AccountTokens(key: [UInt8](repeating: 1, count: 32)), others = AccountTokens(key: [UInt8](repeating: 2, count: 32))
        let end = Timestamp(milliseconds: 5)
        let good = tokens.issue(namespace: "team", account: "bot", uid: "1", expiresAt: end)
        #expect(tokens.verify(good) == .init(namespace: "team", account: "bot", uid: "1", expiresAt: end))
        let code = String(good.suffix(64)), other = tokens.issue(namespace: "team", account: "bot", uid: "1", expiresAt: Timestamp(milliseconds: 6))
        for bad in [
            others.issue(namespace: "team", account: "bot", uid: "1", expiresAt: end), String(other.dropLast(64)) + code, good + "0", String(good.dropLast()),
            "mfa_", "mfa_.", "mfa_." + code, "mft" + good.dropFirst(3), good.uppercased(), "mfa_" + String(repeating: "A", count: 4_000) + "." + code,
        ] {
            #expect(tokens.verify(bad) == nil, "\(bad)")
        }
    }
}

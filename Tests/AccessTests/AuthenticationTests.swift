import Core
import Database
import Foundation
import GRDB
import Testing

@testable import Access

@Suite struct AuthenticationTests {
    @Test func aTokenStandsForItsUser() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let token = try await fixture.token("ann", .editor, in: "team")
        #expect(token.text.hasPrefix("mf_") && token.text.utf8.count == 46)
        #expect(fixture.access.cachedPrincipal(bearer: token.text) == nil)
        let ann = try await fixture.access.authenticate(bearer: token.text)
        #expect((ann.user, ann.isAdmin, ann.homeNamespace) == ("ann", false, "team"))
        #expect(ann.roles == ["team": .editor] && ann.kind == .user)
        #expect(fixture.access.cachedPrincipal(bearer: token.text)?.user == "ann")
    }

    @Test func refusalsSayWhy() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access, expiry = Timestamp(milliseconds: fixture.clock.now.milliseconds + 1000)
        let expiring = try await fixture.token("ann", .viewer, in: "team", expiresAt: expiry).text
        let revoked = try await fixture.token("bob", .viewer, in: "team")
        // Both are known to the cache when they end.
        _ = try await access.authenticate(bearer: expiring)
        _ = try await access.authenticate(bearer: revoked.text)
        fixture.clock.advance(999)
        _ = try await access.authenticate(bearer: expiring)
        fixture.clock.advance(1)
        try await access.revokeToken(id: revoked.record.id)
        for (text, word) in [
            ("", "missing"), ("nonsense", "malformed"), (revoked.text + "x", "malformed"), (revoked.text.uppercased(), "malformed"),
            (Secret.make(prefix: "mf_"), "unknown"), (expiring, "expired"), (revoked.text, "revoked"), ("mft_x_y", "service token"),
        ] {
            #expect(access.cachedPrincipal(bearer: text) == nil, "\(word)")
            let error = try #require(await failure { _ = try await access.authenticate(bearer: text) })
            #expect(error.code == .unauthenticated && error.message.contains(word), "\(word)")
            #expect(text.isEmpty || !error.description.contains(text), "an error shows a secret")
        }
    }

    @Test func changesCountAtOnce() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let token = try await fixture.token("ann", .viewer, in: "team").text
        try await fixture.access.createNamespace("other")
        #expect(try await fixture.access.authenticate(bearer: token).may(.write, in: "team") == false)
        try await fixture.access.setRole(user: "ann", namespace: "team", .editor)
        try await fixture.access.setRole(user: "ann", namespace: "other", .owner)
        let ann = try await fixture.access.authenticate(bearer: token)
        #expect(ann.may(.write, in: "team") && ann.may(.administer, in: "other"))
        try await fixture.access.setRole(user: "ann", namespace: "team", nil)
        #expect(try await fixture.access.authenticate(bearer: token).roles == ["other": .owner])
        try await fixture.access.deleteUser("ann")
        #expect(await failure { _ = try await fixture.access.authenticate(bearer: token) }?.code == .unauthenticated)
    }

    @Test(.timeLimit(.minutes(1))) func theLastUseIsWrittenDown() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let token = try await fixture.token("ann", .viewer, in: "team")
        fixture.clock.advance(5000)
        _ = try await fixture.access.authenticate(bearer: token.text)
        var used: Timestamp?
        while used == nil {
            used = try await fixture.access.tokens().first { $0.id == token.record.id }?.lastUsedAt
            await Task.yield()
        }
        #expect(used == fixture.clock.now)
    }

    @Test func aLastUseIsWrittenAtMostOnceAMinute() {
        let clock = ManualClock(), cache = CallerCache(capacity: 2)
        let ann = Principal(user: "ann", homeNamespace: "team", roles: [:])
        cache.insert([1], .init(principal: ann, tokenID: "t", sessionLimit: nil, expiresAt: nil, touchedAt: nil), epoch: 0)
        #expect(cache.find([1], now: clock.now)?.touch == .init(tokenID: "t", sessionExpiry: nil))
        clock.advance(59_999)
        #expect(cache.find([1], now: clock.now)?.touch == nil)
        clock.advance(1)
        #expect(cache.find([1], now: clock.now)?.touch == .init(tokenID: "t", sessionExpiry: nil))
    }

    @Test func theCacheIsBoundedAndTakesNothingReadBeforeARemoval() {
        let cache = CallerCache(capacity: 2)
        let entry = CallerCache.Entry(
            principal: Principal(user: "ann", homeNamespace: "team", roles: [:]), tokenID: "t", sessionLimit: nil, expiresAt: nil, touchedAt: nil)
        let now = ManualClock().now
        for key in 0..<3 { cache.insert([UInt8(key)], entry, epoch: cache.epoch) }
        #expect((0..<3).filter { cache.find([UInt8($0)], now: now) != nil } == [2])
        let before = cache.epoch
        cache.removeAll()
        cache.insert([7], entry, epoch: before)
        #expect(cache.find([7], now: now) == nil)
    }

    @Test func filesHoldNoSecret() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let token = try await fixture.token("ann", .viewer, in: "team").text
        let session = try await fixture.access.openSession(bearer: token).value
        let secrets = [token, session, try fixture.adminToken]
        try await fixture.database.close()
        for name in try FileManager.default.contentsOfDirectory(atPath: fixture.directory) where name.hasPrefix(MetadataDatabase.fileName) {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.directory + "/" + name))
            for secret in secrets { #expect(bytes.range(of: Data(secret.dropFirst(4).utf8)) == nil, "\(name)") }
        }
        // The search can find: the user's name is there.
        let main = try Data(contentsOf: URL(fileURLWithPath: fixture.directory + "/" + MetadataDatabase.fileName))
        #expect(main.range(of: Data("ann's".utf8)) != nil)
    }

    @Test func allIsThereAfterARestart() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let token = try await fixture.token("ann", .predict, in: "team").text
        let session = try await fixture.access.openSession(bearer: token).value
        let again = try await fixture.restarted()
        #expect(try await again.access.authenticate(bearer: token).roles == ["team": .predict])
        #expect(try await again.access.authenticate(session: session).user == "ann")
        let admin = try await again.access.authenticate(bearer: try again.adminToken)
        #expect(again.access.namespaces(of: admin).map(\.name) == ["default", "team"])
        try await again.database.close()
    }
}

import Core
import GRDB
import Testing

@testable import Access

@Suite struct SessionTests {
    private let fixture: Fixture
    init() throws { fixture = try Fixture() }

    private func isOpen(_ session: IssuedSession) async -> Bool {
        await failure { _ = try await fixture.access.authenticate(session: session.value) } == nil
    }

    @Test func opensByATokenAndEndsByLogout() async throws {
        defer { fixture.remove() }
        let token = try await fixture.token("ann", .viewer, in: "team").text
        let first = try await fixture.access.openSession(bearer: token), second = try await fixture.access.openSession(bearer: token)
        #expect(first.principal.user == "ann" && first.value.hasPrefix("mfs_") && !first.value.contains(token.dropFirst(3)))
        #expect(try await fixture.access.authenticate(session: first.value).roles == ["team": .viewer])
        // A session is no bearer token, and the reverse.
        #expect(await failure { _ = try await fixture.access.authenticate(bearer: first.value) }?.code == .unauthenticated)
        #expect(await failure { _ = try await fixture.access.authenticate(session: token) }?.code == .unauthenticated)
        try await fixture.access.closeSession(first.value)
        #expect(await !isOpen(first))
        #expect(await isOpen(second))
        #expect(await failure { _ = try await fixture.access.openSession(bearer: "wrong") }?.code == .unauthenticated)
    }

    @Test func endsWithItsToken() async throws {
        defer { fixture.remove() }
        let token = try await fixture.token("ann", .viewer, in: "team")
        let session = try await fixture.access.openSession(bearer: token.text)
        #expect(await isOpen(session))
        try await fixture.access.revokeToken(id: token.record.id)
        #expect(await !isOpen(session))
    }

    @Test func endsWhenItsTokenExpires() async throws {
        defer { fixture.remove() }
        let end = Timestamp(milliseconds: fixture.clock.now.milliseconds + ManualClock.day)
        let session = try await fixture.access.openSession(bearer: try await fixture.token("ann", .viewer, in: "team", expiresAt: end).text)
        #expect(session.expiresAt == end)
        #expect(await isOpen(session))
        fixture.clock.advance(ManualClock.day)
        #expect(await !isOpen(session))
    }

    @Test func endsThirtyDaysAfterItsLastUse() async throws {
        defer { fixture.remove() }
        let session = try await fixture.access.openSession(bearer: try await fixture.token("ann", .viewer, in: "team").text)
        fixture.clock.advance(30 * ManualClock.day)
        #expect(await !isOpen(session))
    }

    @Test func isExtendedByUseUpToNinetyDays() async throws {
        defer { fixture.remove() }
        let session = try await fixture.access.openSession(bearer: try await fixture.token("ann", .viewer, in: "team").text)
        for _ in 0..<4 {
            fixture.clock.advance(20 * ManualClock.day)
            #expect(await isOpen(session))
        }
        fixture.clock.advance(10 * ManualClock.day)
        #expect(await !isOpen(session))
    }

    @Test func aTokenHasABoundedNumber() async throws {
        defer { fixture.remove() }
        let token = try await fixture.token("ann", .viewer, in: "team").text
        let first = try await fixture.access.openSession(bearer: token)
        var last = first
        for _ in 0..<AccessLimits.sessionsPerToken {
            fixture.clock.advance(1)
            last = try await fixture.access.openSession(bearer: token)
        }
        #expect(await !isOpen(first))
        #expect(await isOpen(last))
        #expect(try await fixture.database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM sessions") } == AccessLimits.sessionsPerToken)
    }

    @Test func aTaskOpensNone() async throws {
        defer { fixture.remove() }
        fixture.tasks.namespaces.withLock { $0["t1"] = "default" }
        let token = fixture.services.issue(taskID: "t1", namespace: "default")
        #expect(await failure { _ = try await fixture.access.openSession(bearer: token) }?.code == .permissionDenied)
    }
}

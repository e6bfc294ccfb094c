import Core
import GRDB
import Testing

@testable import Access

@Suite struct IdentityTests {
    private let fixture: Fixture
    private static let issuer = "https://id.example"
    init() throws { fixture = try Fixture() }

    private func identity(_ subject: String = "248", _ name: String = "ann", groups: [String] = [], isAdmin: Bool = false) -> ExternalIdentity {
        ExternalIdentity(issuer: Self.issuer, subject: subject, userName: name, groups: groups, isAdmin: isAdmin)
    }

    private func newcomer(_ identity: ExternalIdentity, in namespace: String = "ann") async throws {
        try await fixture.access.createNamespace(namespace)
        try await fixture.access.createUser(for: identity, homeNamespace: namespace)
    }

    @Test func theSubjectIsTheIdentityAndTheNameIsNot() async throws {
        defer { fixture.remove() }
        let access = fixture.access
        #expect(try await access.standing(of: identity()) == .unknown)
        try await newcomer(identity())
        #expect(try await access.standing(of: identity()) == .user("ann"))
        // The same person under another name stays the same user; another one under the same name is nobody's.
        #expect(try await access.openSession(identity("248", "eve")).principal.user == "ann")
        #expect(try await access.standing(of: identity("249", "ann")) == .nameTaken(isAdmin: false))
        #expect(try await access.standing(of: identity("249", "admin")) == .nameTaken(isAdmin: true))
        var elsewhere = identity()
        elsewhere.issuer = "https://other.example"
        #expect(try await access.standing(of: elsewhere) == .nameTaken(isAdmin: false))
        #expect(await failure { _ = try await access.openSession(identity("249", "ann")) }?.code == .unauthenticated)
        #expect(await failure { try await newcomer(identity(), in: "second") }?.code == .alreadyExists)
        #expect(await failure { try await newcomer(identity("250", "ann"), in: "third") }?.code == .alreadyExists)
        #expect(try await access.standing(of: identity("250", "bob")) == .unknown, "nothing is left of the one that failed")
    }

    @Test func aSessionHasTheGroupsOfItsLoginAndNoRightsBeyondIt() async throws {
        defer { fixture.remove() }
        let access = fixture.access
        try await newcomer(identity())
        let plain = try await access.openSession(identity(groups: ["staff", "a,b \"c\""]))
        let chief = try await access.openSession(identity(groups: ["admins"], isAdmin: true))
        #expect(plain.principal.groups == ["a,b \"c\"", "staff"] && !plain.principal.isAdmin && chief.principal.isAdmin)
        let again = try await fixture.restarted()
        let (read, readChief) = (try await again.access.authenticate(session: plain.value), try await again.access.authenticate(session: chief.value))
        #expect(read.groups == plain.principal.groups && !read.isAdmin && read.roles == ["ann": .owner])
        #expect(readChief.isAdmin && readChief.groups == ["admins"])
        #expect(try await again.access.users().first { $0.name == "ann" }?.isAdmin == false)
        // A token made in the session is the user's, not the group's.
        let token = try await again.access.createToken(by: readChief, TokenRequest(name: "mine"))
        let caller = try await again.access.authenticate(bearer: token.text)
        #expect(!caller.isAdmin && caller.groups.isEmpty)
        try await again.database.close()
    }

    @Test func aSessionEndsADayAfterItsLogin() async throws {
        defer { fixture.remove() }
        try await newcomer(identity())
        let session = try await fixture.access.openSession(identity())
        for _ in 0..<23 {
            fixture.clock.advance(3_600_000)
            #expect(await failure { _ = try await fixture.access.authenticate(session: session.value) } == nil)
        }
        fixture.clock.advance(3_600_000)
        #expect(await failure { _ = try await fixture.access.authenticate(session: session.value) }?.code == .unauthenticated)
    }

    @Test func unlinkingAndRevokingEndTheSessions() async throws {
        defer { fixture.remove() }
        let access = fixture.access
        try await newcomer(identity())
        let first = try await access.openSession(identity()), second = try await access.openSession(identity())
        let token = try #require(try await access.tokens().first { $0.user == "ann" })
        #expect(try await access.tokens().count { $0.user == "ann" } == 1 && token.name == "single sign-on")
        try await access.revokeToken(id: token.id)
        for session in [first, second] { #expect(await failure { _ = try await access.authenticate(session: session.value) }?.code == .unauthenticated) }
        let third = try await access.openSession(identity())
        #expect(await failure { _ = try await access.authenticate(session: third.value) } == nil)
        #expect(await failure { try await access.unlink(issuer: Self.issuer, subject: "248", from: "admin") }?.code == .notFound)
        try await access.unlink(issuer: Self.issuer, subject: "248", from: "ann")
        #expect(await failure { _ = try await access.authenticate(session: third.value) }?.code == .unauthenticated)
        #expect(await failure { _ = try await access.openSession(identity()) }?.code == .unauthenticated)
        #expect(try await access.standing(of: identity()) == .nameTaken(isAdmin: false))
    }

    @Test func anAdminLinksIdentities() async throws {
        defer { fixture.remove() }
        let access = fixture.access
        try await newcomer(identity())
        try await access.link(issuer: Self.issuer, subject: "1", to: "admin")
        try await access.link(issuer: Self.issuer, subject: "1", to: "admin")
        #expect(try await access.openSession(identity("1", "whatever")).principal.isAdmin)
        #expect(try await access.identities(of: "admin").map(\.subject) == ["1"])
        #expect(try await access.identities(of: "admin").first?.lastLoginAt == fixture.clock.now)
        #expect(await failure { try await access.link(issuer: Self.issuer, subject: "1", to: "ann") }?.code == .alreadyExists)
        let wrong: [(String, String, String, MonoflowError.Code)] = [
            ("", "x", "ann", .invalidArgument), (Self.issuer, "", "ann", .invalidArgument), (Self.issuer, "x", "nobody", .notFound),
        ]
        for (issuer, subject, user, code) in wrong {
            #expect(await failure { try await access.link(issuer: issuer, subject: subject, to: user) }?.code == code)
        }
        for number in 2...AccessLimits.identitiesPerUser { try await access.link(issuer: Self.issuer, subject: "\(number)", to: "admin") }
        #expect(await failure { try await access.link(issuer: Self.issuer, subject: "one more", to: "admin") }?.code == .failedPrecondition)
        try await access.deleteUser("ann")
        #expect(try await access.standing(of: identity()) == .unknown)
    }

    @Test func aProxyNamesUsers() async throws {
        defer { fixture.remove() }
        let access = fixture.access
        _ = try await fixture.token("ann", .viewer, in: "team")
        #expect(await failure { _ = try await access.principal(named: "bob", groups: []) }?.code == .unauthenticated)
        let ann = try await access.principal(named: "ann", groups: ["a"])
        #expect(ann.roles == ["team": .viewer] && ann.groups == ["a"] && !ann.isAdmin)
        #expect(try await access.principal(named: "ann", groups: ["b"]).groups == ["b"], "of this request")
        try await access.setRole(user: "ann", namespace: "team", .editor)
        #expect(try await access.principal(named: "ann", groups: []).roles == ["team": .editor])
        // It can make itself a token for clients past the proxy.
        let token = try await access.createToken(by: ann, TokenRequest(name: "cli"))
        #expect(try await access.authenticate(bearer: token.text).user == "ann")
        fixture.clock.advance(400 * ManualClock.day)
        #expect(try await access.principal(named: "ann", groups: []).user == "ann")
        try await access.deleteUser("ann")
        #expect(await failure { _ = try await access.principal(named: "ann", groups: []) }?.code == .unauthenticated)
    }
}

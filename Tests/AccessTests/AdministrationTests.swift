import Core
import Database
import Foundation
import Testing

@testable import Access

@Suite struct AdministrationTests {
    @Test func firstStartMakesAWayIn() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        #expect(fixture.outcome == .written)
        let admin = try await fixture.access.authenticate(bearer: try fixture.adminToken)
        #expect((admin.user, admin.isAdmin, admin.homeNamespace) == ("admin", true, "default"))
        #expect(admin.roles == ["default": .owner])
        for name in ["admin-token", "server.key"] {
            let mode = try FileManager.default.attributesOfItem(atPath: fixture.directory + "/" + name)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
        let key = try ServerKey.load(directory: fixture.directory)
        let token = try fixture.adminToken
        let again = try await fixture.restarted()
        #expect(again.outcome == .kept)
        #expect(try again.adminToken == token)
        #expect(try ServerKey.load(directory: fixture.directory) == key)
        try await again.database.close()
    }

    @Test(arguments: [nil, "", "something else", "mf_0123456789012345678901234567890123456789012"] as [String?])
    func aLostTokenFileIsMadeAnewAndTheOldTokenEnds(content: String?) async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let old = try fixture.adminToken, path = fixture.directory + "/admin-token"
        try FileManager.default.removeItem(atPath: path)
        if let content { try Files.writeAtomically(Array(content.utf8), to: path) }
        let again = try await fixture.restarted()
        #expect(again.outcome == .written)
        #expect(try again.adminToken != old)
        #expect(try await again.access.authenticate(bearer: try again.adminToken).isAdmin)
        #expect(await failure { _ = try await again.access.authenticate(bearer: old) }?.message.contains("revoked") == true)
        try await again.database.close()
    }

    @Test func aTokenThatAnAdminEndedIsNotBroughtBack() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let only = try #require(try await fixture.access.tokens().first)
        try await fixture.access.revokeToken(id: only.id)
        let again = try await fixture.restarted()
        #expect(again.outcome == .kept)
        #expect(try await again.access.tokens().filter { $0.revokedAt == nil }.isEmpty)
        try await again.database.close()
    }

    @Test func aDamagedServerKeyIsNamed() throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        try Files.writeAtomically([1, 2, 3], to: fixture.directory + "/server.key")
        let error = #expect(throws: MonoflowError.self) { try ServerKey.load(directory: fixture.directory) }
        #expect(error?.code == .failedPrecondition && error?.subject.hasSuffix("server.key") == true)
    }

    @Test func usersAndNamespaces() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        try await access.createNamespace("team")
        #expect(await failure { try await access.createNamespace("team") }?.code == .alreadyExists)
        #expect(await failure { try await access.createNamespace("No Label") }?.code == .invalidArgument)
        let ann = try await access.createUser(name: "ann", homeNamespace: "team", isAdmin: false, roles: ["team": .editor, "default": .viewer])
        #expect(try await access.users().map(\.name) == ["admin", "ann"])
        #expect(try await access.users().last == ann)
        for (name, home, roles, code) in [
            ("ann", "team", ["team": Role.viewer], MonoflowError.Code.alreadyExists),
            ("bob", "nowhere", ["nowhere": .viewer], .failedPrecondition),
            ("bob", "team", ["team": .viewer, "nowhere": .viewer], .failedPrecondition),
            ("bob", "team", [:], .invalidArgument),
            ("", "team", ["team": .viewer], .invalidArgument),
            (" bob", "team", ["team": .viewer], .invalidArgument),
            ("b\u{7}b", "team", ["team": .viewer], .invalidArgument),
            (String(repeating: "b", count: 129), "team", ["team": .viewer], .invalidArgument),
        ] {
            #expect(await failure { _ = try await access.createUser(name: name, homeNamespace: home, isAdmin: false, roles: roles) }?.code == code, "\(name)")
        }
        #expect(try await access.users().count == 2)
    }

    @Test func unknownNamesAreRefused() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        #expect(await failure { try await access.setRole(user: "nobody", namespace: "default", .viewer) }?.code == .notFound)
        #expect(await failure { try await access.setRole(user: "admin", namespace: "nowhere", .viewer) }?.code == .notFound)
        #expect(await failure { _ = try await access.createToken(user: "nobody", name: "t") }?.code == .notFound)
        #expect(await failure { _ = try await access.createToken(user: "admin", name: "t", expiresAt: fixture.clock.now) }?.code == .invalidArgument)
        #expect(await failure { try await access.revokeToken(id: "none") }?.code == .notFound)
        #expect(await failure { try await access.deleteUser("nobody") }?.code == .notFound)
        #expect(await failure { try await access.deleteUser("admin") }?.code == .failedPrecondition)
    }

    @Test func eachSeesItsOwnNamespaces() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let ann = try await fixture.access.authenticate(bearer: try await fixture.token("ann", .viewer, in: "team").text)
        #expect(fixture.access.namespaces(of: ann) == [NamespaceAccess(name: "team", role: .viewer)])
        let admin = try await fixture.access.authenticate(bearer: try fixture.adminToken)
        #expect(fixture.access.namespaces(of: admin) == ["default", "team"].map { NamespaceAccess(name: $0, role: .owner) })
        // Only an admin learns that a namespace does not exist.
        #expect(await failure { try admin.require(.read, in: "nowhere") }?.code == .notFound)
        #expect(await failure { try ann.require(.read, in: "nowhere") }?.code == .permissionDenied)
        let (hidden, absent) = (await failure { try ann.require(.read, in: "default") }, await failure { try ann.require(.read, in: "nowhere") })
        #expect(hidden?.message == absent?.message)
        try await fixture.access.createNamespace("nowhere")
        try admin.require(.read, in: "nowhere")
    }

    @Test func tokensAreListedWithoutTheirText() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let made = try await fixture.token("ann", .viewer, in: "team")
        fixture.clock.advance(10)
        try await fixture.access.revokeToken(id: made.record.id)
        fixture.clock.advance(10)
        try await fixture.access.revokeToken(id: made.record.id)
        let listed = try #require(try await fixture.access.tokens().first { $0.id == made.record.id })
        #expect((listed.user, listed.name) == ("ann", "ann's"))
        #expect(listed.revokedAt == Timestamp(milliseconds: made.record.createdAt.milliseconds + 10))
    }
}

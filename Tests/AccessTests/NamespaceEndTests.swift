import Core
import Testing

@testable import Access

@Suite struct NamespaceEndTests {
    @Test func whatPointsToANamespaceGoesWithIt() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        _ = try await fixture.token("ann", .owner, in: "team")
        let bob = try await fixture.token("bob", .viewer, in: "other")
        try await access.setRole(user: "bob", namespace: "team", .viewer)
        try await access.setRole(user: "ann", namespace: "other", .viewer)
        let admin = try fixture.adminToken
        func limited(_ namespaces: Set<String>) async throws -> IssuedToken {
            try await access.createToken(user: "bob", TokenRequest(name: "l", scope: TokenScope(namespaces: namespaces)))
        }
        let both = try await limited(["team", "other"]), one = try await limited(["team"])
        _ = try await access.authenticate(bearer: one.text)

        #expect(await failure { try await fixture.database.write { try access.removeNamespace($0, "team") } }?.code == .conflict)
        try await fixture.database.write { try access.terminateNamespace($0, "team") }
        access.namespaceTerminating("team")
        #expect(access.isTerminating("team") && access.terminatingNamespaces == ["team"])
        #expect(await failure { try access.checkOpen("team") }?.code == .permissionDenied)
        #expect(await failure { try await fixture.database.write { try access.checkOpen($0, "team") } }?.code == .permissionDenied)
        try access.checkOpen("other")
        let ann = try await access.principal(named: "ann")
        #expect(await failure { try ann.require(.write, in: "team") }?.message.contains("being terminated") == true)
        try ann.require(.write, in: "team", evenTerminating: true)
        try ann.require(.read, in: "team")
        #expect(await failure { try await fixture.database.write { try access.removeNamespace($0, "team") } }?.code == .conflict)

        // A new process knows.
        let next = try await fixture.restarted(), later = next.access
        #expect(later.terminatingNamespaces == ["team"])
        try await later.namespaceEmptied("team")
        try await next.database.write { try later.removeNamespace($0, "team") }
        later.namespaceRemoved("team")
        #expect(later.settings(of: "team") == nil && later.terminatingNamespaces.isEmpty && !later.namespaceNames.contains("team"))
        let users = try await later.users()
        #expect(users.first { $0.name == "ann" }?.homeNamespace == "other")
        #expect(users.first { $0.name == "ann" }?.roles == ["other": .viewer])
        #expect(try await later.authenticate(bearer: bob.text).roles == ["other": .viewer])
        #expect(try await later.authenticate(bearer: both.text).token?.scope.namespaces == ["other"])
        #expect(await failure { _ = try await later.authenticate(bearer: one.text) }?.message.contains("revoked") == true)
        #expect(await failure { try await later.authenticate(bearer: admin).require(.read, in: "team") }?.code == .notFound)
        // The name is free, and nobody has a role there.
        try await later.createNamespace("team")
        #expect(try await later.boundRoles(in: "team").isEmpty)
    }
}

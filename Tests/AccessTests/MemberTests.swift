import Core
import Testing

@testable import Access

@Suite struct MemberTests {
    @Test func theLastOwnerStays() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        _ = try await fixture.token("ann", .owner, in: "team")
        _ = try await fixture.token("bob", .viewer, in: "team")
        #expect(try await access.members(of: "team") == [Member(user: "ann", role: .owner), Member(user: "bob", role: .viewer)])
        for role in [Role.editor, .viewer, .predict, nil] {
            #expect(await failure { try await access.setRole(user: "ann", namespace: "team", role, keepsOwner: true) }?.code == .failedPrecondition)
        }
        try await access.setRole(user: "ann", namespace: "team", .owner, keepsOwner: true)
        try await access.setRole(user: "bob", namespace: "team", .owner, keepsOwner: true)
        try await access.setRole(user: "ann", namespace: "team", nil, keepsOwner: true)
        #expect(await failure { try await access.setRole(user: "ann", namespace: "team", nil) }?.code == .notFound)
        // An admin may.
        try await access.setRole(user: "bob", namespace: "team", nil)
        #expect(try await access.members(of: "team").isEmpty)
    }
}

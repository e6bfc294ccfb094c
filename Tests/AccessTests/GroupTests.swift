import Core
import Testing

@testable import Access

@Suite struct GroupTests {
    /// What a member of a group may in a namespace: its own role and the group's, the greater of the two.
    @Test(arguments: [
        (own: Role?.none, group: Role.owner, expected: Role.owner), (nil, .editor, .editor), (nil, .viewer, .viewer), (nil, .predict, .predict),
        (.viewer, .editor, .editor), (.owner, .viewer, .owner), (.editor, .owner, .owner), (.predict, .viewer, .viewer), (.viewer, .predict, .viewer),
    ])
    func theGreaterRoleCounts(own: Role?, group: Role, expected: Role) async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        try await access.createNamespace("team")
        try await access.createNamespace("home")
        var roles: [String: Role] = ["home": .viewer]
        roles["team"] = own
        _ = try await access.createUser(name: "ann", homeNamespace: "home", isAdmin: false, roles: roles)
        try await access.createGroup("lab")
        try await access.setGroupMember(group: "lab", user: "ann", true)
        try await access.setGroupRole(group: "lab", namespace: "team", group)
        let token = try await access.createToken(user: "ann", name: "t").text
        let ann = try await access.authenticate(bearer: token)
        #expect(ann.role(in: "team") == expected && ann.groups == ["lab"])
        for permission in Permission.allCases { #expect(ann.may(permission, in: "team") == expected.allows(permission)) }
        #expect(access.namespaces(of: ann).map(\.name) == ["home", "team"])
        // A limited token limits the group's role, too.
        let limited = try await access.createToken(user: "ann", TokenRequest(name: "r", scope: TokenScope(namespaces: ["home"]))).text
        #expect(try await access.authenticate(bearer: limited).role(in: "team") == nil)
    }

    @Test func changesCountAtOnce() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        let token = try await fixture.token("ann", .viewer, in: "home").text
        try await access.createNamespace("team")
        func role() async throws -> Role? { try await access.authenticate(bearer: token).role(in: "team") }
        #expect(try await role() == nil)
        try await access.createGroup("lab")
        try await access.setGroupRole(group: "lab", namespace: "team", .editor)
        #expect(try await role() == nil)
        try await access.setGroupMember(group: "lab", user: "ann", true)
        #expect(try await role() == .editor)
        try await access.setGroupRole(group: "lab", namespace: "team", .viewer)
        #expect(try await role() == .viewer)
        #expect(try await access.boundRoles(in: "team") == [BoundRole(subject: .group("lab"), role: .viewer)])
        try await access.setGroupMember(group: "lab", user: "ann", false)
        #expect(try await role() == nil)
        try await access.setGroupMember(group: "lab", user: "ann", true)
        try await access.deleteGroup("lab")
        #expect(try await role() == nil)
        #expect(try await access.boundRoles(in: "team").isEmpty)
        // Nothing comes back with the name.
        try await access.createGroup("lab")
        try await access.setGroupMember(group: "lab", user: "ann", true)
        #expect(try await role() == nil)
    }

    @Test func groupsFromOutsideCountForTheRequest() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        _ = try await fixture.token("ann", .viewer, in: "team")
        try await access.setGroupRole(group: "staff@example.com", namespace: "team", .owner)
        #expect(try await access.principal(named: "ann").role(in: "team") == .viewer)
        let ann = try await access.principal(named: "ann", groups: ["staff@example.com"])
        #expect(ann.role(in: "team") == .owner && ann.groups == ["staff@example.com"] && ann.token == nil && !ann.isAdmin)
        #expect(await failure { _ = try await access.principal(named: "bob", groups: ["staff@example.com"]) }?.code == .unauthenticated)
    }

    @Test func wrongNamesAreTold() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        #expect(await failure { try await access.createGroup(" a") }?.code == .invalidArgument)
        try await access.createGroup("a")
        #expect(await failure { try await access.createGroup("a") }?.code == .alreadyExists)
        #expect(await failure { try await access.deleteGroup("b") }?.code == .notFound)
        #expect(await failure { try await access.setGroupMember(group: "b", user: "admin", true) }?.code == .notFound)
        #expect(await failure { try await access.setGroupMember(group: "a", user: "nobody", true) }?.code == .notFound)
        #expect(await failure { try await access.setGroupRole(group: "a", namespace: "none", .viewer) }?.code == .notFound)
        #expect(await failure { try await access.setGroupRole(group: "a", namespace: "default", nil) }?.code == .notFound)
        try await access.setGroupMember(group: "a", user: "admin", true)
        #expect(try await access.groups().map(\.members) == [["admin"]])
        _ = fixture.clock
    }

    @Test func rolesWaitForTheirUser() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        try await access.createNamespace("team")
        try await fixture.database.write { try access.setBoundRole($0, .user("ann"), in: "team", .owner) }
        #expect(try await access.boundRoles(in: "team") == [BoundRole(subject: .user("ann"), role: .owner)])
        let ann = try await access.createUser(name: "ann", homeNamespace: "team", isAdmin: false, roles: [:])
        #expect(ann.roles == ["team": .owner])
        #expect(try await access.members(of: "team") == [Member(user: "ann", role: .owner)])
        #expect(await failure { _ = try await access.createUser(name: "bob", homeNamespace: "team", isAdmin: false, roles: [:]) }?.code == .invalidArgument)
        // What was the user's goes with it.
        try await access.deleteUser("ann")
        #expect(try await access.boundRoles(in: "team").isEmpty)
    }

    @Test func anOwningGroupIsAnOwner() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        _ = try await fixture.token("ann", .owner, in: "team")
        try await access.setGroupRole(group: "lab", namespace: "team", .owner)
        try await access.setRole(user: "ann", namespace: "team", .viewer, keepsOwner: true)
        #expect(await failure { try await access.setGroupRole(group: "lab", namespace: "team", nil, keepsOwner: true) }?.code == .failedPrecondition)
    }
}

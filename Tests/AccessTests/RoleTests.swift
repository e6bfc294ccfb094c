import Access
import Core
import Testing

@Suite struct RoleTests {
    private static let allowed: [Role: Set<Permission>] = [
        .owner: [.read, .write, .predict, .administer],
        .editor: [.read, .write, .predict],
        .viewer: [.read],
        .predict: [.predict],
    ]

    @Test(arguments: Role.allCases, Permission.allCases)
    func eachRoleMayThisAndNothingElse(role: Role, permission: Permission) throws {
        let principal = Principal(user: "ann", homeNamespace: "team", roles: ["team": role])
        if try #require(Self.allowed[role]).contains(permission) {
            try principal.require(permission, in: "team")
        } else {
            let error = #expect(throws: MonoflowError.self) { try principal.require(permission, in: "team") }
            #expect(error?.code == .permissionDenied)
            for part in ["ann", permission.rawValue, "team"] { #expect(error?.description.contains(part) == true) }
        }
        #expect(throws: MonoflowError.self) { try principal.require(permission, in: "other") }
        #expect(throws: MonoflowError.self) { try principal.requireAdmin("create user") }
    }

    @Test(arguments: Permission.allCases)
    func anAdminMayEverything(permission: Permission) throws {
        let admin = Principal(user: "root", isAdmin: true, homeNamespace: "default", roles: [:])
        try admin.require(permission, in: "team")
        try admin.requireAdmin("create user")
    }

    @Test(arguments: ["a", "team-1", "0", String(repeating: "x", count: 63)])
    func dnsLabels(name: String) throws { try AccessNames.checkNamespace(name) }

    @Test(arguments: ["", "-a", "a-", "A", "a_b", "a.b", "ä", "a b", "a/b", "a\n", String(repeating: "x", count: 64)])
    func noDNSLabels(name: String) {
        let error = #expect(throws: MonoflowError.self) { try AccessNames.checkNamespace(name) }
        #expect(error?.code == .invalidArgument)
    }
}

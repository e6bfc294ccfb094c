import Core
import Foundation
import Testing

@testable import Access

@Suite struct ScopeTests {
    /// A user's role, what the token is limited to, and what is left.
    private static let rights: [(role: Role, scope: TokenScope, left: Set<Permission>)] = [
        (.owner, .unlimited, [.read, .write, .predict, .administer]),
        (.owner, TokenScope(role: .editor), [.read, .write, .predict]),
        (.owner, TokenScope(role: .viewer), [.read]),
        (.owner, TokenScope(role: .predict), [.predict]),
        (.owner, TokenScope(isReadOnly: true), [.read]),
        (.owner, TokenScope(role: .editor, isReadOnly: true), [.read]),
        (.owner, TokenScope(namespaces: ["team"]), [.read, .write, .predict, .administer]),
        (.owner, TokenScope(namespaces: ["other"]), []),
        (.editor, TokenScope(role: .editor), [.read, .write, .predict]),
        (.editor, TokenScope(role: .viewer), [.read]),
        (.editor, TokenScope(role: .predict), [.predict]),
        (.editor, TokenScope(namespaces: ["other", "team"], isReadOnly: true), [.read]),
        (.viewer, TokenScope(role: .editor), [.read]),
        (.viewer, TokenScope(role: .predict), []),
        (.viewer, TokenScope(isReadOnly: true), [.read]),
        (.predict, TokenScope(role: .editor), [.predict]),
        (.predict, TokenScope(role: .viewer), []),
        (.predict, TokenScope(isReadOnly: true), []),
    ]

    @Test func aTokenMayWhatItsUserAndItsScopeAllow() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        for name in ["team", "other"] { try await access.createNamespace(name) }
        for (index, row) in Self.rights.enumerated() {
            let user = "user-\(index)"
            _ = try await access.createUser(name: user, homeNamespace: "team", isAdmin: false, roles: ["team": row.role, "other": .predict])
            let token = try await access.createToken(user: user, TokenRequest(name: "t", scope: row.scope))
            // By the token, and by a session that it opens.
            let session = try await access.openSession(bearer: token.text).value
            for caller in [try await access.authenticate(bearer: token.text), try await access.authenticate(session: session)] {
                for permission in Permission.allCases {
                    #expect(caller.may(permission, in: "team") == row.left.contains(permission), "\(row) \(permission)")
                    #expect(!caller.may(permission, in: "default"))
                }
                #expect(access.namespaces(of: caller).contains { $0.name == "team" } == !row.left.isEmpty, "\(row)")
            }
            #expect(try await access.tokens().first { $0.id == token.record.id }?.scope == row.scope)
        }
    }

    @Test(arguments: [
        TokenScope(namespaces: ["team"]), TokenScope(role: .editor), TokenScope(role: .viewer), TokenScope(role: .predict), TokenScope(isReadOnly: true),
        TokenScope(namespaces: ["team"], role: .editor),
    ])
    func anAdminsLimitedTokenIsNoAdmins(scope: TokenScope) async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        let access = fixture.access
        try await access.createNamespace("team")
        let caller = try await access.authenticate(bearer: try await access.createToken(user: "admin", TokenRequest(name: "t", scope: scope)).text)
        #expect(!caller.isAdmin)
        #expect(throws: MonoflowError.self) { try caller.requireAdmin("create user") }
        let left = scope.limit(.owner)
        for permission in Permission.allCases {
            #expect(caller.may(permission, in: "team") == left?.allows(permission))
            #expect(caller.may(permission, in: "default") == (scope.namespaces == nil && left?.allows(permission) == true))
            // It has no role where there is no namespace, and learns nothing about it.
            #expect(!caller.may(permission, in: "nowhere"))
        }
        #expect(access.namespaces(of: caller).map(\.name) == (scope.namespaces == nil ? ["default", "team"] : ["team"]))
        #expect(caller.homeNamespace == (scope.namespaces == nil ? "default" : "team"))
        // Also where a namespace comes later.
        try await access.createNamespace("later")
        #expect(caller.role(in: "later") == (scope.namespaces == nil ? left : nil))
    }

    @Test func scopesThatNoTokenHas() async throws {
        let fixture = try Fixture()
        defer { fixture.remove() }
        for (request, code) in [
            (TokenRequest(name: "t", scope: TokenScope(namespaces: [])), MonoflowError.Code.invalidArgument),
            (TokenRequest(name: "t", scope: TokenScope(namespaces: Set((0...100).map { "n\($0)" }))), .invalidArgument),
            (TokenRequest(name: "t", scope: TokenScope(namespaces: ["default", "nowhere"])), .failedPrecondition),
            (TokenRequest(name: "t", scope: TokenScope(role: .owner)), .invalidArgument),
            (TokenRequest(name: "t", scope: TokenScope(role: .predict, isReadOnly: true)), .invalidArgument),
            (TokenRequest(name: "t", requestsPerMinute: 0), .invalidArgument),
            (TokenRequest(name: "t", requestsPerMinute: 1_000_001), .invalidArgument),
        ] {
            #expect(await failure { _ = try await fixture.access.createToken(user: "admin", request) }?.code == code, "\(request)")
        }
        #expect(try await fixture.access.tokens().count == 1)
    }

    @Test func whatOneScopeCoversOfAnother() {
        let scopes: [TokenScope] = [nil, ["a"], ["a", "b"]].flatMap { namespaces in
            [nil, .editor, .viewer, .predict].flatMap { role in [false, true].map { TokenScope(namespaces: namespaces, role: role, isReadOnly: $0) } }
        }
        // By definition: for every role in every namespace, nothing is left by the other that is not left by this one.
        for wide in scopes {
            for narrow in scopes {
                let isCovered = ["a", "b", "c"].allSatisfy { name in
                    Role.allCases.allSatisfy { role in
                        Permission.allCases.allSatisfy { permission in
                            let (has, may) = (narrow.admits(name) ? narrow.limit(role) : nil, wide.admits(name) ? wide.limit(role) : nil)
                            return has?.allows(permission) != true || may?.allows(permission) == true
                        }
                    }
                }
                // A scope that leaves nothing is covered by any, which `check` keeps from being stored.
                if narrow.limit(.owner) != nil, wide.limit(.owner) != nil { #expect(wide.covers(narrow) == isCovered, "\(wide) \(narrow)") }
                if wide.covers(narrow) && wide.limit(.owner) != nil { #expect(isCovered, "\(wide) \(narrow)") }
            }
        }
    }
}

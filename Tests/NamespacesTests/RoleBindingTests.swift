import Access
import Core
import Resources
import Testing

@testable import Namespaces

@Suite struct RoleBindingTests {
    private static func team(_ body: (NamespacesFixture) async throws -> Void) async throws {
        try await NamespacesFixture.with { fixture in
            try await fixture.user("ann")
            try await fixture.user("bob")
            try await fixture.profile("team")
            try await body(fixture)
        }
    }

    @Test(arguments: RoleBinding.roles.map(\.name))
    func aBindingIsARole(role: String) async throws {
        try await Self.team { fixture in
            let expected = RoleBinding.roles.first { $0.name == role }?.role
            let binding = try await fixture.binding("b", in: "team", role: role, user("bob"))
            #expect(binding["subjects"]?[0]?["apiGroup"]?.stringValue == RoleBinding.group)
            #expect(try await fixture.principal("bob").role(in: "team") == expected)
            #expect(try await fixture.access.members(of: "team") .map { [$0.user, $0.role.rawValue] } == [["ann", "owner"], ["bob", expected?.rawValue]])
            try await fixture.delete(RoleBinding.kind, in: "team", "b")
            #expect(try await fixture.principal("bob").role(in: "team") == nil)
        }
    }

    @Test func theGreatestOfSeveralCounts() async throws {
        try await Self.team { fixture in
            func role() async throws -> Role? { try await fixture.principal("bob").role(in: "team") }
            try await fixture.binding("view", in: "team", role: "kubeflow-view", user("bob"))
            try await fixture.binding("edit", in: "team", role: "kubeflow-edit", user("bob") + "," + user("eve"))
            #expect(try await role() == .editor)
            try await fixture.merge(RoleBinding.kind, in: "team", "edit", #"{"subjects":[\#(user("eve"))]}"#)
            #expect(try await role() == .viewer)
            try await fixture.delete(RoleBinding.kind, in: "team", "view")
            #expect(try await role() == nil)
            #expect(try await fixture.access.boundRoles(in: "team").contains(BoundRole(subject: .user("eve"), role: .editor)))
        }
    }

    @Test func membersAppearAsBindings() async throws {
        try await Self.team { fixture in
            let name = "user-bob-clusterrole-"
            try await fixture.access.setRole(user: "bob", namespace: "team", .editor)
            let binding = try #require(try await fixture.get(RoleBinding.kind, in: "team", name + "edit"))
            #expect(binding["roleRef"]?["name"] == "kubeflow-edit" && binding.metadata["annotations"]?["user"] == "bob" && binding.metadata["annotations"]?["role"] == "edit")
            try await fixture.access.setRole(user: "bob", namespace: "team", .viewer)
            #expect(try await fixture.names(RoleBinding.kind, in: "team").filter { $0.hasPrefix(name) } == [name + "view"])
            // A binding of several loses the one only.
            try await fixture.binding("many", in: "team", role: "kubeflow-edit", user("bob") + "," + user("eve"))
            try await fixture.access.setRole(user: "bob", namespace: "team", nil)
            #expect(try await fixture.names(RoleBinding.kind, in: "team").filter { $0.hasPrefix(name) }.isEmpty)
            #expect(try await fixture.get(RoleBinding.kind, in: "team", "many")?["subjects"]?.arrayValue?.map { $0["name"] } == ["eve"])
            try await fixture.access.setGroupRole(group: "a lab", namespace: "team", .viewer)
            #expect(try await fixture.get(RoleBinding.kind, in: "team", "group-a-lab-clusterrole-view")?["subjects"]?[0]?["kind"] == "Group")
            // Another name that is written alike.
            try await fixture.access.setGroupRole(group: "a-lab", namespace: "team", .viewer)
            #expect(try await fixture.names(RoleBinding.kind, in: "team").filter { $0.hasPrefix("group-a-lab") }.count == 2)
            try await fixture.user("cay", ["team": .editor])
            #expect(try await fixture.get(RoleBinding.kind, in: "team", "user-cay-clusterrole-edit") != nil)
            try await fixture.access.deleteUser("cay")
            #expect(try await fixture.get(RoleBinding.kind, in: "team", "user-cay-clusterrole-edit") == nil)
            try await fixture.access.setRole(user: "bob", namespace: "team", .predict)
            #expect(try await fixture.get(RoleBinding.kind, in: "team", name + "predict") != nil)
        }
    }

    @Test func serviceAccountsAreBound() async throws {
        try await Self.team { fixture in
            try await fixture.create("serviceaccounts", in: "team", #"{"metadata":{"name":"bot"}}"#)
            try await fixture.binding("b", in: "team", role: "kubeflow-edit", #"{"kind":"ServiceAccount","name":"bot","namespace":"team"}"#)
            let admin = try await fixture.principal("admin")
            let token = try await fixture.access.createAccountToken(by: admin, namespace: "team", account: "bot", seconds: nil).text
            #expect(try await fixture.access.authenticate(bearer: token).roles == ["team": .editor])
            try await fixture.delete(RoleBinding.kind, in: "team", "b")
            #expect(try await fixture.access.authenticate(bearer: token).roles == [:])
            try await fixture.delete("serviceaccounts", in: "team", "bot")
            #expect(await failure { _ = try await fixture.access.authenticate(bearer: token) }?.code == .unauthenticated)
            // Those that every namespace has.
            for (account, role) in [("default", Role?.none), ("default-editor", .editor), ("default-viewer", .viewer)] {
                let token = try await fixture.access.createAccountToken(by: admin, namespace: "team", account: account, seconds: nil).text
                #expect(try await fixture.access.authenticate(bearer: token).role(in: "team") == role)
            }
            let before = try await fixture.get("serviceaccounts", in: "team", "default-editor")
            try await fixture.delete("serviceaccounts", in: "team", "default-editor")
            let after = try await fixture.get("serviceaccounts", in: "team", "default-editor")
            #expect(after != nil && after?.uid != before?.uid)
        }
    }

    @Test func theLastOwnerStays() async throws {
        try await NamespacesFixture.with { fixture in
            try await fixture.create("namespaces", #"{"metadata":{"name":"team"}}"#)
            try await fixture.binding("one", in: "team", role: "admin", user("ann"))
            #expect(await failure { try await fixture.delete(RoleBinding.kind, in: "team", "one") }?.code == .failedPrecondition)
            #expect(await failure { try await fixture.merge(RoleBinding.kind, in: "team", "one", #"{"subjects":[]}"#) }?.code == .failedPrecondition)
            #expect(try await fixture.access.boundRoles(in: "team").contains(BoundRole(subject: .user("ann"), role: .owner)))
            try await fixture.binding("two", in: "team", role: "kubeflow-admin", #"{"kind":"Group","name":"lab"}"#)
            try await fixture.delete(RoleBinding.kind, in: "team", "one")
        }
    }

    @Test(arguments: [
        (#"{"kind":"Role","name":"admin"}"#, user("bob"), "roleRef.kind"), (#"{"kind":"ClusterRole","name":"cluster-admin"}"#, user("bob"), "roleRef.name"),
        (#"{"kind":"ClusterRole","name":"edit","apiGroup":"x"}"#, user("bob"), "roleRef.apiGroup"),
        (#"{"kind":"ClusterRole","name":"edit"}"#, #"{"kind":"Robot","name":"a"}"#, "subjects[0].kind"),
        (#"{"kind":"ClusterRole","name":"edit"}"#, #"{"kind":"User","name":""}"#, "subjects[0].name"),
        (#"{"kind":"ClusterRole","name":"edit"}"#, #"{"kind":"User","name":" a"}"#, "subjects[0].name"),
        (#"{"kind":"ClusterRole","name":"edit"}"#, #"{"kind":"ServiceAccount","name":"a"}"#, "subjects[0].namespace"),
    ])
    func wrongBindingsAreTold(role: String, subject: String, place: String) async throws {
        try await Self.team { fixture in
            let error = await failure {
                try await fixture.create(RoleBinding.kind, in: "team", #"{"metadata":{"name":"b"},"roleRef":\#(role),"subjects":[\#(subject)]}"#)
            }
            #expect(error?.message.contains(place) == true, "\(String(describing: error))")
            try await fixture.binding("c", in: "team", role: "edit", user("bob"))
            #expect(await failure { try await fixture.merge(RoleBinding.kind, in: "team", "c", #"{"roleRef":{"name":"view"}}"#) }?.message.contains("roleRef") == true)
        }
    }

    /// Roles of a directory that was made before there were bindings.
    @Test func oldRolesGetBindings() async throws {
        let old = try await NamespacesFixture(installs: false)
        try await old.access.createNamespace("team")
        try await old.user("ann", ["team": .owner])
        await old.stop()
        try await NamespacesFixture.with(try await NamespacesFixture(directory: old.directory)) { fixture in
            #expect(try await fixture.names(RoleBinding.kind, in: "team") == ["default-editor", "default-viewer", "user-ann-clusterrole-admin"])
            #expect(try await fixture.get("namespaces", "team")?["status"]?["phase"] == "Active")
            #expect(try await fixture.names(RoleBinding.kind, in: "default").contains("user-admin-clusterrole-admin"))
            let version = try await fixture.resources.version()
            try await fixture.service.install()
            #expect(try await fixture.resources.version() == version)
        }
    }
}

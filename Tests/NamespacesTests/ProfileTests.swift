import Access
import Core
import Resources
import Testing

@testable import Namespaces

@Suite struct ProfileTests {
    @Test(arguments: ["v1", "v1beta1"])
    func aProfileMakesItsNamespace(version: String) async throws {
        try await NamespacesFixture.with { fixture in
            try await fixture.user("ann")
            let profile = try await fixture.profile("team", hard: #"{"requests.cpu":"4","pods":10}"#, version: version)
            #expect(profile["apiVersion"]?.stringValue == "kubeflow.org/" + version)
            #expect(profile["status"]?["conditions"]?[0]?["type"] == "Ready" && profile["status"]?["conditions"]?[0]?["status"] == "True")
            let namespace = try #require(try await fixture.get("namespaces", "team"))
            #expect(namespace.metadata["annotations"]?["owner"] == "ann" && namespace["status"]?["phase"] == "Active")
            #expect(namespace.metadata["ownerReferences"]?[0]?["uid"]?.stringValue == profile.uid)
            #expect(try await fixture.names(NamespaceContents.accountKind, in: "team") == ["default", "default-editor", "default-viewer"])
            #expect(try await fixture.names(RoleBinding.kind, in: "team") == ["default-editor", "default-viewer", "namespaceAdmin"])
            #expect(try await fixture.get("resourcequotas", in: "team", "kf-resource-quota")?["spec"]?["hard"]?["pods"] == 10)
            #expect(try await fixture.principal("ann").role(in: "team") == .owner)
            #expect(fixture.access.settings(of: "team") != nil && fixture.quotas["team"]?.requests.cpuMillis == 4_000 && fixture.quotas["team"]?.tasks == 10)
            #expect(await failure { try await fixture.profile("team") }?.code == .alreadyExists)
        }
    }

    @Test func aChangeMovesOwnerAndQuota() async throws {
        try await NamespacesFixture.with { fixture in
            try await fixture.user("ann")
            try await fixture.user("bob")
            try await fixture.profile("team", hard: #"{"pods":10}"#)
            try await fixture.merge("profiles.kubeflow.org", "team", #"{"spec":{"owner":{"name":"bob"},"resourceQuotaSpec":{"hard":{"pods":3}}}}"#)
            #expect(try await fixture.principal("ann").role(in: "team") == nil)
            #expect(try await fixture.principal("bob").role(in: "team") == .owner)
            #expect(fixture.quotas["team"]?.tasks == 3)
            try await fixture.merge("profiles.kubeflow.org", "team", #"{"spec":{"resourceQuotaSpec":null}}"#)
            #expect(try await fixture.get("resourcequotas", in: "team", "kf-resource-quota") == nil && fixture.quotas["team"] == EffectiveQuota())
            // A group, which need not be known yet.
            try await fixture.merge("profiles.kubeflow.org", "team", #"{"spec":{"owner":{"kind":"Group","name":"lab"}}}"#)
            #expect(try await fixture.principal("bob").role(in: "team") == nil)
            #expect(try await fixture.principal("ann", groups: ["lab"]).role(in: "team") == .owner)
        }
    }

    @Test func theOwnerMayComeLater() async throws {
        try await NamespacesFixture.with { fixture in
            try await fixture.profile("team", owner: "ann@example.com")
            _ = try await fixture.access.createUser(name: "ann@example.com", homeNamespace: "team", isAdmin: false, roles: [:])
            #expect(try await fixture.principal("ann@example.com").role(in: "team") == .owner)
        }
    }

    @Test func aNamespaceIsAdopted() async throws {
        try await NamespacesFixture.with { fixture in
            try await fixture.create("namespaces", #"{"metadata":{"name":"team","labels":{"a":"b"}}}"#)
            try await fixture.user("ann", ["team": .viewer])
            try await fixture.access.updateNamespace("team", NamespaceSettings(network: false))
            try await fixture.create("configmaps", in: "team", #"{"metadata":{"name":"c"}}"#)
            try await fixture.profile("team")
            #expect(try await fixture.principal("ann").role(in: "team") == .owner)
            #expect(try await fixture.get("namespaces", "team")?.metadata["labels"]?["a"] == "b")
            #expect(try await fixture.get("configmaps", in: "team", "c") != nil)
            #expect(fixture.access.settings(of: "team")?.network == false)
            // A quota that is there is not widened by who takes the namespace over.
            try await fixture.create("namespaces", #"{"metadata":{"name":"lab"}}"#)
            try await fixture.create("resourcequotas", in: "lab", #"{"metadata":{"name":"kf-resource-quota"},"spec":{"hard":{"pods":1}}}"#)
            try await fixture.binding("namespaceAdmin", in: "lab", role: "admin", user("eve"))
            #expect(await failure { try await fixture.profile("lab", hard: #"{"pods":99}"#) }?.code == .conflict)
            #expect(try await fixture.get("profiles.kubeflow.org", "lab") == nil && fixture.quotas["lab"]?.tasks == 1)
            try await fixture.profile("lab")
            #expect(fixture.quotas["lab"]?.tasks == 1)
            // The binding is the profile's owner's now.
            #expect(try await fixture.access.boundRoles(in: "lab").filter { $0.role == .owner }.map(\.subject) == [.user("ann")])
            // One that a profile has left is not given to the next owner.
            try await fixture.delete("profiles.kubeflow.org", "team")
            #expect(await failure { try await fixture.profile("team", owner: "bob") }?.code == .conflict)
        }
    }

    @Test func wrongProfilesAreTold() async throws {
        try await NamespacesFixture.with { fixture in
            for (owner, kind, hard, place) in [
                (" ann", "User", "{}", "spec.owner.name"), ("", "User", "{}", "spec.owner.name"), ("ann", "ServiceAccount", "{}", "spec.owner.kind"),
                ("ann", "User", #"{"cpu":"many"}"#, "spec.resourceQuotaSpec.hard[cpu]"), ("ann", "User", #"{"pods":-1}"#, "spec.resourceQuotaSpec.hard[pods]"),
            ] {
                let error = await failure { try await fixture.profile("team", owner: owner, ownerKind: kind, hard: hard) }
                #expect(error?.message.contains(place) == true, "\(owner) \(kind) \(hard): \(String(describing: error))")
            }
            #expect(fixture.access.settings(of: "team") == nil)
            #expect(await failure { try await fixture.profile("Team") }?.message.contains("metadata.name") == true)
        }
    }

    @Test func whatTheProfileSaysIsChangedThere() async throws {
        try await NamespacesFixture.with { fixture in
            try await fixture.user("ann")
            try await fixture.user("bob", ["default": .viewer])
            try await fixture.profile("team", hard: #"{"pods":10}"#)
            try await fixture.access.setRole(user: "bob", namespace: "team", .owner)
            #expect(await failure { try await fixture.delete(RoleBinding.kind, in: "team", "namespaceAdmin") }?.hint?.contains("spec.owner") == true)
            #expect(await failure { try await fixture.access.setRole(user: "ann", namespace: "team", .viewer) }?.hint?.contains("spec.owner") == true)
            #expect(await failure { try await fixture.delete("resourcequotas", in: "team", "kf-resource-quota") }?.code == .failedPrecondition)
            #expect(await failure { try await fixture.merge("resourcequotas", in: "team", "kf-resource-quota", #"{"spec":{"hard":{"pods":99}}}"#) }?.code == .failedPrecondition)
            // Metadata is free.
            try await fixture.merge("resourcequotas", in: "team", "kf-resource-quota", #"{"metadata":{"labels":{"a":"b"}}}"#)
            // A user can always be removed.
            try await fixture.access.deleteUser("ann")
            #expect(try await fixture.names(RoleBinding.kind, in: "team").contains("namespaceAdmin") == false)
        }
    }

    @Test func whoMayCreateOne() async throws {
        for isOn in [false, true] {
            try await NamespacesFixture.with(try await NamespacesFixture(selfRegistration: isOn)) { fixture in
                try await fixture.create("namespaces", #"{"metadata":{"name":"lab"}}"#)
                try await fixture.user("ann", ["lab": .owner])
                try await fixture.user("bob", ["lab": .editor])
                let admin = try await fixture.principal("admin"), ann = try await fixture.principal("ann"), bob = try await fixture.principal("bob")
                func may(_ caller: Principal, _ name: String, _ owner: String, kind: String = "User") async -> Bool {
                    let body: JSON = ["metadata": ["name": .string(name)], "spec": ["owner": ["kind": .string(kind), "name": .string(owner)]]]
                    return await failure { try await fixture.service.registration.check(caller, body) } == nil
                }
                #expect(await may(admin, "new", "bob"))
                #expect(await may(admin, "lab", "bob"))
                // An owner of a namespace may put it under a profile of its own.
                #expect(await may(ann, "lab", "ann"))
                #expect(await !may(ann, "lab", "bob"))
                #expect(await !may(bob, "lab", "bob"))
                #expect(await !may(ann, "lab", "ann", kind: "Group"))
                #expect(await may(bob, "new", "bob") == isOn)
                #expect(await !may(bob, "new", "ann"))
                #expect(await !may(bob, "default", "bob"))
                let task = Principal(user: "bob", homeNamespace: "lab", roles: ["lab": .editor], kind: .service(taskID: "1"))
                #expect(await !may(task, "new", "bob"))
                try await fixture.profile("bobs", owner: "bob")
                #expect(await !may(try await fixture.principal("bob"), "new", "bob"))
            }
        }
    }
}

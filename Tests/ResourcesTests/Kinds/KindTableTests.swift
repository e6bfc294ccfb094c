import Core
import Resources
import Testing

@Suite struct KindTableTests {
    private func custom(
        _ group: String, _ kind: String, _ plural: String, shortNames: [String] = [], versions: [String] = ["v1"], uid: String = "1"
    ) -> KindDefinition {
        KindDefinition(
            group: group, kind: kind, plural: plural, shortNames: shortNames,
            versions: versions.enumerated().map { KindVersion($1, isStored: $0 == 0, schema: .anyObject()) }, origin: .custom(uid: uid))
    }

    @Test func versionsInTheOrderThatClientsPrefer() {
        let order = [
            "v10", "v2", "v1", "v11beta2", "v10beta3", "v3beta1", "v1beta1", "v12alpha1", "v11alpha2", "v1alpha1",
            "foo1", "foo10", "v01", "v1gamma1", "v99999999999999999999",
        ]
        #expect(order.reversed().sorted(by: VersionOrder.precedes) == order)
        #expect(order.shuffled().sorted(by: VersionOrder.precedes) == order)
        #expect(!VersionOrder.precedes("v1", "v1"))
    }

    @Test func lookUps() throws {
        var table = KindTable()
        try table.add(custom("stable.example.com", "CronTab", "crontabs", shortNames: ["ct"], versions: ["v1beta1", "v1"]))
        #expect(table.kind(key: "pods")?.kind == "Pod" && table.kind(key: "jobs.batch")?.kind == "Job")
        #expect(table.kind(group: "stable.example.com", kind: "CronTab")?.key == "crontabs.stable.example.com")
        #expect(table.match(group: "batch", version: "v1", plural: "jobs")?.version.name == "v1")
        #expect(table.match(group: "batch", version: "v2", plural: "jobs") == nil && table.match(group: "", version: "v1", plural: "jobs") == nil)
        #expect(table.match(apiVersion: "v1", kind: "Pod")?.kind.plural == "pods")
        #expect(table.match(apiVersion: "stable.example.com/v1beta1", kind: "CronTab")?.version.name == "v1beta1")
        #expect(table.match(apiVersion: "a/b/c", kind: "Pod") == nil && table.match(apiVersion: "", kind: "Pod") == nil)
        #expect(table.kinds(shortName: "ct").map(\.kind) == ["CronTab"])
        for word in ["crontabs", "crontab", "CronTab", "ct", "crontabs.stable.example.com", "crontab.stable.example.com"] {
            #expect(table.resolve(word)?.kind == "CronTab", "\(word)")
        }
        #expect(table.resolve("nothing") == nil)
        #expect(table.kinds(category: "all").map(\.plural) == ["pods", "jobs", "cronjobs"])
        #expect(table.kinds(group: "batch", version: "v1").map(\.plural) == ["jobs", "cronjobs"])
    }

    @Test func groupsInOrder() throws {
        var table = KindTable()
        try table.add(custom("zebra.io", "Zed", "zeds"))
        try table.add(custom("apple.io", "App", "apps", versions: ["v1alpha1", "v1", "v2", "v1beta1"]))
        try table.add(custom("kubeflow.org", "Thing", "things", versions: ["v1beta1"]))
        #expect(table.groups.map(\.name) == ["", "batch", "kubeflow.org", "apiextensions.k8s.io", "coordination.k8s.io", "rbac.authorization.k8s.io", "apple.io", "zebra.io"])
        #expect(table.groups[2].versions == ["v1", "v1beta1", "v1alpha1"])
        #expect(table.groups[6].versions == ["v2", "v1", "v1beta1", "v1alpha1"])
    }

    @Test func unservedVersionsAreNotFound() throws {
        var kind = custom("a.io", "A", "as", versions: ["v1", "v2"])
        kind.versions[0].isServed = false
        var table = KindTable([])
        try table.add(kind)
        #expect(kind.versions[0].name == "v2" && table.match(group: "a.io", version: "v2", plural: "as") == nil)
        #expect(table.match(apiVersion: "a.io/v2", kind: "A") == nil)
        #expect(table.groups.map(\.versions) == [["v1"]] && table.kinds(group: "a.io", version: "v2").isEmpty)
    }

    @Test(arguments: [
        // The same key is the same definition, changed.
        ("a.io", "Other", "crons", [], "", ""),
        ("a.io", "Other", "ct", [], "PluralConflict", "ct"),
        ("a.io", "CRON", "others", [], "SingularConflict", "cron"),
        ("a.io", "Other", "others", ["x", "ct"], "ShortNamesConflict", "ct"),
        ("a.io", "CronList", "others", [], "KindConflict", "CronList"),
        ("kubeflow.org", "Profile", "profiles", [], "PluralConflict", "profiles"),
        ("kubeflow.org", "Profile", "others", [], "SingularConflict", "profile"),
        ("a.io", "Other", "cronlists", [], "", ""),
        ("a.io", "Other", "cron", [], "PluralConflict", "cron"),
        ("b.io", "Cron", "crons", ["ct"], "", ""),
    ] as [(String, String, String, [String], String, String)])
    func namesThatAreTaken(group: String, kind: String, plural: String, shortNames: [String], reason: String, name: String) throws {
        var table = KindTable()
        try table.add(custom("a.io", "Cron", "crons", shortNames: ["ct"]))
        let new = custom(group, kind, plural, shortNames: shortNames, uid: "2")
        let conflict = table.conflict(of: new)
        if reason.isEmpty { #expect(conflict == nil) } else {
            #expect(conflict?.reason == reason && conflict?.message == "\"\(name)\" is already in use")
            #expect(throws: KindTable.NameConflict.self) { try table.add(new) }
            #expect(table.kinds.count == BuiltInKinds.all.count + 1)
        }
    }

    @Test func replacedAndRemoved() throws {
        var table = KindTable()
        try table.add(custom("a.io", "Cron", "crons", shortNames: ["ct"]))
        try table.add(custom("a.io", "Tab", "crons", shortNames: ["tb"], versions: ["v2"]))
        #expect(table.kind(group: "a.io", kind: "Cron") == nil && table.kinds(shortName: "ct").isEmpty)
        #expect(table.kind(group: "a.io", kind: "Tab") != nil && table.match(group: "a.io", version: "v2", plural: "crons") != nil)
        #expect(table.remove(key: "crons.a.io")?.kind == "Tab" && table.remove(key: "crons.a.io") == nil)
        #expect(table.resolve("tb") == nil && table.match(group: "a.io", version: "v2", plural: "crons") == nil)
        #expect(table.remove(key: "pods") == nil && table.kind(key: "pods") != nil)
    }
}

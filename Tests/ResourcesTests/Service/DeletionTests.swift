import Core
import Resources
import Testing

@Suite(.timeLimit(.minutes(5))) struct DeletionTests {
    @discardableResult
    private func make(_ fixture: ResourcesFixture, _ name: String, owners: [JSON] = [], finalizers: [JSON] = []) async throws -> JSON {
        let maps = try #require(fixture.kind("configmaps"))
        return try await fixture.service.create(maps, namespace: "a", configMap(name, owners: owners, finalizers: finalizers), tester).document
    }

    private func unfinalize(_ fixture: ResourcesFixture, _ name: String) async throws -> WriteResult {
        let maps = try #require(fixture.kind("configmaps"))
        return try await fixture.service.patch(maps, namespace: "a", name: name, .merge(["metadata": ["finalizers": .null]]), tester)
    }

    @Test func preconditionsAndFinalizers() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            let made = try await make(fixture, "m", finalizers: ["x.y/z"])
            await expect(.conflict) { _ = try await service.delete(maps, namespace: "a", name: "m", DeleteOptions(uid: "other")) }
            var options = DeleteOptions(uid: made.uid)
            options.resourceVersion = "1000"
            await expect(.conflict) { _ = try await service.delete(maps, namespace: "a", name: "m", options) }
            options.resourceVersion = made.version
            let marked = try await service.delete(maps, namespace: "a", name: "m", options)
            #expect(!marked.isRemoved && marked.document.isBeingDeleted && marked.document.finalizers == ["x.y/z"])
            // A second deletion changes nothing, and a new finalizer comes too late.
            #expect(try await service.delete(maps, namespace: "a", name: "m", DeleteOptions()).document.sorted == marked.document.sorted)
            await #expect(throws: InvalidResource.self) {
                try await service.patch(maps, namespace: "a", name: "m", .merge(["metadata": ["finalizers": ["x.y/z", "x.y/new"]]]), tester)
            }
            #expect(try await unfinalize(fixture, "m").isRemoved)
            #expect(try await !fixture.exists(maps, "m"))
            await expect(.notFound) { _ = try await service.delete(maps, namespace: "a", name: "m", DeleteOptions()) }
        }
    }

    @Test func backgroundDeletesWhatNobodyElseOwns() async throws {
        try await ResourcesFixture.with { fixture in
            let maps = try #require(fixture.kind("configmaps"))
            let one = try await make(fixture, "one"), two = try await make(fixture, "two")
            let stranger: JSON = ["apiVersion": "elsewhere.io/v1", "kind": "Thing", "name": "t", "uid": "u-elsewhere"]
            try await fixture.each(0..<220) { try await make(fixture, "child\($0)", owners: [one.owner()]) }
            try await make(fixture, "shared", owners: [one.owner(), two.owner()])
            try await make(fixture, "foreign", owners: [one.owner(), stranger])
            try await make(fixture, "grandchild", owners: [try await fixture.document(maps, "child7").owner()])
            _ = try await fixture.service.delete(maps, namespace: "a", name: "one", DeleteOptions(propagation: .background))
            try await fixture.until("configmaps") {
                let page = try await fixture.service.list(maps, ResourceQuery(kind: "configmaps"))
                return page.items.map(\.key.name) == ["foreign", "shared", "two"]
            }
            try await fixture.until("configmaps") { try await fixture.document(maps, "shared").owners == ["two"] }
            try await fixture.until("configmaps") { try await fixture.document(maps, "foreign").owners == ["t"] }
        }
    }

    @Test func foregroundWaitsForThoseThatBlock() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            let one = try await make(fixture, "one"), two = try await make(fixture, "two")
            try await make(fixture, "blocks", owners: [one.owner(blocks: true)], finalizers: ["x.y/z"])
            try await make(fixture, "lets", owners: [one.owner()], finalizers: ["x.y/z"])
            try await make(fixture, "shared", owners: [one.owner(blocks: true), two.owner()])
            let result = try await service.delete(maps, namespace: "a", name: "one", DeleteOptions(propagation: .foreground))
            #expect(!result.isRemoved && result.document.finalizers == ["foregroundDeletion"])
            try await fixture.until("configmaps") {
                let blocks = try await fixture.document(maps, "blocks").isBeingDeleted, lets = try await fixture.document(maps, "lets").isBeingDeleted
                let owners = try await fixture.document(maps, "shared").owners
                return blocks && lets && owners == ["two"]
            }
            #expect(try await fixture.exists(maps, "one"))
            #expect(try await unfinalize(fixture, "blocks").isRemoved)
            try await fixture.untilGone(maps, "one")
            #expect(try await fixture.document(maps, "lets").isBeingDeleted)
            #expect(try await !fixture.document(maps, "shared").isBeingDeleted)
        }
    }

    /// An owner that waits goes on when what it waits for is taken out of its hands, or lets it go.
    @Test func foregroundEndsWhereADependentLetsGo() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            for patch in [["metadata": ["ownerReferences": .null]], ["metadata": ["ownerReferences": [["blockOwnerDeletion": false]]]]] as [JSON] {
                let one = try await make(fixture, "one")
                try await make(fixture, "blocks", owners: [one.owner(blocks: true)], finalizers: ["x.y/z"])
                _ = try await service.delete(maps, namespace: "a", name: "one", DeleteOptions(propagation: .foreground))
                try await fixture.until("configmaps") { try await fixture.document(maps, "blocks").isBeingDeleted }
                var change = patch
                if change["metadata"]?["ownerReferences"] != .null { change["metadata"]?["ownerReferences"] = [one.owner()] }
                _ = try await service.patch(maps, namespace: "a", name: "blocks", .merge(change), tester)
                try await fixture.untilGone(maps, "one")
                _ = try await unfinalize(fixture, "blocks")
            }
        }
    }

    @Test func orphansStay() async throws {
        try await ResourcesFixture.with { fixture in
            let maps = try #require(fixture.kind("configmaps"))
            let one = try await make(fixture, "one")
            try await fixture.each(0..<150) { try await make(fixture, "child\($0)", owners: [one.owner(blocks: true)]) }
            _ = try await fixture.service.delete(maps, namespace: "a", name: "one", DeleteOptions(propagation: .orphan))
            try await fixture.untilGone(maps, "one")
            let left = try await fixture.service.list(maps, ResourceQuery(kind: "configmaps")).items
            #expect(left.count == 150 && left.allSatisfy { !$0.document.contains("ownerReferences") && !$0.document.contains("deletionTimestamp") })
        }
    }

    /// The collector's own edits keep what is sealed readable.
    @Test func anOrphanedSecretKeepsItsData() async throws {
        try await ResourcesFixture.with(ResourcesFixture(hasKeys: true)) { fixture in
            let maps = try #require(fixture.kind("configmaps")), secrets = try #require(fixture.kind("secrets"))
            let owner = try await make(fixture, "owner")
            let secret: JSON = [
                "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s", "ownerReferences": [owner.owner()]], "data": ["password": "aHVudGVyMg=="],
            ]
            _ = try await fixture.service.create(secrets, namespace: "a", secret, tester)
            _ = try await fixture.service.delete(maps, namespace: "a", name: "owner", DeleteOptions(propagation: .orphan))
            try await fixture.until("secrets") { try await fixture.document(secrets, "s").owners.isEmpty }
            #expect(try await fixture.document(secrets, "s")["data"] == ["password": "aHVudGVyMg=="])
        }
    }

    @Test(arguments: [DeletionPropagation.background, .foreground]) func ownersInACircleGo(_ propagation: DeletionPropagation) async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            let names = ["c0", "c1", "c2"]
            var made: [JSON] = []
            for name in names { made.append(try await make(fixture, name)) }
            for (index, name) in names.enumerated() {
                _ = try await service.patch(
                    maps, namespace: "a", name: name, .merge(["metadata": ["ownerReferences": [made[(index + 1) % 3].owner(blocks: true)]]]), tester)
            }
            _ = try await service.delete(maps, namespace: "a", name: "c1", DeleteOptions(propagation: propagation))
            for name in names { try await fixture.untilGone(maps, name) }
        }
    }

    /// Owners that are not there: of a kind that is known the object goes, of another it stays.
    @Test func whatIsBornWithoutItsOwnerGoes() async throws {
        try await ResourcesFixture.with { fixture in
            let maps = try #require(fixture.kind("configmaps"))
            let gone: JSON = ["apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "u-gone"]
            let stranger: JSON = ["apiVersion": "elsewhere.io/v1", "kind": "Thing", "name": "t", "uid": "u-elsewhere"]
            try await make(fixture, "foreign", owners: [stranger])
            try await fixture.each(0..<110) { try await make(fixture, "held\($0)", owners: [gone, stranger]) }
            try await make(fixture, "late", owners: [gone])
            try await fixture.untilGone(maps, "late")
            try await make(fixture, "adopted")
            _ = try await fixture.service.patch(maps, namespace: "a", name: "adopted", .merge(["metadata": ["ownerReferences": [gone]]]), tester)
            try await fixture.untilGone(maps, "adopted")
            #expect(try await fixture.document(maps, "foreign").owners == ["t"])
            try await fixture.until("configmaps") {
                let left = try await fixture.service.list(maps, ResourceQuery(kind: "configmaps")).items.map { try JSONParser.parse($0.document) }
                try #require(left.count == 111)
                return left.allSatisfy { $0.owners == ["t"] }
            }
        }
    }

    /// Nothing runs in the background, the process ends, and the next one finishes what was begun.
    @Test func whatACrashLeavesIsFinished() async throws {
        let before = try ResourcesFixture(starts: false)
        let directory = try await ResourcesFixture.with(before) { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            for (name, propagation) in [("back", .background), ("fore", .foreground), ("orph", .orphan)] as [(String, DeletionPropagation)] {
                let owner = try await make(fixture, name)
                try await make(fixture, name + "-child", owners: [owner.owner(blocks: true)])
                _ = try await service.delete(maps, namespace: "a", name: name, DeleteOptions(propagation: propagation))
            }
            #expect(try await service.list(maps, ResourceQuery(kind: "configmaps")).items.count == 5)
            return try fixture.crashed()
        }
        try await ResourcesFixture.with(ResourcesFixture(directory: directory)) { fixture in
            let maps = try #require(fixture.kind("configmaps"))
            try await fixture.until("configmaps") {
                let items = try await fixture.service.list(maps, ResourceQuery(kind: "configmaps")).items
                return items.map(\.key.name) == ["orph-child"] && !items[0].document.contains("ownerReferences")
            }
        }
    }
}

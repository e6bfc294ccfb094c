import Core
import Resources
import Testing

@Suite(.timeLimit(.minutes(5))) struct CustomKindRemovalTests {
    private static let finalizer = "customresourcecleanup.apiextensions.k8s.io"

    private func remove(_ fixture: ResourcesFixture) async throws -> WriteResult {
        try await fixture.service.delete(try #require(fixture.kind(definitionKind)), namespace: "", name: "widgets.example.com", DeleteOptions())
    }

    @Test func objectsGoWithTheirKind() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, definitions = try #require(fixture.kind(definitionKind)), widgets = try #require(try await fixture.define())
            try await fixture.each(0..<230) { _ = try await service.create(widgets, namespace: ["a", "b"][$0 % 2], widget("w\($0)"), tester) }
            _ = try await service.create(widgets, namespace: "a", widget("held", finalizers: ["x.y/z"]), tester)
            let watcher = try await service.hub.watch(WatchFilter(kind: widgets.key), after: try await service.version())
            let result = try await remove(fixture)
            #expect(!result.isRemoved && result.document.finalizers == [Self.finalizer])
            let terminating = result.document["status"]?["conditions"]?.arrayValue?.first { $0["type"] == "Terminating" }
            #expect(terminating?["status"] == "True" && terminating?["reason"] == "InstanceDeletionPending")
            var gone = 0
            while gone < 230, case .change(_, let type)? = try await watcher.next() { if type == .deleted { gone += 1 } }
            // One that is held keeps its kind, which can be read and changed but not added to.
            try await fixture.until(widgets.key) { try await fixture.document(widgets, "held").isBeingDeleted }
            await expect(.unimplemented, "not allowed while custom resource definition is terminating") {
                _ = try await service.create(widgets, namespace: "a", widget("new"), tester)
            }
            await expect(.unimplemented) {
                _ = try await service.patch(widgets, namespace: "a", name: "new", .apply(["apiVersion": "example.com/v1", "kind": "Widget"], force: false), tester)
            }
            #expect(fixture.kind("widgets.example.com") != nil)
            let last = try await service.patch(widgets, namespace: "a", name: "held", .merge(["metadata": ["finalizers": .null]]), tester)
            #expect(last.isRemoved)
            try await fixture.untilGone(definitions, "widgets.example.com", in: "")
            #expect(fixture.kind("widgets.example.com") == nil)
            // Watches end with their kind, and have told everything.
            var rest: [ResourceEventType] = []
            while case .change(_, let type)? = try await watcher.next() { rest.append(type) }
            #expect(rest.last == .deleted)
            // Who holds the kind from before makes no object of it any more, also where a new kind has its name.
            await expect(.notFound) { _ = try await service.create(widgets, namespace: "a", widget("late"), tester) }
            let again = try #require(try await fixture.define())
            await expect(.notFound) { _ = try await service.create(widgets, namespace: "a", widget("late"), tester) }
            _ = try await service.create(again, namespace: "a", widget("new"), tester)
        }
    }

    /// Somebody makes objects all the while.
    @Test func noneIsLeftBehind() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, definitions = try #require(fixture.kind(definitionKind)), widgets = try #require(try await fixture.define())
            let writers = (0..<8).map { writer in
                Task {
                    for index in 0... {
                        do { _ = try await service.create(widgets, namespace: "a", widget("w\(writer)-\(index)"), tester) } catch { return index }
                    }
                    return 0
                }
            }
            try await fixture.until(widgets.key) { try await fixture.exists(widgets, "w3-5") }
            _ = try await remove(fixture)
            try await fixture.untilGone(definitions, "widgets.example.com", in: "")
            for writer in writers { #expect(await writer.value > 0) }
            let left = try await fixture.database.read { try ResourceStore.list($0, ResourceQuery(kind: "widgets.example.com")).items.count }
            #expect(left == 0)
        }
    }

    /// Whoever takes the finalizer away leaves no objects that nobody can reach.
    @Test func aDefinitionWithObjectsCannotBeForcedOut() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, definitions = try #require(fixture.kind(definitionKind)), widgets = try #require(try await fixture.define())
            _ = try await service.create(widgets, namespace: "a", widget("held", finalizers: ["x.y/z"]), tester)
            _ = try await remove(fixture)
            await expect(.conflict, "objects of the kind") {
                _ = try await service.patch(definitions, namespace: "", name: "widgets.example.com", .merge(["metadata": ["finalizers": .null]]), tester)
            }
            _ = try await service.patch(widgets, namespace: "a", name: "held", .merge(["metadata": ["finalizers": .null]]), tester)
            try await fixture.untilGone(definitions, "widgets.example.com", in: "")
        }
    }

    @Test func aCrashInBetweenIsFinished() async throws {
        let before = try ResourcesFixture(starts: false)
        let directory = try await ResourcesFixture.with(before) { fixture in
            let widgets = try #require(try await fixture.define())
            for name in ["w1", "w2"] { _ = try await fixture.service.create(widgets, namespace: "a", widget(name), tester) }
            _ = try await remove(fixture)
            return try fixture.crashed()
        }
        let held = try ResourcesFixture(directory: directory, starts: false)
        let again = try await ResourcesFixture.with(held) { fixture in
            let widgets = try #require(fixture.kind("widgets.example.com"))
            await expect(.unimplemented) { _ = try await fixture.service.create(widgets, namespace: "a", widget("new"), tester) }
            #expect(try await fixture.exists(widgets, "w1"))
            return try fixture.crashed()
        }
        try await ResourcesFixture.with(ResourcesFixture(directory: again)) { fixture in
            try await fixture.untilGone(try #require(fixture.kind(definitionKind)), "widgets.example.com", in: "")
            #expect(fixture.kind("widgets.example.com") == nil && fixture.service.kinds.current.resolve("widgets") == nil)
        }
    }
}

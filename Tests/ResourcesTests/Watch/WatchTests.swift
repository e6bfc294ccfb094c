import Core
import Resources
import Testing

@Suite(.timeLimit(.minutes(5))) struct WatchTests {
    /// Reads until the object with the name has come.
    static func read(_ watcher: Watcher, through name: String) async throws -> [(event: ResourceEvent, type: ResourceEventType)] {
        var seen: [(ResourceEvent, ResourceEventType)] = []
        while let delivery = try await watcher.next() {
            guard case .change(let event, let type) = delivery else { continue }
            seen.append((event, type))
            if event.key.name == name { break }
        }
        return seen
    }

    @Test func entersAndLeavesASelection() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            let selection = ResourceSelection(labels: try LabelSelector("tier=web"))
            let watcher = try await service.hub.watch(selection.filter(maps, namespace: "a"), after: try await service.version())
            func label(_ value: JSON) async throws {
                _ = try await service.patch(maps, namespace: "a", name: "m", .merge(["metadata": ["labels": ["tier": value]]]), tester)
            }
            _ = try await service.create(maps, namespace: "a", configMap("m", labels: ["tier": "db"]), tester)
            try await label("web")
            _ = try await service.patch(maps, namespace: "a", name: "m", .merge(["data": ["a": "2"]]), tester)
            try await label("db")
            _ = try await service.patch(maps, namespace: "a", name: "m", .merge(["data": ["a": "3"]]), tester)
            try await label("web")
            _ = try await service.delete(maps, namespace: "a", name: "m", DeleteOptions())
            _ = try await service.create(maps, namespace: "b", configMap("end", labels: ["tier": "web"]), tester)
            _ = try await service.create(maps, namespace: "a", configMap("end", labels: ["tier": "web"]), tester)
            let seen = try await Self.read(watcher, through: "end")
            #expect(seen.map(\.type) == [.added, .modified, .deleted, .added, .deleted, .added])
        }
    }

    /// The update that ends an object may take it out of the selection as well: who knows it hears that it is gone.
    @Test func anEndWithAnotherLabelIsSeen() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            let old = ResourceSelection(labels: try LabelSelector("tier=web")), new = ResourceSelection(labels: try LabelSelector("tier=db"))
            _ = try await service.create(maps, namespace: "a", configMap("m", labels: ["tier": "web"], finalizers: ["x.y/z"]), tester)
            _ = try await service.delete(maps, namespace: "a", name: "m", DeleteOptions())
            let version = try await service.version()
            _ = try await service.patch(maps, namespace: "a", name: "m", .merge(["metadata": ["labels": ["tier": "db"], "finalizers": .null]]), tester)
            _ = try await service.create(maps, namespace: "a", configMap("end", labels: ["tier": "web"]), tester)
            _ = try await service.create(maps, namespace: "a", configMap("end2", labels: ["tier": "db"]), tester)
            let knew = try await service.hub.watch(old.filter(maps, namespace: nil), after: version)
            #expect(try await Self.read(knew, through: "end").map(\.type) == [.deleted, .added])
            let never = try await service.hub.watch(new.filter(maps, namespace: nil), after: version)
            #expect(try await Self.read(never, through: "end2").map(\.event.key.name) == ["end2"])
        }
    }

    @Test func bookmarksNeverGoBack() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            let watcher = try await service.hub.watch(WatchFilter(kind: "configmaps"), after: try await service.version())
            let marks = Task { while !Task.isCancelled { service.hub.bookmark(); await Task.yield() } }
            let writes = Task {
                for index in 0..<100 { _ = try await service.create(maps, namespace: "a", configMap("m\(index)"), tester) }
            }
            var last: Int64 = 0, count = 0, bookmarks = 0
            while count < 100, let delivery = try await watcher.next() {
                switch delivery {
                case .change(let event, _):
                    #expect(event.version > last)
                    last = event.version
                    count += 1
                case .bookmark(let version):
                    #expect(version >= last)
                    last = max(last, version)
                    bookmarks += 1
                }
            }
            try await writes.value
            marks.cancel()
            await marks.value
            #expect(count == 100 && bookmarks > 0)
        }
    }

    @Test func endedWatchesLeaveNothing() async throws {
        try await ResourcesFixture.with { fixture in
            let hub = fixture.service.hub, version = try await fixture.service.version()
            let watchers = try await (0..<20).asyncMap { _ in try await hub.watch(WatchFilter(kind: "configmaps"), after: version) }
            #expect(hub.watcherCount == 20)
            let tasks = watchers.map { watcher in Task { try await watcher.next() } }
            for task in tasks.prefix(10) { task.cancel() }
            for watcher in watchers.dropFirst(10) { watcher.close() }
            for task in tasks { #expect(try await task.value == nil) }
            #expect(hub.watcherCount == 0)
            let open = try await hub.watch(WatchFilter(kind: "configmaps"), after: version)
            await fixture.service.close()
            #expect(try await open.next() == nil)
            #expect(try await hub.watch(WatchFilter(kind: "configmaps"), after: version).next() == nil)
            #expect(hub.watcherCount == 0)
        }
    }
}

extension Range where Bound == Int {
    func asyncMap<T>(_ body: (Int) async throws -> T) async rethrows -> [T] {
        var result: [T] = []
        for value in self { result.append(try await body(value)) }
        return result
    }
}

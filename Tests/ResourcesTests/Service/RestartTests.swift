import Core
import Resources
import Testing

@Suite(.timeLimit(.minutes(5))) struct RestartTests {
    /// The files as they are right after the write returned hold it, with its version, and the next version is a later one.
    @Test(arguments: [false, true]) func writesAndVersionsOutliveACrash(_ trims: Bool) async throws {
        let (directory, documents, version) = try await ResourcesFixture.with(ResourcesFixture(starts: false)) { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            for index in 0..<20 { _ = try await service.create(maps, namespace: "a", configMap("m\(index)", labels: ["n": .string(String(index % 2))]), tester) }
            for index in 0..<10 { _ = try await service.delete(maps, namespace: "a", name: "m\(index)", DeleteOptions()) }
            if trims { _ = try await fixture.database.write { try EventLog.trim($0, before: .init(milliseconds: .max), rows: 0, limit: 1_000) } }
            let page = try await service.list(maps, ResourceQuery(kind: "configmaps"))
            return (try fixture.crashed(), page.items.map(\.document), page.version)
        }
        #expect(documents.count == 10 && version == 30)
        try await ResourcesFixture.with(ResourcesFixture(directory: directory)) { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            let page = try await service.list(maps, ResourceQuery(kind: "configmaps"))
            #expect(page.items.map(\.document) == documents && page.version == version)
            let query = ResourceSelection(labels: try LabelSelector("n=1")).query(maps, namespace: "a")
            #expect(try await service.list(maps, query).items.count == 5)
            // A watch from before the crash goes on where the log is still there.
            if trims {
                await expect(.expired) { _ = try await service.hub.watch(WatchFilter(kind: "configmaps"), after: 20) }
            } else {
                let watcher = try await service.hub.watch(WatchFilter(kind: "configmaps"), after: 20)
                for index in 0..<10 {
                    guard case .change(let event, .deleted)? = try await watcher.next() else { Issue.record("no event"); return }
                    #expect(event.version == Int64(21 + index))
                }
            }
            let next = try await service.create(maps, namespace: "a", configMap("next"), tester).document
            #expect(next.version == String(version + 1))
        }
    }
}

import Core
import Resources
import Testing

@Suite(.timeLimit(.minutes(5))) struct ConcurrentWriteTests {
    @Test func aStaleVersionIsRefused() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            let first = try await service.create(maps, namespace: "a", configMap("m"), tester).document
            var mine = first, theirs = first
            mine["data"] = ["a": "2"]
            theirs["data"] = ["a": "3"]
            _ = try await service.replace(maps, namespace: "a", name: "m", mine, tester)
            await expect(.conflict) { _ = try await service.replace(maps, namespace: "a", name: "m", theirs, tester) }
            await expect(.conflict) {
                _ = try await service.patch(
                    maps, namespace: "a", name: "m", .merge(["metadata": ["resourceVersion": .string(first.version)], "data": ["b": "1"]]), tester)
            }
            // Who names no version overwrites.
            _ = try await service.replace(maps, namespace: "a", name: "m", configMap("m", ["a": "4"]), tester)
            _ = try await service.replace(maps, namespace: "a", name: "m", configMap("m", ["a": "5"]), tester)
            #expect(try await fixture.document(maps, "m")["data"] == ["a": "5"])
            await expect(.notFound) { _ = try await service.replace(maps, namespace: "a", name: "n", configMap("n"), tester) }
        }
    }

    /// 40 writers at once that each add a key, and 40 that each remove one: every one of them lands.
    @Test func patchesOfOneObjectAllLand() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps")), count = 40
            let old = JSON.object(JSONObject(uniqueKeysWithValues: (0..<count).map { ("old\($0)", "x") }))
            _ = try await service.create(maps, namespace: "a", configMap("m", old), tester)
            try await withThrowingTaskGroup { group in
                for index in 0..<count {
                    group.addTask { _ = try await service.patch(maps, namespace: "a", name: "m", .merge(["data": ["new\(index)": "x"]]), tester) }
                    group.addTask { _ = try await service.patch(maps, namespace: "a", name: "m", .json([["op": "remove", "path": .string("/data/old\(index)")]]), tester) }
                }
                try await group.waitForAll()
            }
            let data = try await fixture.document(maps, "m")["data"]?.objectValue ?? [:]
            #expect(Set(data.keys) == Set((0..<count).map { "new\($0)" }))
        }
    }

    /// Of many that create or apply the same name one creates, and all applies end up in the object.
    @Test func oneOfManyCreates() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            let created = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<40 {
                    group.addTask {
                        let body: JSON = ["apiVersion": "v1", "kind": "ConfigMap", "data": ["k\(index)": "x"]]
                        return try await service.patch(maps, namespace: "a", name: "m", .apply(body, force: false), WriteOptions(manager: "m\(index)")).isCreated
                    }
                }
                return try await group.reduce(into: 0) { if $1 { $0 += 1 } }
            }
            #expect(created == 1)
            #expect(try await fixture.document(maps, "m")["data"]?.objectValue?.count == 40)
        }
    }

    @Test func appliesConflict() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            func apply(_ value: String, _ manager: String, force: Bool = false) async throws -> WriteResult {
                try await service.patch(
                    maps, namespace: "a", name: "m", .apply(["apiVersion": "v1", "kind": "ConfigMap", "data": ["k": .string(value)]], force: force),
                    WriteOptions(manager: manager))
            }
            #expect(try await apply("1", "one").isCreated)
            do {
                _ = try await apply("2", "two")
                Issue.record("no conflict")
            } catch let error as ApplyConflict { #expect(error.conflicts.map(\.field) == [".data.k"]) }
            #expect(try await apply("2", "two", force: true).document["data"] == ["k": "2"])
            await #expect(throws: ApplyConflict.self) { try await apply("3", "one") }
        }
    }
}

import Core
import Resources
import Testing

/// Four writers, and watchers that join all the time: what each is told makes of its list what the store holds in the end.
@Suite(.timeLimit(.minutes(5))) struct WatchModelTests {
    private struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static func write(_ fixture: ResourcesFixture, _ kinds: [KindReference], seed: UInt64, count: Int) async throws {
        var random = Random(state: seed)
        for _ in 0..<count {
            let kind = kinds[Int.random(in: 0..<kinds.count, using: &random)], namespace = ["a", "b"][Int.random(in: 0..<2, using: &random)]
            let name = "o\(Int.random(in: 0..<12, using: &random))", label = ["x", "y"][Int.random(in: 0..<2, using: &random)]
            var body = configMap(name, ["n": .string(String(random.next()))], labels: ["l": .string(label)])
            body["kind"] = .string(kind.definition.kind)
            // What secrets hold is base64.
            if kind.definition.kind == "Secret" { body["stringData"] = body["data"]; body["data"] = nil }
            do {
                switch Int.random(in: 0..<4, using: &random) {
                case 0: _ = try await fixture.service.delete(kind, namespace: namespace, name: name, DeleteOptions())
                case 1: _ = try await fixture.service.create(kind, namespace: namespace, body, tester)
                default:
                    _ = try await fixture.service.patch(
                        kind, namespace: namespace, name: name,
                        .merge(["metadata": ["labels": ["l": .string(label)], "annotations": ["n": .string(String(random.next()))]]]), tester)
                }
            } catch let error as MonoflowError where error.code == .notFound || error.code == .alreadyExists {}
        }
    }

    /// Lists, then watches until the marks are there. - Returns: the version of the list, what it became, and the versions that were told.
    private static func follow(
        _ fixture: ResourcesFixture, _ kind: KindReference, _ selection: ResourceSelection, namespace: String?, marks: Set<String>
    ) async throws -> (from: Int64, objects: [String: String], versions: [Int64]) {
        let page = try await fixture.service.list(kind, selection.query(kind, namespace: namespace))
        var objects: [String: String] = [:], versions: [Int64] = []
        for item in page.items { objects["\(item.key.namespace)/\(item.key.name)"] = item.document }
        let watcher = try await fixture.service.hub.watch(selection.filter(kind, namespace: namespace), after: page.version)
        defer { watcher.close() }
        while !marks.isSubset(of: objects.keys), let delivery = try await watcher.next() {
            guard case .change(let event, let type) = delivery else { continue }
            let key = "\(event.key.namespace)/\(event.key.name)"
            #expect((type == .added) == (objects[key] == nil), "\(type) of \(key) at \(event.version)")
            objects[key] = type == .deleted ? nil : String(decoding: event.document, as: UTF8.self)
            versions.append(event.version)
        }
        return (page.version, objects, versions)
    }

    @Test(arguments: [1, 2] as [UInt64]) func watchersFollowWriters(_ seed: UInt64) async throws {
        try await ResourcesFixture.with(ResourcesFixture(hasKeys: true)) { fixture in
            let kinds = [try #require(fixture.kind("configmaps")), try #require(fixture.kind("secrets"))]
            let selections = [("", "end-y"), ("l=x", "end-x"), ("l!=x", "end-y")]
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await withThrowingTaskGroup { writers in
                        for writer in 0..<4 { writers.addTask { try await Self.write(fixture, kinds, seed: seed * 100 + UInt64(writer), count: 100) } }
                        try await writers.waitForAll()
                    }
                    // The last change that each watch is to see.
                    for (label, namespace) in [("x", "a"), ("x", "b"), ("y", "a"), ("y", "b")] {
                        for kind in kinds {
                            var body = configMap("end-" + label, labels: ["l": .string(label)])
                            body["kind"] = .string(kind.definition.kind)
                            body["data"] = nil
                            _ = try await fixture.service.create(kind, namespace: namespace, body, tester)
                        }
                    }
                }
                for kind in kinds {
                    for (text, mark) in selections {
                        for (namespace, marks) in [(nil, ["a/" + mark, "b/" + mark]), ("a", ["a/" + mark])] as [(String?, Set<String>)] {
                            let selection = ResourceSelection(labels: try LabelSelector(text))
                            group.addTask { try await Self.check(fixture, kind, selection, namespace, marks, isWhole: text.isEmpty) }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Compares what a follower made of its list with what the store holds, and what it was told with the log.
    private static func check(
        _ fixture: ResourcesFixture, _ kind: KindReference, _ selection: ResourceSelection, _ namespace: String?, _ marks: Set<String>, isWhole: Bool
    ) async throws {
        let (from, objects, versions) = try await follow(fixture, kind, selection, namespace: namespace, marks: marks)
        #expect(versions == versions.sorted() && Set(versions).count == versions.count)
        let end = try await fixture.service.list(kind, selection.query(kind, namespace: namespace)).items
        #expect(objects == Dictionary(uniqueKeysWithValues: end.map { ("\($0.key.namespace)/\($0.key.name)", $0.document) }))
        guard isWhole, let last = versions.last else { return }
        let logged = try await fixture.database.read { try EventLog.events($0, after: from, through: last, kind: kind.key, limit: 10_000) }
        #expect(versions == logged.filter { namespace == nil || $0.key.namespace == namespace }.map(\.version))
    }
}

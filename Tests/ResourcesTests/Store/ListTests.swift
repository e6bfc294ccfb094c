import Core
import Resources
import Testing

@Suite(.timeLimit(.minutes(5))) struct ListTests {
    private static func fill(_ fixture: ResourcesFixture) async throws -> KindReference {
        let widgets = try #require(try await fixture.define())
        try await fixture.each(0..<60) { index in
            var body = widget("w\(index)", ["color": .string(["red", "blue"][index % 2]), "size": .int(Int64(index))])
            if index % 5 != 4 { body["metadata"]?["labels"] = ["third": .string(String(index % 3)), "n": .string(String(index))] }
            _ = try await fixture.service.create(widgets, namespace: ["a", "b", "c"][index % 3], body, tester)
        }
        return widgets
    }

    /// Config maps m0, m1, … of namespace `a`, stored directly.
    private static func fill(_ fixture: ResourcesFixture, configMaps count: Int) async throws {
        try await fixture.database.write { db in
            for index in 0..<count {
                let name = "m\(index)"
                var document = configMap(name, labels: ["many": "x", "few": .string(String(index % 50)), "half": .string(String(index % 2))])
                document["metadata"]?["namespace"] = "a"
                document["metadata"]?["uid"] = .string(name)
                try ResourceStore.insert(db, PreparedResource(
                    key: ResourceKey(kind: "configmaps", namespace: "a", name: name), uid: name, document: VersionedDocument(document),
                    selectable: Selectable(labels: document["metadata"]?["labels"] ?? .null, fields: [:]), owners: []), at: Timestamp(milliseconds: 1))
            }
        }
    }

    /// Selectors, namespace, and which of the sixty objects they select.
    struct Case: Sendable {
        var labels: String, fields: String, namespace: String?, isSelected: @Sendable (Int) -> Bool
        init(_ labels: String, _ fields: String, _ namespace: String?, _ isSelected: @escaping @Sendable (Int) -> Bool) {
            (self.labels, self.fields, self.namespace, self.isSelected) = (labels, fields, namespace, isSelected)
        }
    }

    static let cases: [Case] = [
        .init("", "", nil, { $0 >= 0 }),
        .init("", "", "b", { $0 % 3 == 1 }),
        .init("third=1", "", nil, { $0 % 5 != 4 && $0 % 3 == 1 }),
        .init("third in (0,2)", "", "a", { $0 % 5 != 4 && $0 % 3 == 0 }),
        .init("third!=1", "", nil, { $0 % 5 == 4 || $0 % 3 != 1 }),
        .init("!third", "", nil, { $0 % 5 == 4 }),
        .init("third,n notin (1,2),third in (1,2)", "", nil, { $0 % 5 != 4 && $0 % 3 != 0 && $0 != 1 && $0 != 2 }),
        .init("n in (1,2,3),n in (3,5),third=0", "", nil, { $0 == 3 }),
        .init("", "spec.color=red", "a", { $0 % 2 == 0 && $0 % 3 == 0 }),
        .init("third=1", "spec.color!=red", nil, { $0 % 5 != 4 && $0 % 3 == 1 && $0 % 2 == 1 }),
        .init("", "metadata.name=w7", nil, { $0 == 7 }),
        .init("", "metadata.name=w7,metadata.name=w8", nil, { $0 < 0 }),
        .init("", "metadata.name!=w7,metadata.namespace=b", nil, { $0 % 3 == 1 && $0 != 7 }),
        .init("", "metadata.namespace=b", "a", { $0 < 0 }),
        .init("", "metadata.namespace=b", "b", { $0 % 3 == 1 }),
    ]

    @Test func selects() async throws {
        try await ResourcesFixture.with { fixture in
            let widgets = try await Self.fill(fixture)
            for (index, item) in Self.cases.enumerated() {
                let selection = ResourceSelection(labels: try LabelSelector(item.labels), fields: try FieldSelector(item.fields))
                try selection.check(widgets)
                let expected = Set((0..<60).filter(item.isSelected).map { "w\($0)" })
                for limit in [nil, 1, 7, 60] as [Int?] {
                    var query = selection.query(widgets, namespace: item.namespace), names: [String] = [], keys: [String] = []
                    query.limit = limit
                    while true {
                        let page = try await fixture.service.list(widgets, query)
                        names += page.items.map(\.key.name)
                        keys += page.items.map { $0.key.namespace + "/" + $0.key.name }
                        if let remaining = page.remaining { #expect(remaining == expected.count - names.count, "case \(index)") }
                        #expect(page.hasMore == (names.count < expected.count) && page.items.count <= limit ?? .max, "case \(index)")
                        guard page.hasMore, let last = page.items.last else { break }
                        query.after = (last.key.namespace, last.key.name)
                    }
                    #expect(names.count == expected.count && Set(names) == expected && keys == keys.sorted(), "case \(index)")
                }
            }
        }
    }

    /// A label that many have, one that few have, and both: the pages are the same whichever way the objects are found.
    @Test func labelsOfManyAndOfFew() async throws {
        try await ResourcesFixture.with { fixture in
            let maps = try #require(fixture.kind("configmaps")), count = 2_600
            try await Self.fill(fixture, configMaps: count)
            let cases: [(String, (Int) -> Bool)] = [
                ("many=x", { $0 >= 0 }), ("few=7", { $0 % 50 == 7 }), ("many=x,few in (7,8)", { $0 % 50 == 7 || $0 % 50 == 8 }), ("few=7,half=0", { $0 < 0 }),
                ("half=1,many=x", { $0 % 2 == 1 }),
            ]
            for (text, isSelected) in cases {
                let expected = (0..<count).filter(isSelected).map { "m\($0)" }.sorted()
                var query = ResourceSelection(labels: try LabelSelector(text)).query(maps, namespace: nil), names: [String] = []
                query.limit = 40
                while true {
                    let page = try await fixture.service.list(maps, query)
                    names += page.items.map(\.key.name)
                    guard page.hasMore, let last = page.items.last else { break }
                    query.after = (last.key.namespace, last.key.name)
                }
                #expect(names == expected, "\(text)")
            }
        }
    }

    /// Counting stops where it would cost more than the page.
    @Test func whatRemainsIsCountedWhereItIsFew() async throws {
        try await ResourcesFixture.with { fixture in
            let maps = try #require(fixture.kind("configmaps"))
            try await Self.fill(fixture, configMaps: 2_600)
            var query = ResourceQuery(kind: "configmaps"), remaining: [Int?] = []
            query.limit = 300
            while true {
                let page = try await fixture.service.list(maps, query)
                remaining.append(page.remaining)
                guard page.hasMore, let last = page.items.last else { break }
                query.after = (last.key.namespace, last.key.name)
            }
            #expect(remaining == [nil, 2_000, 1_700, 1_400, 1_100, 800, 500, 200, nil])
        }
    }

    /// The pages of a list are of one list: a watch from its version sees what changed while the pages were fetched.
    @Test func pagesHaveTheVersionOfTheFirst() async throws {
        try await ResourcesFixture.with { fixture in
            let service = fixture.service, maps = try #require(fixture.kind("configmaps"))
            for name in ["m1", "m2", "m3"] { _ = try await service.create(maps, namespace: "a", configMap(name), tester) }
            var query = ResourceQuery(kind: "configmaps")
            query.limit = 2
            let first = try await service.list(maps, query)
            _ = try await service.delete(maps, namespace: "a", name: "m1", DeleteOptions())
            query.after = ("a", "m2")
            query.version = first.version
            let second = try await service.list(maps, query)
            #expect(second.version == first.version && second.items.map(\.key.name) == ["m3"])
            let watcher = try await service.hub.watch(WatchFilter(kind: "configmaps"), after: second.version)
            guard case .change(let event, .deleted)? = try await watcher.next() else { Issue.record("no deletion"); return }
            #expect(event.key.name == "m1")
            // Too old to be watched from: the client starts again.
            _ = try await fixture.database.write { try EventLog.trim($0, before: .init(milliseconds: .max), rows: 0, limit: 100) }
            await expect(.expired) { _ = try await service.list(maps, query) }
            query.version = first.version + 100
            await expect(.expired) { _ = try await service.list(maps, query) }
        }
    }
}

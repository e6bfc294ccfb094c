import Core
import Foundation
import GRDB
import Resources
import Testing

/// What is on the disk of secrets, and what readers get.
@Suite struct SecretStorageTests {
    private static let marks = ["PLAINTEXT-one", "PLAINTEXT-two", "PLAINTEXT-three", "PLAINTEXT-note"]

    private func secret(_ name: String, _ value: String, note: String? = nil) -> JSON {
        [
            "apiVersion": "v1", "kind": "Secret",
            "metadata": .make(["name": .string(name), "labels": ["app": "x"], "annotations": note.map { ["note": .string($0)] }]), "stringData": ["password": .string(value)],
        ]
    }

    private func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    /// The files of a directory in which one of the texts stands, plain or in base64.
    private func leaks(_ directory: String, _ texts: [String]) throws -> [String] {
        let files = try FileManager.default.subpathsOfDirectory(atPath: directory)
        #expect(files.contains("monoflow.db"))
        return files.flatMap { file -> [String] in
            guard let data = FileManager.default.contents(atPath: directory + "/" + file) else { return [] }
            return texts.filter { text in data.range(of: Data(text.utf8)) != nil || data.range(of: Data(encoded(text).utf8)) != nil }.map { "\(file): \($0)" }
        }
    }

    @Test func nothingPlainOnTheDisk() async throws {
        try await ResourcesFixture.with(try ResourcesFixture(hasKeys: true)) { fixture in
            let service = fixture.service, kind = try #require(fixture.kind("secrets")), maps = try #require(fixture.kind("configmaps"))
            let options = WriteOptions(manager: "test")
            // A control: the search finds what is not confidential.
            _ = try await service.create(
                maps, namespace: "a", ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "open"], "data": ["k": "VISIBLE-TEXT"]], options)
            _ = try await service.create(kind, namespace: "a", secret("s", Self.marks[0], note: Self.marks[3]), options)
            _ = try await service.create(kind, namespace: "a", secret("gone", Self.marks[1]), options)
            _ = try await service.patch(kind, namespace: "a", name: "s", .merge(["stringData": ["more": .string(Self.marks[2])]]), options)
            _ = try await service.patch(
                kind, namespace: "a", name: "applied",
                .apply(["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "applied"], "stringData": ["p": .string(Self.marks[1])]], force: false), options)
            _ = try await service.delete(kind, namespace: "a", name: "gone", DeleteOptions())
            #expect(try leaks(fixture.directory, Self.marks) == [], "in the log")
            #expect(try leaks(fixture.directory, ["VISIBLE-TEXT"]).contains { $0.hasPrefix("monoflow.db-wal") })
            #expect(try fixture.database.readBlocking { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM resource_events") } == 6)
            await fixture.stop()
            #expect(try leaks(fixture.directory, Self.marks) == [], "in the main file")
            #expect(try leaks(fixture.directory, ["VISIBLE-TEXT"]).contains { $0.hasPrefix("monoflow.db:") })
        }
    }

    @Test(.timeLimit(.minutes(1))) func readersGetPlainDocuments() async throws {
        try await ResourcesFixture.with(try ResourcesFixture(hasKeys: true)) { fixture in
            let service = fixture.service, kind = try #require(fixture.kind("secrets")), options = WriteOptions(manager: "test")
            let start = try await service.version()
            let watcher = try await service.hub.watch(WatchFilter(kind: "secrets"), after: start)
            let made = try await service.create(kind, namespace: "a", secret("s", "one", note: "n"), options).document
            #expect(made["data"] == ["password": .string(encoded("one"))] && made["stringData"] == nil && made["type"] == "Opaque")
            #expect(made["metadata"]?["annotations"] == ["note": "n"])
            #expect(made["metadata"]?["managedFields"]?[0]?["fieldsV1"]?["f:data"]?["f:password"] != nil)
            let found = try await service.get(kind, namespace: "a", name: "s")
            #expect(try JSONParser.parse(found.document).canonicalText() == made.canonicalText())
            let changed = try await service.patch(kind, namespace: "a", name: "s", .merge(["metadata": ["labels": ["app": "y"]]]), options).document
            #expect(changed["data"] == made["data"])
            // Nothing is stored of a write that changes nothing, though it would be sealed anew.
            let version = try await service.version()
            _ = try await service.patch(kind, namespace: "a", name: "s", .merge(["stringData": ["password": "one"]]), options)
            #expect(try await service.version() == version)
            var query = ResourceSelection(labels: try LabelSelector("app!=x"), fields: try FieldSelector("type=Opaque")).query(kind, namespace: "a")
            #expect(try await service.list(kind, query).items.map { try JSONParser.parse($0.document).canonicalText() } == [changed.canonicalText()])
            query = ResourceQuery(kind: "secrets")
            #expect(try await service.list(kind, query).items.count == 1)
            _ = try await service.delete(kind, namespace: "a", name: "s", DeleteOptions())
            // From memory, and from the log.
            try await expectChanges(watcher, data: made["data"])
            await fixture.stop()
            let second = try ResourcesFixture(directory: fixture.directory, hasKeys: true)
            try await expectChanges(try await second.service.hub.watch(WatchFilter(kind: "secrets"), after: start), data: made["data"])
            await second.stop()
        }
    }

    private func expectChanges(_ watcher: Watcher, data: JSON?) async throws {
        for (type, label) in [(ResourceEventType.added, "x"), (.modified, "y"), (.deleted, "y")] {
            guard case .change(let event, let found)? = try await watcher.next() else { Issue.record("no event"); return }
            let document = try JSONParser.parse(event.document)
            #expect(found == type && document["data"] == data && document["metadata"]?["labels"] == ["app": .string(label)])
        }
    }

    @Test(.timeLimit(.minutes(1))) func sealedTextsStayInTheirPlace() async throws {
        try await ResourcesFixture.with(try ResourcesFixture(hasKeys: true)) { fixture in
            let service = fixture.service, kind = try #require(fixture.kind("secrets")), maps = try #require(fixture.kind("configmaps"))
            let options = WriteOptions(manager: "test")
            for name in ["a", "b"] { _ = try await service.create(kind, namespace: "n", secret(name, "of \(name)"), options) }
            let watcher = try await service.hub.watch(WatchFilter(kind: "secrets"), after: try await service.version())
            // The document of one object with the sealed data of the other.
            try fixture.database.writeBlocking { db in
                try db.execute(sql: """
                    UPDATE resources SET document = json_set(document, '$.data', json((SELECT json_extract(document, '$.data') FROM resources WHERE kind = 'secrets' AND name = 'a')))
                    WHERE kind = 'secrets' AND name = 'b'
                    """)
                #expect(db.changesCount == 1)
            }
            #expect(try await service.get(kind, namespace: "n", name: "a").document.contains(encoded("of a")))
            do {
                _ = try await service.get(kind, namespace: "n", name: "b")
                Issue.record("opened")
            } catch let error as MonoflowError { #expect(error.code == .dataLoss && error.subject == "n/b") }
            // A change that cannot be told ends its kind's watches with the error, and no others.
            try fixture.database.writeBlocking { db in
                try db.execute(sql: """
                    INSERT INTO resource_events (type, kind, namespace, name, document, at)
                    SELECT 2, kind, namespace, name, document, 0 FROM resources WHERE kind = 'secrets' AND name = 'b'
                    """)
            }
            await #expect(throws: MonoflowError.self) { while let delivery = try await watcher.next() { if case .change = delivery { Issue.record("told") } } }
            let others = try await service.hub.watch(WatchFilter(kind: "configmaps"), after: try await service.version())
            _ = try await service.create(maps, namespace: "n", ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "m"]], options)
            guard case .change? = try await others.next() else { Issue.record("no event"); return }
        }
    }

    @Test func withoutKeys() async throws {
        try await ResourcesFixture.with(try ResourcesFixture()) { fixture in
            let kind = try #require(fixture.kind("secrets"))
            do {
                _ = try await fixture.service.create(kind, namespace: "a", secret("s", "hush"), WriteOptions(manager: "test"))
                Issue.record("stored")
            } catch let error as MonoflowError { #expect(error.code == .failedPrecondition && !"\(error)".contains("hush")) }
            #expect(!Files.exists(fixture.directory + "/" + SecretKeys.fileName))
        }
    }
}

import Core
import Foundation
import GRDB
import Resources
import Testing

@Suite struct SecretRotationTests {
    private func secret(_ index: Int) -> JSON {
        ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": .string("s\(index)")], "stringData": ["v": .string("value \(index)")]]
    }

    private func rows(_ fixture: ResourcesFixture) throws -> [[String]] {
        try fixture.database.readBlocking { db in
            try ["SELECT version, document FROM resources ORDER BY id", "SELECT version, document FROM resource_events ORDER BY version"].map { sql in
                try Row.fetchAll(db, sql: sql).map { "\($0["version"] as Int64) \($0["document"] as String)" }
            }
        }
    }

    @Test func keysAreChanged() async throws {
        try await ResourcesFixture.with(try ResourcesFixture(hasKeys: true)) { fixture in
            let service = fixture.service, kind = try #require(fixture.kind("secrets")), options = WriteOptions(manager: "test")
            for index in 0..<120 { _ = try await service.create(kind, namespace: "a", secret(index), options) }
            _ = try await service.delete(kind, namespace: "a", name: "s0", DeleteOptions())
            let page = try await service.list(kind, ResourceQuery(kind: "secrets")), version = try await service.version()
            let path = fixture.directory + "/" + SecretKeys.fileName
            let first = try #require(try JSONParser.parse(Files.read(path))["keys"]?[0]?["id"]?.stringValue)
            let second = try service.rotateSecretKeys()
            #expect(try await service.dropUnusedSecretKeys() == [], "all is sealed with the first")
            _ = try await service.create(kind, namespace: "b", secret(1_000), options)
            let mixed = try rows(fixture)
            #expect(mixed[0].filter { $0.contains("mfs1:\(first):") }.count == 119 && mixed[0].filter { $0.contains("mfs1:\(second):") }.count == 1)
            #expect(try await service.resealSecrets() == 119 + 121)
            let done = try rows(fixture)
            for (rows, old) in zip(done, mixed) {
                #expect(!rows.contains { $0.contains(first) } && rows.allSatisfy { $0.contains("mfs1:\(second):") })
                #expect(rows.map { $0.prefix { $0 != " " } } == old.map { $0.prefix { $0 != " " } })
            }
            #expect(try await service.resealSecrets() == 0)
            #expect(try rows(fixture) == done)
            #expect(try await service.version() == version + 1, "nobody is told")
            #expect(try await service.dropUnusedSecretKeys() == [first])
            #expect(try await service.list(kind, ResourceQuery(kind: "secrets", namespace: "a")).items == page.items)
            await fixture.stop()
            let again = try ResourcesFixture(directory: fixture.directory, hasKeys: true)
            #expect(try await again.service.list(kind, ResourceQuery(kind: "secrets", namespace: "a")).items == page.items)
            await again.stop()
        }
    }

    @Test func startsOnlyWithTheKeys() async throws {
        try await ResourcesFixture.with(try ResourcesFixture(hasKeys: true)) { fixture in
            let kind = try #require(fixture.kind("secrets")), path = fixture.directory + "/" + SecretKeys.fileName
            _ = try await fixture.service.create(kind, namespace: "a", secret(1), WriteOptions(manager: "test"))
            await fixture.stop()
            let keys = try Files.read(path)
            func start() async throws { await (try ResourcesFixture(directory: fixture.directory, hasKeys: true)).stop() }
            try FileManager.default.removeItem(atPath: path)
            await #expect(throws: MonoflowError.self) { try await start() }
            #expect(!Files.exists(path))
            // Keys of another database.
            try FileManager.default.createDirectory(atPath: fixture.directory + "/other", withIntermediateDirectories: false)
            _ = try SecretKeys(directory: fixture.directory + "/other") { false }
            try FileManager.default.copyItem(atPath: fixture.directory + "/other/" + SecretKeys.fileName, toPath: path)
            await #expect(throws: MonoflowError.self) { try await start() }
            try Files.writeAtomically(keys, to: path, mode: 0o644)
            await #expect(throws: MonoflowError.self) { try await start() }
            try Files.writeAtomically(keys, to: path)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            try await start()
        }
    }

    /// An author of secrets cannot make the start fail by texts that look sealed.
    @Test func textsThatLookSealed() async throws {
        try await ResourcesFixture.with(try ResourcesFixture(hasKeys: true)) { fixture in
            let kind = try #require(fixture.kind("secrets")), options = WriteOptions(manager: "test"), look: JSON = "mfs1:0123456789abcdef:AAAA"
            let body: JSON = [
                "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s", "annotations": ["a": look], "finalizers": ["example.com/x"]], "type": look,
                "stringData": ["v": look],
            ]
            let made = try await fixture.service.create(kind, namespace: "a", body, options).document
            #expect(made["type"] == look && made["metadata"]?["annotations"]?["a"] == look)
            _ = try fixture.service.rotateSecretKeys()
            #expect(try await fixture.service.resealSecrets() == 2)
            #expect(try await fixture.service.dropUnusedSecretKeys().count == 1)
            #expect(try JSONParser.parse(try await fixture.service.get(kind, namespace: "a", name: "s").document).canonicalText() == made.canonicalText())
            // This one holds nothing else that is sealed.
            _ = try await fixture.service.create(kind, namespace: "a", ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "bare"], "type": look], options)
            await fixture.stop()
            await (try ResourcesFixture(directory: fixture.directory, hasKeys: true)).stop()
        }
    }
}

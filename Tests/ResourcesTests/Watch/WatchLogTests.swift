import Core
import Database
import Foundation
import GRDB
import Resources
import Testing

/// Watches of what the memory no longer holds, or the log neither.
@Suite(.timeLimit(.minutes(5))) struct WatchLogTests {
    /// Objects that go into the store in one transaction.
    static func insert(_ names: [String], kind: String = "configmaps", size: Int = 1, _ db: GRDB.Database) throws {
        for name in names {
            var document = configMap(name, ["a": .string(String(repeating: "x", count: size))])
            document["metadata"]?["namespace"] = "a"
            let uid = "\(kind)-\(name)"
            document["metadata"]?["uid"] = .string(uid)
            let resource = PreparedResource(
                key: ResourceKey(kind: kind, namespace: "a", name: name), uid: uid, document: VersionedDocument(document),
                selectable: Selectable(labels: .null, fields: [:]), owners: [])
            try ResourceStore.insert(db, resource, at: Timestamp(milliseconds: 1_000))
        }
    }

    static func names(_ count: Int, from start: Int = 0) -> [String] { (start..<start + count).map { "m" + String($0) } }

    /// More than the ring holds, of two kinds, with a watcher from the start, one that does not read meanwhile, and one from the middle.
    @Test(arguments: [(6_000, 1), (60, 500_000)]) func everyChangeComesOnce(_ count: Int, _ size: Int) async throws {
        try await ResourcesFixture.with { fixture in
            let hub = fixture.service.hub, start = try await fixture.service.version()
            let slow = try await hub.watch(WatchFilter(kind: "configmaps"), after: start)
            let named = try await hub.watch(WatchFilter(kind: "serviceaccounts", name: "end"), after: start)
            let half = count / 2
            try await fixture.database.write { db in
                try Self.insert(Self.names(half), size: size, db)
                try Self.insert(Self.names(10), kind: "serviceaccounts", db)
                try Self.insert(Self.names(half, from: half) + ["end"], size: size, db)
                try Self.insert(["end"], kind: "serviceaccounts", db)
            }
            // The live watch of the other kind has got its last one: the hub has read everything.
            #expect(try await WatchTests.read(named, through: "end").count == 1)
            let whole = try await hub.watch(WatchFilter(kind: "configmaps"), after: start)
            let middle = try await hub.watch(WatchFilter(kind: "configmaps"), after: start + Int64(half))
            let other = try await hub.watch(WatchFilter(kind: "serviceaccounts"), after: start)
            let expected = Self.names(count) + ["end"]
            #expect(try await WatchTests.read(slow, through: "end").map(\.event.key.name) == expected)
            #expect(try await WatchTests.read(whole, through: "end").map(\.event.key.name) == expected)
            #expect(try await WatchTests.read(middle, through: "end").map(\.event.key.name) == Array(expected.dropFirst(half)))
            #expect(try await WatchTests.read(other, through: "end").map(\.event.key.name) == Self.names(10) + ["end"])
            // All of them are live again.
            try await fixture.database.write { try Self.insert(["later"], $0) }
            for watcher in [slow, whole, middle] { #expect(try await WatchTests.read(watcher, through: "later").count == 1) }
        }
    }

    @Test func versionsThatAreNotThereAreExpired() async throws {
        try await ResourcesFixture.with { fixture in
            let hub = fixture.service.hub, start = try await fixture.service.version()
            let reader = try await hub.watch(WatchFilter(kind: "configmaps"), after: start)
            try await fixture.database.write { try Self.insert(Self.names(5_000), $0) }
            #expect(try await WatchTests.read(reader, through: "m4999").count == 5_000)
            let last = try await fixture.service.version()
            await expect(.expired) { _ = try await hub.watch(WatchFilter(kind: "configmaps"), after: last + 1) }
            let behind = try await hub.watch(WatchFilter(kind: "configmaps"), after: start)
            guard case .change? = try await behind.next() else { Issue.record("no event"); return }
            let trimmed = try await fixture.database.write { try EventLog.trim($0, before: Timestamp(milliseconds: 2_000), rows: 200_000, limit: 10_000) }
            #expect(trimmed == 5_000)
            await expect(.expired) { _ = try await hub.watch(WatchFilter(kind: "configmaps"), after: start) }
            await expect(.expired) { while try await behind.next() != nil {} }
            #expect(try await hub.watch(WatchFilter(kind: "configmaps"), after: last).filterIsOpen)
        }
    }

    /// Changes that left the log before the hub came to read them: nobody is told that nothing happened.
    @Test func changesThatAreGoneBeforeTheyAreReadExpireWatches() async throws {
        try await ResourcesFixture.with { fixture in
            let hub = fixture.service.hub, start = try await fixture.service.version()
            let live = try await hub.watch(WatchFilter(kind: "configmaps"), after: start)
            try await fixture.database.write { db in
                try Self.insert(Self.names(3), db)
                _ = try EventLog.trim(db, before: Timestamp(milliseconds: 2_000), rows: 10, limit: 10)
                try Self.insert(["end"], db)
            }
            await expect(.expired) { while let _ = try await live.next() {} }
            await expect(.expired) { _ = try await hub.watch(WatchFilter(kind: "configmaps"), after: start) }
            let fresh = try await hub.watch(WatchFilter(kind: "configmaps"), after: start + 3)
            #expect(try await WatchTests.read(fresh, through: "end").count == 1)
        }
    }

    @Test func trimsByAgeAndByNumber() async throws {
        try await ResourcesFixture.with(ResourcesFixture(starts: false)) { fixture in
            func trim(_ time: Int64, rows: Int, limit: Int = 1_000) async throws -> Int {
                try await fixture.database.write { try EventLog.trim($0, before: Timestamp(milliseconds: time), rows: rows, limit: limit) }
            }
            func left() async throws -> [Int64] { try await fixture.database.read { try EventLog.events($0, after: 0, limit: 100).map(\.version) } }
            try await fixture.database.write { try Self.insert(Self.names(10), $0) }
            #expect(try await trim(1_000, rows: 10) == 0)
            #expect(try await trim(0, rows: 7) == 3)
            #expect(try await left() == [4, 5, 6, 7, 8, 9, 10])
            #expect(try await trim(1_001, rows: 100, limit: 2) == 2)
            #expect(try await trim(1_001, rows: 100, limit: 100) == 5)
            #expect(try await left() == [])
            // Numbers go on where they were.
            try await fixture.database.write { try Self.insert(["next"], $0) }
            #expect(try await left() == [11])
        }
    }
}

extension Watcher {
    fileprivate var filterIsOpen: Bool {
        defer { close() }
        return true
    }
}

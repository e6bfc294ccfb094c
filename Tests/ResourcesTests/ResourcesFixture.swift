import Core
import Database
import Foundation
import Logging
import Resources
import Testing

/// A service over a database of its own, in a directory that goes with it.
final class ResourcesFixture: Sendable {
    let directory: String
    let database: MetadataDatabase
    let service: ResourceService

    /// - Parameters:
    ///   - directory: what an earlier fixture left; nil for a new one.
    ///   - hasKeys: whether secrets can be kept.
    ///   - starts: false leaves out what runs in the background.
    init(
        kinds: KindTable = KindTable(), rules: [String: any KindRules] = [:], directory: String? = nil, hasKeys: Bool = false, starts: Bool = true,
        clock: WallClock = .system
    ) throws {
        self.directory = directory ?? Self.newDirectory()
        database = try MetadataDatabase(directory: self.directory)
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        _ = try Migrator(directory: root.path + "/migrations").migrate(database, now: Timestamp(milliseconds: 0))
        service = try ResourceService(
            database: database, builtIn: kinds, rules: rules, keyDirectory: hasKeys ? self.directory : nil, clock: clock, identifiers: .random,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        if starts { service.start() }
    }

    /// Runs a body with a fixture that is closed and removed afterwards.
    static func with<T>(_ fixture: ResourcesFixture? = nil, _ body: (ResourcesFixture) async throws -> T) async throws -> T {
        let fixture = try fixture ?? ResourcesFixture()
        do {
            let result = try await body(fixture)
            await fixture.close()
            return result
        } catch {
            await fixture.close()
            throw error
        }
    }

    private static func newDirectory() -> String { NSTemporaryDirectory() + "resources-\(UUID().uuidString)" }

    /// A copy of the files as they are: what a process that is killed now would leave.
    func crashed() throws -> String {
        let copy = Self.newDirectory()
        try FileManager.default.copyItem(atPath: directory, toPath: copy)
        return copy
    }

    func kind(_ key: String, _ version: String? = nil) -> KindReference? {
        guard let definition = service.kinds.definition(key), let found = version.map(definition.version) ?? definition.storedVersion else { return nil }
        return KindReference(definition, found)
    }

    /// Ends the service, keeps the directory.
    func stop() async {
        await service.close()
        try? await database.close()
    }

    /// Ends the service and removes the directory.
    func close() async {
        await stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Runs the body for every index, many at a time: their writes share commits.
    func each(_ indices: Range<Int>, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            for index in indices { group.addTask { try await body(index) } }
            try await group.waitForAll()
        }
    }

    // MARK: Waiting

    /// Returns when the condition holds, which is looked at again after each change of the kind.
    func until(_ kind: String, _ condition: () async throws -> Bool) async throws {
        let watcher = try await service.hub.watch(WatchFilter(kind: kind), after: try await service.version())
        defer { watcher.close() }
        while try await !condition() { _ = try #require(try await watcher.next()) }
    }

    func exists(_ kind: KindReference, _ name: String, in namespace: String = "a") async throws -> Bool {
        do { return try await service.get(kind, namespace: namespace, name: name).version > 0 } catch where error.code == .notFound { return false }
    }

    func untilGone(_ kind: KindReference, _ name: String, in namespace: String = "a") async throws {
        try await until(kind.key) { try await !exists(kind, name, in: namespace) }
    }

    func document(_ kind: KindReference, _ name: String, in namespace: String = "a") async throws -> JSON {
        try JSONParser.parse(try await service.get(kind, namespace: namespace, name: name).document)
    }
}

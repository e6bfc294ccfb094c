import Core
import Database
import Foundation
import Logging
import Resources
import ScriptedTasks
import Synchronization
import Tasks

@testable import Training

/// A clock that stands still until a test moves it.
final class TestClock: Sendable {
    private let now: Mutex<Timestamp>
    init(_ text: String = "2026-03-01T12:00:00Z") { now = Mutex(Timestamp(rfc3339: text) ?? Timestamp(milliseconds: 0)) }
    var wall: WallClock { WallClock { self.now.withLock { $0 } } }
    func advance(_ seconds: Double) { now.withLock { $0 = $0.advanced(seconds: seconds) } }
}

/// Directories of claims in memory.
final class TestVolumes: VolumeDirectories {
    let names = Watched<Set<String>>([])
    func makeVolume(namespace: String, claim: String) throws { names.update { _ = $0.insert("\(namespace)/\(claim)") } }
    func removeVolume(namespace: String, claim: String) throws { names.update { _ = $0.remove("\(namespace)/\(claim)") } }
}

/// One server process: its parts over a machine and a directory that outlive it.
final class TrainingFixture: Sendable {
    let directory: String
    let database: MetadataDatabase
    let resources: ResourceService
    let engine: TaskEngine
    let executor: ScriptedExecutor
    let training: TrainingService
    let clock: TestClock
    let volumes: TestVolumes
    let removed = Watched<[String]>([])

    private static let kinds: Set<String> = [
        "pods", "jobs.batch", "cronjobs.batch", "persistentvolumeclaims", "events", "configmaps", "secrets",
    ]

    init(_ machine: ScriptedMachine, directory: String? = nil, clock: TestClock = TestClock(), volumes: TestVolumes = TestVolumes(), transform: @escaping PodTransform = { _ in }) async throws {
        self.directory = directory ?? NSTemporaryDirectory() + "training-" + Identifiers.random()
        self.clock = clock
        self.volumes = volumes
        database = try MetadataDatabase(directory: self.directory)
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        _ = try Migrator(directory: root.path + "/migrations").migrate(database, now: Timestamp(milliseconds: 0))
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        resources = try ResourceService(
            database: database, builtIn: KindTable(BuiltInKinds.all.filter { Self.kinds.contains($0.key) }), keyDirectory: self.directory, clock: clock.wall,
            identifiers: .random, logger: logger)
        executor = machine.executor()
        engine = TaskEngine(database: database, executor: executor, maximumTasks: 100, active: ActiveTasks(), clock: clock.wall, logger: logger) { _ in
            LaunchFacts(token: "t", serverURL: nil, allowsNetwork: true)
        }
        training = TrainingService(
            database: database, resources: resources, engine: engine, executorName: "scripted", capacity: .init(cpuMillis: 4000, memoryBytes: 1 << 30),
            volumes: volumes, clock: clock.wall, logger: logger, transform: transform
        ) { [removed] id in removed.update { $0.append(id) } }
        await training.register()
        resources.start()
        try await engine.recover()
        try await training.start()
    }

    /// The process is gone without a word; its directory stays.
    func kill() async {
        executor.kill()
        await training.close()
        await engine.drain()
        await resources.close()
        try? await database.close()
    }

    func close() async {
        await kill()
        try? FileManager.default.removeItem(atPath: directory)
    }

    static func with(_ machine: ScriptedMachine = ScriptedMachine(), _ body: (TrainingFixture) async throws -> Void) async throws {
        let fixture = try await TrainingFixture(machine)
        do { try await body(fixture) } catch {
            await fixture.close()
            throw error
        }
        await fixture.close()
    }

    // MARK: Objects

    func kind(_ key: String) throws -> KindReference {
        guard let definition = resources.kinds.definition(key), let version = definition.storedVersion else { throw MonoflowError(.notFound, "find kind", key, "?") }
        return KindReference(definition, version)
    }

    @discardableResult
    func create(_ key: String, _ object: JSON) async throws -> JSON {
        try await resources.create(try kind(key), namespace: "a", object, WriteOptions(manager: "test")).document
    }

    func delete(_ key: String, _ name: String, _ options: DeleteOptions = DeleteOptions(propagation: .background)) async throws {
        _ = try await resources.delete(try kind(key), namespace: "a", name: name, options)
    }

    /// Nil where it is not there.
    func find(_ key: String, _ name: String) async throws -> JSON? {
        do { return try JSONParser.parse(try await resources.get(try kind(key), namespace: "a", name: name).document) } catch let error as MonoflowError where error.code == .notFound {
            return nil
        }
    }

    func list(_ key: String) async throws -> [JSON] {
        try await resources.list(try kind(key), ResourceQuery(kind: key, namespace: "a")).items.map { try JSONParser.parse($0.document) }
    }

    /// Returns the result once the body has one, which is asked again after each change of the kind.
    func until<T>(_ key: String, _ body: () async throws -> T?) async throws -> T {
        let watcher = try await resources.hub.watch(WatchFilter(kind: key), after: try await resources.version())
        defer { watcher.close() }
        while true {
            if let result = try await body() { return result }
            guard try await watcher.next() != nil else { throw MonoflowError(.cancelled, "wait for", key, "the watch ended") }
        }
    }

    func job(_ name: String, _ condition: String) async throws -> JSON {
        try await until("jobs.batch") {
            guard let job = try await self.find("jobs.batch", name), JobStatus.holds(condition, job["status"] ?? [:]) else { return nil }
            return job
        }
    }

    func running(_ count: Int) async throws -> [JSON] {
        try await until("pods") {
            let pods = try await self.list("pods").filter { PodStatus.phase($0) == "Running" && !$0.isLeaving }
            return pods.count == count ? pods : nil
        }
    }
}

enum TestObjects {
    static func job(_ name: String, container: JSON = [:], pod: JSON = [:], _ spec: JSON = [:]) -> JSON {
        var whole = merged(["name": "main", "image": "alpine", "command": ["true"]], container)
        whole = merged(["restartPolicy": "Never", "containers": [whole]], pod)
        return ["apiVersion": "batch/v1", "kind": "Job", "metadata": ["name": .string(name)], "spec": merged(["template": ["spec": whole]], spec)]
    }

    static func pod(_ name: String, container: JSON = [:], pod: JSON = [:]) -> JSON {
        let whole = merged(["name": "main", "image": "alpine", "command": ["true"]], container)
        return ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)], "spec": merged(["restartPolicy": "Never", "containers": [whole]], pod)]
    }

    static func claim(_ name: String) -> JSON {
        [
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": ["name": .string(name)],
            "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]],
        ]
    }

    private static func merged(_ a: JSON, _ b: JSON) -> JSON {
        var out = a
        for (key, value) in b.objectValue ?? [:] { out[key] = value }
        return out
    }
}

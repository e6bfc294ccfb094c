import Core
import Database
import Foundation
import Testing

@testable import Tasks

@Suite struct TaskStoreTests {
    private static let migrations = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../migrations").standardized.path

    private func database() throws -> (MetadataDatabase, String) {
        let directory = "/tmp/monoflow-tests-" + Identifiers.random()
        let database = try MetadataDatabase(directory: directory)
        _ = try Migrator(directory: Self.migrations).migrate(database, now: Timestamp(milliseconds: 1))
        return (database, directory)
    }

    private func task(_ id: String, spec: TaskSpec = TaskSpec(image: "alpine")) -> TaskRecord {
        TaskRecord(id: id, namespace: "default", ownerKind: "run", ownerID: "r", nodeID: "n", attempt: 1, spec: spec, executor: "process", createdAt: Timestamp(milliseconds: 7))
    }

    /// Every pair of states: a move happens exactly where the state machine allows it.
    @Test func movesFollowTheStateMachine() async throws {
        let (database, directory) = try database()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for from in TaskState.allCases {
            for to in TaskState.allCases where !to.isTerminal {
                let id = "\(from)-\(to)"
                var task = task(id)
                task.state = from
                let stored = task
                let moved = try await database.write { db in
                    try TaskStore.insert(db, stored)
                    return try TaskStore.move(db, id, to: to)
                }
                let now = try await database.read { try TaskStore.find($0, id)?.state }
                #expect(moved == from.successors.contains(to), "\(from) → \(to)")
                #expect(now == (moved ? to : from))
            }
        }
    }

    @Test func anEndIsWrittenOnce() async throws {
        let (database, directory) = try database()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let exit = TaskExit(reason: .exited, code: 3, startedAt: Timestamp(milliseconds: 8), finishedAt: Timestamp(milliseconds: 9), message: "exit status 3")
        let stored = task("t")
        let (first, second) = try await database.write { db in
            try TaskStore.insert(db, stored)
            return (
                try TaskStore.finish(db, "t", exit: exit, state: .failed, message: "exit status 3"),
                try TaskStore.finish(db, "t", exit: exit, state: .succeeded, message: "")
            )
        }
        #expect(first && !second)
        let found = try #require(try await database.read { try TaskStore.find($0, "t") })
        #expect(found.state == .failed && found.exit == exit && found.finishedAt == Timestamp(milliseconds: 9))
        #expect(try await database.read(TaskStore.alive).isEmpty)
    }

    @Test func aSpecIsReadBackAsItWas() async throws {
        let (database, directory) = try database()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let spec = TaskSpec(
            image: "python:3.11", command: ["sh", "-c", "echo ü \u{1F600}\n\t\"'"], args: [], env: [.init("A", "=b\nc")], workingDirectory: "/w",
            inputs: [.init(path: "/a", source: .text("x")), .init(path: "/b", source: .blob(digest: "d")), .init(path: "/c", source: .directory)],
            outputs: [.init(name: "o", path: "/o", kind: .artifact, isOptional: true)],
            resources: .init(cpuMillis: 1, memoryBytes: 2, memoryLimitBytes: 3, gpus: 4), deadlineSeconds: 1.5, graceSeconds: 2, network: false)
        let stored = task("s", spec: spec)
        try await database.write { try TaskStore.insert($0, stored) }
        #expect(try await database.read { try TaskStore.find($0, "s")?.spec } == spec)
    }
}

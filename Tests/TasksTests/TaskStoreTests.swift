import Core
import Database
import ScriptedTasks
import Testing

@testable import Tasks

@Suite struct TaskStoreTests {
    private let scratch: ScratchDatabase
    private var database: MetadataDatabase { scratch.database }

    init() throws { scratch = try ScratchDatabase() }

    private func task(_ id: String = "t", node: String = "n", attempt: Int = 1) -> TaskRecord {
        var spec = TaskSpec(image: "alpine", command: ["echo", "ä\"\n"], args: [], env: [EnvironmentVariable("A", "b")])
        spec.inputs = [InputFile(path: "/in", source: .blob(digest: "00")), InputFile(path: "/t", source: .text("x")), InputFile(path: "/d", source: .directory)]
        spec.outputs = [OutputFile(name: "o", path: "/o", kind: .artifact, isOptional: true)]
        spec.deadlineSeconds = 1.5
        return TaskRecord(
            id: id, namespace: "default", ownerKind: "run", ownerID: "r", nodeID: node, attempt: attempt, spec: spec, executor: "process",
            notBefore: Timestamp(milliseconds: 7), createdAt: Timestamp(milliseconds: 5))
    }

    private let exit = TaskExit(reason: .exited, code: 0, startedAt: Timestamp(milliseconds: 10), finishedAt: Timestamp(milliseconds: 20), message: "", maxResidentBytes: 5, cpuSeconds: 0.5)

    @Test func whatWasWrittenIsRead() async throws {
        let given = task()
        try await database.write { db in try TaskStore.insert(db, given) }
        #expect(try await database.read { db in try TaskStore.find(db, "t") } == given)
        #expect(try await database.read { db in try TaskStore.find(db, "u") } == nil)
    }

    @Test(arguments: TaskState.allCases, TaskState.allCases.filter { !$0.isTerminal && $0 != .pending })
    func movesByTheMachineOnly(from: TaskState, to: TaskState) async throws {
        let given = task(), path: [TaskState: [TaskState]] = [.admitted: [.admitted], .starting: [.admitted, .starting], .running: [.admitted, .starting, .running]]
        let exit = exit
        let (moved, found) = try await database.write { db in
            try TaskStore.insert(db, given)
            for state in path[from] ?? [] { #expect(try TaskStore.move(db, "t", to: state)) }
            if from.isTerminal { #expect(try TaskStore.finish(db, "t", exit: exit, state: from, message: "m")) }
            return (try TaskStore.move(db, "t", to: to), try TaskStore.find(db, "t"))
        }
        #expect(moved == from.successors.contains(to))
        #expect(found?.state == (moved ? to : from))
    }

    @Test func theHandleStaysWithTheTask() async throws {
        let given = task(), handle = TaskHandle(taskID: "t", bootID: "b", pid: 3, startTicks: .max)
        let found = try await database.write { db in
            try TaskStore.insert(db, given)
            try TaskStore.move(db, "t", to: .admitted)
            try TaskStore.move(db, "t", to: .starting)
            try TaskStore.move(db, "t", to: .running, handle: handle, startedAt: Timestamp(milliseconds: 9))
            return try TaskStore.find(db, "t")
        }
        #expect(found?.handle == handle)
        #expect(found?.startedAt == Timestamp(milliseconds: 9))
    }

    @Test func aTaskEndsOnce() async throws {
        let given = task(), exit = exit
        let (first, second, found) = try await database.write { db in
            try TaskStore.insert(db, given)
            return (
                try TaskStore.finish(db, "t", exit: exit, state: .failed, message: "first"),
                try TaskStore.finish(db, "t", exit: exit, state: .succeeded, message: "second"), try TaskStore.find(db, "t")
            )
        }
        #expect(first && !second)
        #expect(found?.state == .failed && found?.message == "first" && found?.exit == exit)
        #expect(found?.startedAt == exit.startedAt && found?.finishedAt == exit.finishedAt)
        #expect(try await database.read(TaskStore.alive).isEmpty)
    }

    @Test func theAliveInOrderAndTheAttemptsOfANode() async throws {
        let all = [task("c", attempt: 2), task("a", attempt: 1), task("b", node: "other")]
        let exit = exit
        try await database.write { db in
            for task in all { try TaskStore.insert(db, task) }
            _ = try TaskStore.finish(db, "b", exit: exit, state: .lost, message: "")
        }
        #expect(try await database.read(TaskStore.alive).map(\.id) == ["c", "a"])
        #expect(try await database.read { db in try TaskStore.attempts(db, ownerKind: "run", ownerID: "r", nodeID: "n") }.map(\.id) == ["a", "c"])
        #expect(try await database.read { db in try TaskStore.ids(db, ownerKind: "run", ownerID: "r") }.sorted() == ["a", "b", "c"])
        try await database.write { db in try TaskStore.delete(db, ownerKind: "run", ownerID: "r") }
        #expect(try await database.read { db in try TaskStore.find(db, "a") } == nil)
    }
}

import Artifacts
import Core
import GRDB
import ScriptedTasks
import Synchronization
import Tasks
import Testing

@testable import Pipelines

/// What the domain does when a namespace goes.
@Suite(.timeLimit(.minutes(2))) struct RemovalTests {
    private static let step = """
        pipelineInfo: {name: t}
        schemaVersion: 2.1.0
        root: {dag: {tasks: {one: {componentRef: {name: step}, taskInfo: {name: one}}}}}
        components: {step: {executorLabel: e}}
        deploymentSpec: {executors: {e: {container: {image: alpine, command: [x]}}}}
        """

    /// A run that has ended, one that runs and one that waits behind it: all go, with what hangs on them; others' stay.
    @Test func everythingOfANamespaceGoes() async throws {
        let fixture = try RunFixture(), machine = ScriptedMachine(), server = try await fixture.server(machine)
        let package = try PipelinePackage(yaml: Self.step), experiments = server.runs.experiments
        func begin(_ namespace: String) async throws -> (run: String, task: String) {
            let run = try await server.runs.create(namespace: namespace, RunRequest(name: "r", package: package, parameters: [:])).id
            for await _ in server.runs.watch.changes(of: run) {
                guard let node = try await server.runs.nodes(of: run).first(where: { $0.taskName == "one" }) else { continue }
                await machine.called("start " + node.taskID)
                return (run, node.taskID)
            }
            throw MonoflowError(.unavailable, "begin", run, "closed")
        }
        let done = try await begin("other")
        machine.end(done.task)
        #expect(try await server.ended(done.run).state == .succeeded)
        let running = try await begin("other"), kept = try await begin("default")
        let gone = Mutex<Set<String>>([])
        // Asked to end, it takes its time.
        async let removal: Void = server.runs.removeAll(of: "other") { tasks in gone.withLock { $0.formUnion(tasks) } }
        await machine.called("stop " + running.task)
        machine.end(running.task, ScriptedMachine.exit(143, reason: .stopped))
        try await removal
        try await experiments.removeAll(of: "other")
        #expect(gone.withLock { $0 } == [done.task, running.task])
        for id in [done.run, running.run] { await #expect(throws: MonoflowError.self) { try await server.runs.get(id) } }
        let left = try await fixture.scratch.database.read { db in
            try ["run_nodes", "tasks", "runs", "experiments"].map { try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \($0)") ?? -1 }
        }
        #expect(left[1] == 1 && left[2] == 1 && left[3] == 1, "\(left)")
        // Nothing is left to do a second time.
        try await server.runs.removeAll(of: "other") { _ in Issue.record("there was something left") }
        machine.end(kept.task)
        #expect(try await server.ended(kept.run).state == .succeeded)
    }
}

import Artifacts
import Core
import Database
import Logging
import ScriptedTasks
import Tasks

@testable import Pipelines

/// Server processes of runs, one after the other, on one database.
final class RunFixture: Sendable {
    let scratch: ScratchDatabase
    /// Each look at the clock is a millisecond later than the one before.
    let clock = Watched(Timestamp(milliseconds: 1_000_000))
    /// Digests whose content the store has lost.
    let gone = Watched<Set<String>>([])

    init() throws { scratch = try ScratchDatabase() }

    struct Server {
        let runs: RunService
        let engine: TaskEngine
        let executor: ScriptedExecutor

        /// Returns when the run has ended.
        func ended(_ id: String) async throws -> RunRecord {
            for await _ in runs.watch.changes(of: id) {
                let run = try await runs.get(id)
                if run.state.isTerminal { return run }
            }
            return try await runs.get(id)
        }

        func kill() { executor.kill() }

        /// Runs the definition to its end.
        func run(_ yaml: String, parameters: JSONObject = [:], namespace: String = "default") async throws -> (run: RunRecord, nodes: [RunNode]) {
            let made = try await runs.create(namespace: namespace, RunRequest(name: "r", package: try PipelinePackage(yaml: yaml), parameters: parameters))
            return (try await ended(made.id), try await runs.nodes(of: made.id))
        }
    }

    /// One server process: built, then started as `App` starts it.
    func server(_ machine: ScriptedMachine) async throws -> Server {
        let executor = machine.executor(), clock = clock, gone = gone
        let wall = WallClock { clock.update { $0 = Timestamp(milliseconds: $0.milliseconds + 1); return $0 } }
        let engine = TaskEngine(
            database: scratch.database, executor: executor, maximumTasks: 4, active: ActiveTasks(), clock: wall, logger: Logger(label: "test")
        ) { _ in LaunchFacts(token: nil, serverURL: nil, allowsNetwork: true) }
        let experiments = ExperimentService(database: scratch.database, clock: wall, identifiers: .random)
        let runs = RunService(
            database: scratch.database, engine: engine, executorName: executor.name, artifactIDs: ArtifactIDs(after: try await scratch.database.read(ArtifactStore.largestID)),
            experiments: experiments, reuse: ResultReuse(isStored: { !gone.value.contains($0) }, imageIdentity: { $0 == "mounted" ? nil : $0 }), clock: wall,
            identifiers: .random, logger: Logger(label: "test"))
        try await scratch.database.write { db in try db.execute(sql: "INSERT OR IGNORE INTO namespaces (name, created_at) VALUES ('default', 0), ('other', 0)") }
        await engine.register(RunService.ownerKind, runs)
        try await runs.recover()
        try await engine.recover()
        await runs.resume()
        return Server(runs: runs, engine: engine, executor: executor)
    }
}

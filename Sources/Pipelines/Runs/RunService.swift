import Artifacts
import Core
import Database
import GRDB
import Logging
import Synchronization
import Tasks

/// What a client asks for when it creates a run.
public struct RunRequest: Sendable {
    public var name: String
    public var description = ""
    public var serviceAccount = ""
    public var experimentID: String?
    public var pipelineID: String?
    public var versionID: String?
    public var package: PipelinePackage
    public var parameters: JSONObject
    public init(name: String, package: PipelinePackage, parameters: JSONObject) {
        self.name = name
        self.package = package
        self.parameters = parameters
    }
}

/// Runs: created, driven, watched, ended, kept.
public final class RunService: Sendable {
    /// `owner_kind` of a run's tasks.
    public static let ownerKind = "run"

    public let watch = RunWatch()
    let database: MetadataDatabase
    let experiments: ExperimentService
    let clock: WallClock
    let identifiers: IdentifierSource
    let dependencies: RunDependencies
    private let drivers = Mutex<[String: RunDriver]>([:])

    public init(
        database: MetadataDatabase, engine: TaskEngine, executorName: String, artifactIDs: ArtifactIDs, experiments: ExperimentService,
        reuse: ResultReuse, clock: WallClock, identifiers: IdentifierSource, logger: Logger
    ) {
        self.database = database
        self.experiments = experiments
        self.clock = clock
        self.identifiers = identifiers
        dependencies = RunDependencies(
            database: database, engine: engine, artifactIDs: artifactIDs, executorName: executorName, reuse: reuse, clock: clock, watch: watch,
            logger: logger)
    }

    /// Takes up every run that an earlier server process left. Before `TaskEngine.recover`, which reports to the drivers.
    public func recover() async throws {
        let (runs, graphs, nodes) = try await database.read { db in
            let runs = try RunStore.alive(db)
            let digests = Set(runs.map(\.specDigest))
            let graphs = Dictionary(uniqueKeysWithValues: digests.map { digest in (digest, Result { try PipelineStore.spec(db, digest: digest).graph }) })
            return (runs, graphs, try runs.map { try RunStore.nodes(db, runID: $0.id) })
        }
        for (run, nodes) in zip(runs, nodes) {
            let graph: WorkflowGraph
            switch graphs[run.specDigest] {
            case .success(let read)?: graph = read
            case .failure(let error)?:
                try await abandon(run, MonoflowError.wrap(error, "read pipeline"))
                continue
            case nil: continue
            }
            let driver = makeDriver(run, graph, nodes)
            if nodes.isEmpty { await driver.post(.start) }
        }
    }

    /// A definition that this release reads no more ends its run; it does not keep the server from starting.
    private func abandon(_ run: RunRecord, _ error: MonoflowError) async throws {
        let now = clock.now(), message = "cannot go on after the restart: " + error.reason
        dependencies.logger.error("a run cannot go on", metadata: ["run": "\(run.id)", "error": "\(error)"])
        try await database.write { db in
            let exit = TaskExit(reason: .lost, code: nil, startedAt: nil, finishedAt: now, message: message)
            for task in try TaskStore.ids(db, ownerKind: Self.ownerKind, ownerID: run.id) {
                _ = try TaskStore.finish(db, task, exit: exit, state: .lost, message: message)
            }
            try RunStore.finish(db, run.id, .failed, message: message, at: now)
        }
    }

    /// After `TaskEngine.recover`: says again to running steps what was said before the restart.
    public func resume() async {
        for driver in drivers.withLock({ Array($0.values) }) {
            if await driver.isTerminating { await driver.post(.terminate) }
            await driver.post(.time)
        }
    }

    /// - Throws: `invalidArgument` for a parameter that is missing, unknown or of the wrong type.
    public func create(namespace: String, _ request: RunRequest) async throws -> RunRecord {
        let graph = request.package.graph
        let parameters = try Self.check(request.parameters, graph)
        let experiment: ExperimentRecord
        if let id = request.experimentID, !id.isEmpty {
            experiment = try await experiments.get(id)
            guard experiment.namespace == namespace else {
                throw MonoflowError(.invalidArgument, "create run", "experiment \(id)", "belongs to another namespace")
            }
        } else {
            experiment = try await experiments.defaultExperiment(namespace: namespace)
        }
        let id = identifiers.next()
        let run = RunRecord(
            id: id, namespace: namespace, experimentID: experiment.id, pipelineID: request.pipelineID, versionID: request.versionID,
            name: request.name.isEmpty ? "\(graph.name) \(id.prefix(5))" : request.name, workflowName: Self.workflowName(graph.name, id),
            description: request.description, serviceAccount: request.serviceAccount, specDigest: request.package.digest, pipelineName: graph.name,
            parameters: parameters, state: .pending, message: "", storageState: .available, isTerminating: false, createdAt: clock.now())
        let package = request.package
        try await database.write { db in
            _ = try PipelineStore.insertSpec(db, package)
            try RunStore.insert(db, run)
        }
        let driver = makeDriver(run, graph, [])
        await driver.post(.start)
        return try await get(id)
    }

    private static func check(_ given: JSONObject, _ graph: WorkflowGraph) throws -> JSONObject {
        if let unknown = given.keys.first(where: { name in !graph.parameters.contains { $0.name == name } }) {
            throw MonoflowError(
                .invalidArgument, "create run", "parameter \(unknown)", "the pipeline \(graph.name) has no such parameter",
                hint: graph.parameters.isEmpty ? "it takes none" : "it takes \(graph.parameters.map(\.name).joined(separator: ", "))")
        }
        if let artifact = graph.artifactInputs.first(where: { !$0.isOptional }) {
            throw MonoflowError(.unimplemented, "create run", "input \(artifact.name)", "input artifacts of a whole pipeline are not supported yet")
        }
        var result = JSONObject()
        for parameter in graph.parameters {
            if let value = given[parameter.name], !value.isNull {
                result[parameter.name] = try ParameterValues.coerce(value, for: parameter, place: "parameter \(parameter.name)")
            } else if let value = parameter.defaultValue {
                result[parameter.name] = try ParameterValues.coerce(value, for: parameter, place: "default of parameter \(parameter.name)")
            } else if !parameter.isOptional || graph.dialect == .argo {
                throw MonoflowError(.invalidArgument, "create run", "parameter \(parameter.name)", "is missing: the pipeline \(graph.name) gives it no default")
            }
        }
        return result
    }

    /// Lower-case letters, digits and dashes, at most 63, as Kubernetes wants a name.
    private static func workflowName(_ pipeline: String, _ id: String) -> String {
        let clean = pipeline.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let trimmed = String(clean.prefix(50).drop { $0 == "-" }.reversed().drop { $0 == "-" }.reversed())
        return (trimmed.isEmpty ? "run" : trimmed) + "-" + id.prefix(5)
    }

    private func makeDriver(_ run: RunRecord, _ graph: WorkflowGraph, _ nodes: [RunNode]) -> RunDriver {
        let driver = RunDriver(run: run, graph: graph, nodes: nodes, dependencies: dependencies) { [weak self] id in
            self?.drivers.withLock { $0[id] = nil }
        }
        drivers.withLock { $0[run.id] = driver }
        return driver
    }

    private func driver(_ id: String) -> RunDriver? { drivers.withLock { $0[id] } }

    // MARK: Reading

    /// - Throws: `notFound`.
    public func get(_ id: String) async throws -> RunRecord {
        guard let run = try await database.read({ try RunStore.find($0, id) }) else {
            throw MonoflowError(.notFound, "get run", id, "there is no such run")
        }
        return run
    }

    public func nodes(of id: String) async throws -> [RunNode] { try await database.read { try RunStore.nodes($0, runID: id) } }

    /// One node of the run; nil where it has no such node.
    public func node(_ node: String, of id: String) async throws -> RunNode? { try await database.read { try RunStore.node($0, runID: id, id: node) } }

    /// - Parameter experimentID: nil lists the whole namespace.
    public func list(namespace: String, experimentID: String?, _ query: ListQuery) async throws -> Page<RunRecord> {
        try await database.read { db in
            let condition = experimentID == nil ? "namespace = ?" : "namespace = ? AND experiment_id = ?"
            let page = try RunStore.columns.page(db, query, where: condition, arguments: StatementArguments([namespace] + (experimentID.map { [$0] } ?? [])))
            return Page(items: try page.rows.map(RunStore.record), nextToken: page.next, total: page.total)
        }
    }

    /// The tasks that a node has had, first attempt first: their ids name the logs.
    public func tasks(run: String, node: String) async throws -> [TaskRecord] {
        try await database.read { try TaskStore.attempts($0, ownerKind: Self.ownerKind, ownerID: run, nodeID: node) }
    }

    // MARK: Changing

    /// Asks the run to end; returns when that is durable. Ended runs are left as they are.
    public func terminate(_ id: String) async throws {
        let run = try await get(id)
        guard !run.state.isTerminal else { return }
        guard let driver = driver(id), await !driver.post(.terminate) else { return }
        throw MonoflowError(.unavailable, "terminate run", id, "this server stops", hint: "try again when it has started")
    }

    public func setStorageState(_ id: String, _ state: StorageState) async throws {
        _ = try await get(id)
        try await database.write { try RunStore.setStorageState($0, id, state) }
    }

    /// - Returns: the ids of its tasks, whose files may go now.
    /// - Throws: `failedPrecondition` while it runs.
    public func delete(_ id: String) async throws -> [String] {
        guard try await get(id).state.isTerminal else {
            throw MonoflowError(.failedPrecondition, "delete run", id, "it is still running", hint: "terminate it first")
        }
        return try await database.write { db in
            let tasks = try TaskStore.ids(db, ownerKind: Self.ownerKind, ownerID: id)
            try TaskStore.delete(db, ownerKind: Self.ownerKind, ownerID: id)
            try db.execute(sql: "DELETE FROM runs WHERE id = ?", arguments: [id])
            return tasks
        }
    }
}

extension RunService: TaskOwner {
    public func taskEnded(_ task: TaskRecord, exit: TaskExit, collect: @Sendable ([OutputFile]) async throws -> [String: CollectedOutput]) async -> Bool {
        guard let driver = driver(task.ownerID) else {
            dependencies.logger.error("a task ended whose run is not there", metadata: ["task": "\(task.id)", "run": "\(task.ownerID)"])
            return false
        }
        var result = AttemptResult(end: .failed, message: exit.message, startedAt: exit.startedAt, finishedAt: exit.finishedAt)
        var state = TaskState.failed
        switch exit.reason {
        case .stopped: (state, result.end) = (.cancelled, .cancelled)
        case .lost: (state, result.cause) = (.lost, .transientError)
        case .startFailed: result.cause = .error
        case .exited, .signaled, .deadline: break
        }
        if exit.succeeded {
            do {
                guard let reader = await driver.outputReader(node: task.nodeID) else { return false }
                var collected = try await collect(task.spec.outputs)
                let elsewhere = try reader.redirected(collected)
                if !elsewhere.isEmpty { collected.merge(try await collect(elsewhere)) { _, new in new } }
                (result.outputs, result.artifacts) = try reader.read(collected)
                (state, result.end, result.message) = (.succeeded, .succeeded, "")
            } catch {
                (result.cause, result.message) = (.error, MonoflowError.wrap(error, "collect outputs").reason)
            }
        }
        return await driver.post(.attemptEnded(task: task, exit: exit, state: state, result: result))
    }

    public func taskWaits(_ task: TaskRecord, reason: String) async {
        _ = await driver(task.ownerID)?.post(.taskWaits(task: task, reason: reason))
    }
}

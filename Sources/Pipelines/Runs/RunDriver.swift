import Artifacts
import Core
import Database
import Logging
import Tasks

/// What a driver needs of the rest.
struct RunDependencies: Sendable {
    let database: MetadataDatabase
    let engine: TaskEngine
    let artifactIDs: ArtifactIDs
    let executorName: String
    let reuse: ResultReuse
    let clock: WallClock
    let watch: RunWatch
    let logger: Logger
}

/// The level-triggered loop round one run's planner. Events that arrive while a plan is being written are planned
/// together in the next one: each plan is one transaction, and its effects follow only when it is durable.
actor RunDriver {
    enum Event: Sendable {
        case start
        case terminate
        /// The run's own deadline may have passed, or the time of an attempt that waits may have come.
        case time
        case attemptEnded(task: TaskRecord, exit: TaskExit, state: TaskState, result: AttemptResult)
        case taskWaits(task: TaskRecord, reason: String)
    }

    nonisolated let runID: String
    private let namespace: String
    private let dependencies: RunDependencies
    private var planner: RunPlanner
    private var pending: [(event: Event, done: CheckedContinuation<Bool, Never>)] = []
    private var isWorking = false
    /// A plan was not written because the server stops: later ones must not be either, they build on it.
    private var isAbandoned = false
    private var timer: Task<Void, Never>?
    /// What the timer waits for.
    private var armed: Timestamp?
    private let onEnd: @Sendable (String) -> Void

    init(run: RunRecord, graph: WorkflowGraph, nodes: [RunNode], dependencies: RunDependencies, onEnd: @escaping @Sendable (String) -> Void) {
        runID = run.id
        namespace = run.namespace
        self.dependencies = dependencies
        self.onEnd = onEnd
        planner = RunPlanner(graph: graph, state: RunState(facts: run.facts, nodes: nodes, isTerminating: run.isTerminating)) {
            dependencies.artifactIDs.next()
        }
    }

    /// Returns once the event and what follows from it are durable, or with false where this server stops before they are.
    @discardableResult
    func post(_ event: Event) async -> Bool {
        await withCheckedContinuation { done in
            pending.append((event, done))
            guard !isWorking else { return }
            isWorking = true
            Task { await self.work() }
        }
    }

    var isTerminating: Bool { planner.state.isTerminating }

    /// Facts about a node for reading its outputs.
    func outputReader(node id: String) -> OutputReader? {
        guard let node = planner.state.nodes[id], let container = planner.graph.templates[node.template]?.container else { return nil }
        return OutputReader(graph: planner.graph, facts: planner.state.facts, node: node, container: container)
    }

    private func work() async {
        while !pending.isEmpty {
            let batch = pending
            pending = []
            let isDurable = await apply(batch.map(\.event))
            for item in batch { item.done.resume(returning: isDurable) }
        }
        isWorking = false
    }

    private func apply(_ events: [Event]) async -> Bool {
        guard !isAbandoned else { return false }
        let now = dependencies.clock.now()
        var write = RunWrite(runID: runID, namespace: namespace, now: now)
        for event in events {
            switch event {
            case .start:
                planner.start(now: now)
                write.isStart = true
            case .terminate:
                planner.terminate(now: now)
                write.isTerminate = true
            case .time:
                armed = nil
                planner.wake(now: now)
                guard let deadline = planner.deadline, deadline <= now else { continue }
                planner.expire(now: now)
                write.isTerminate = true
            case .attemptEnded(let task, let exit, let state, let result):
                write.ended.append((task.id, exit, state, result.message))
                planner.attemptEnded(node: task.nodeID, attempt: task.attempt, result: result, now: now)
            case .taskWaits(let task, let reason):
                write.waits.append((task.id, reason))
                planner.note(node: task.nodeID, message: reason)
            }
        }
        await answerQuestions(now: now)
        let (nodes, effects) = planner.takeChanges()
        write.nodes = nodes
        write.take(effects, executor: dependencies.executorName)
        guard await persist(write) else {
            isAbandoned = true
            return false
        }
        dependencies.watch.changed(runID)
        for task in write.tasks { await dependencies.engine.submit(task) }
        for id in write.stops { await dependencies.engine.cancel(id) }
        arm()
        if write.end != nil { onEnd(runID) }
        return true
    }

    /// Steps whose result is there already end at once, which may let others ask.
    private func answerQuestions(now: Timestamp) async {
        while true {
            let questions = planner.takeQuestions()
            guard !questions.isEmpty else { return }
            let answers = await dependencies.reuse.answers(questions, namespace: namespace, database: dependencies.database)
            for (question, answer) in zip(questions, answers) {
                planner.answer(node: question.node, key: answer.key, reused: answer.result, now: now)
            }
        }
    }

    /// Waits for the next time that something is to be done at.
    private func arm() {
        let next = planner.nextTime
        guard next != armed else { return }
        timer?.cancel()
        timer = nil
        armed = next
        guard let next else { return }
        let wait = next.milliseconds - dependencies.clock.now().milliseconds
        timer = Task { [weak self] in
            // Longer ones are asked for again: a clock may be set meanwhile.
            try? await Task.sleep(for: .milliseconds(min(max(1, wait), 3_600_000)))
            if !Task.isCancelled { await self?.post(.time) }
        }
    }

    /// Nothing of the plan shows before it is written; a full disk delays the run, it does not lose it.
    private func persist(_ write: RunWrite) async -> Bool {
        var delay = 1
        while true {
            do {
                try await dependencies.database.write { db in try write.perform(db) }
                return true
            } catch {
                // After the stop the next start takes the run up from what was written.
                if dependencies.watch.isClosed { return false }
                dependencies.logger.error("a run's state could not be written; trying again", metadata: ["run": "\(runID)", "error": "\(error)"])
                try? await Task.sleep(for: .seconds(delay))
                delay = min(delay * 2, 30)
            }
        }
    }
}

import Core
import DequeModule

/// What a plan asks for beside the new state of nodes.
public enum PlanEffect: Sendable, Equatable {
    /// Start this attempt of the node's container, not before `notBefore`.
    case start(node: String, taskID: String, attempt: Int, spec: TaskSpecification, notBefore: Timestamp?)
    /// Ask the node's running task to end.
    case stop(taskID: String)
    case runEnded(phase: NodePhase, message: String)
}

/// How an attempt ended, with its outputs read.
public struct AttemptResult: Sendable, Equatable {
    public enum End: Sendable, Equatable { case succeeded, failed, cancelled }
    public var end: End
    /// Why, where it failed.
    public var cause: FailureCause
    public var message: String
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp
    public var outputs: [String: JSON]
    public var artifacts: [String: [ArtifactValue]]
    public init(
        end: End, cause: FailureCause = .failure, message: String = "", startedAt: Timestamp? = nil, finishedAt: Timestamp, outputs: [String: JSON] = [:],
        artifacts: [String: [ArtifactValue]] = [:]
    ) {
        self.end = end
        self.cause = cause
        self.message = message
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.outputs = outputs
        self.artifacts = artifacts
    }
}

/// The one planner: a pure function of graph and observed state to the next state and the effects to have.
/// Same state, same plan: ids are derived, the clock's reading is passed in.
public struct RunPlanner: Sendable {
    public let graph: WorkflowGraph
    public internal(set) var state: RunState
    /// Nodes that changed since the last `takeChanges`.
    var changed: Set<String> = []
    var effects: [PlanEffect] = []
    /// Composite nodes to look at again.
    var dirty: Deque<String> = []
    /// Containers that wait for a place under the run's `parallelism`, and how many hold one.
    var waiting: Deque<String> = []
    var active = 0
    /// Steps that wait to be told whether their result is there already.
    var questions: [ReuseQuestion] = []
    /// Attempts of dags that wait for their time.
    var wakes: [String: Timestamp] = [:]
    /// By composite node: its children that wait, in order. Made from the state when first needed.
    private var unreleased: [String: Deque<String>] = [:]
    private var ended = false
    private var hasExpired = false
    let newArtifactID: @Sendable () -> Int64

    /// - Parameter newArtifactID: gives the artifact store's next key; the same key is never given twice.
    public init(graph: WorkflowGraph, state: RunState, newArtifactID: @escaping @Sendable () -> Int64) {
        self.graph = graph
        self.state = state
        self.newArtifactID = newArtifactID
        let containers = state.ordered.filter { $0.kind == .container }
        active = containers.count { $0.phase == .running }
        waiting = Deque(containers.filter { $0.phase == .pending && $0.startedAt != nil }.map(\.id))
        for node in state.nodes.values where node.phase == .pending { wakes[node.id] = node.notBefore }
        ended = state.rootID.flatMap { state.nodes[$0] }?.phase.isTerminal == true
            && state.exitID.flatMap({ state.nodes[$0] }).map(\.phase.isTerminal) ?? (graph.exitTemplate == nil || state.isTerminating)
    }

    /// Changed nodes and effects since the last call. The changes must be durable before the effects are had.
    public mutating func takeChanges() -> (nodes: [RunNode], effects: [PlanEffect]) {
        defer { changed = []; effects = [] }
        return (changed.compactMap { state.nodes[$0] }.sorted { $0.ordinal < $1.ordinal }, effects)
    }

    /// Makes the root and starts what can start.
    public mutating func start(now: Timestamp) {
        guard state.rootID == nil else { return }
        let root = makeNode(parent: nil, taskName: graph.name, displayName: graph.name, template: graph.entrypoint, iteration: nil, now: now)
        update(root) { [facts = state.facts] in $0.inputs = facts.parameters }
        begin(root, now: now)
        settle(now: now)
    }

    /// An attempt of a container has ended.
    public mutating func attemptEnded(node id: String, attempt: Int, result: AttemptResult, now: Timestamp) {
        guard let node = state.nodes[id], node.phase == .running, node.attempts == attempt else { return }
        var verdict = Retry.Verdict.end(nil)
        if result.end == .failed, !state.isTerminating, let retry = retry(of: node) {
            verdict = retry.verdict(afterAttempt: attempt, result.cause, first: node.startedAt ?? now, now: now)
        }
        if case .again(let notBefore) = verdict {
            update(id) { $0.message = "attempt \(attempt) failed: \(result.message)" }
            launch(id, notBefore: notBefore, now: now)
            if state.nodes[id]?.phase != .running { active -= 1 }
        } else {
            let artifacts = result.artifacts.mapValues { $0.map(withID) }
            update(id) {
                $0.startedAt = result.startedAt ?? $0.startedAt
                $0.outputs = result.outputs
                $0.outputArtifacts = artifacts
            }
            if !isWhole(artifacts, of: node) { update(id) { $0.reuseKey = nil } }
            active -= 1
            let phase: NodePhase =
                switch result.end {
                case .succeeded: .succeeded
                case .failed: .failed
                case .cancelled: state.isTerminating ? .cancelled : .failed
                }
            finish(id, phase, Self.message(result.message, verdict), at: result.finishedAt, cause: result.cause)
        }
        settle(now: now)
    }

    static func message(_ message: String, _ verdict: Retry.Verdict) -> String {
        guard case .end(let reason?) = verdict else { return message }
        return message.isEmpty ? reason : "\(message) (\(reason))"
    }

    /// When the run's own deadline passes; nil without one.
    public var deadline: Timestamp? {
        graph.deadlineSeconds.map { state.facts.createdAt.advanced(seconds: $0) }
    }

    /// When to call `wake` or `expire` next; nil where nothing waits for a time.
    public var nextTime: Timestamp? {
        guard !ended else { return nil }
        return [state.isTerminating ? nil : deadline, wakes.values.min()].compactMap { $0 }.min()
    }

    /// The run's deadline has passed: as `terminate`, but the run has failed.
    public mutating func expire(now: Timestamp) {
        guard !ended else { return }
        hasExpired = true
        terminate(now: now)
    }

    /// Ends the run: nothing more starts, what runs is asked to end. May be said again, e.g. after a restart.
    public mutating func terminate(now: Timestamp) {
        guard !ended else { return }
        state.isTerminating = true
        waiting = []
        wakes = [:]
        for node in state.ordered where !node.phase.isTerminal {
            switch (node.kind, node.phase) {
            case (.container, .running): effects.append(.stop(taskID: node.taskID))
            case (_, .pending): finish(node.id, .cancelled, "the run was terminated", at: now)
            default: dirty.append(node.id)
            }
        }
        settle(now: now)
    }

    /// Works until nothing changes, then ends the run if its root (and exit handler) has ended.
    mutating func settle(now: Timestamp) {
        repeat {
            while let id = dirty.popFirst() { advance(id, now: now) }
            while graph.parallelism == 0 || active < graph.parallelism, let id = waiting.popFirst() {
                if state.nodes[id]?.phase == .pending { start(container: id, now: now) }
            }
        } while !dirty.isEmpty
        endIfDone(now: now)
    }

    private mutating func endIfDone(now: Timestamp) {
        guard !ended, let root = state.rootID.flatMap({ state.nodes[$0] }), root.phase.isTerminal else { return }
        let exit = state.exitID.flatMap { state.nodes[$0] }
        // A run that is ended while its exit handler runs waits for that too.
        if let exit, !exit.phase.isTerminal { return }
        if let exit, exit.phase == .cancelled, root.phase == .succeeded {
            ended = true
            return effects.append(.runEnded(phase: .cancelled, message: exit.message))
        }
        if let template = graph.exitTemplate, !state.isTerminating {
            guard let exit else {
                let id = makeNode(parent: nil, taskName: RunState.exitTaskName, displayName: template, template: template, iteration: nil, now: now)
                let declared = Set(graph.templates[template]?.inputs.map(\.name) ?? [])
                update(id) { [facts = state.facts] in $0.inputs = facts.parameters.filter { declared.contains($0.key) } }
                begin(id, now: now)
                return settle(now: now)
            }
            if exit.phase == .failed, root.phase == .succeeded {
                ended = true
                effects.append(.runEnded(phase: .failed, message: "the exit handler failed: \(exit.message)"))
                return
            }
        }
        ended = true
        if hasExpired, root.phase == .cancelled {
            effects.append(.runEnded(phase: .failed, message: "the deadline of \(graph.deadlineSeconds ?? 0) s has passed"))
        } else {
            effects.append(.runEnded(phase: root.phase, message: root.message))
        }
    }

    // MARK: Nodes

    mutating func makeNode(parent: RunNode?, taskName: String, displayName: String, template: String, iteration: Int?, now: Timestamp, isLoop: Bool = false, attempt: Int? = nil) -> String {
        let place = iteration.map(String.init) ?? attempt.map { "attempt \($0)" } ?? ""
        let id = Identifiers.derived("node", state.facts.id, parent?.id ?? "", taskName, place)
        let kind: NodeKind =
            if isLoop { .loop } else {
                switch graph.templates[template]?.body {
                case .dag: .dag
                case .importer: .importer
                case .container, nil: .container
                }
            }
        var node = RunNode(
            id: id, parentID: parent?.id, ordinal: state.nodes.count, taskName: taskName, displayName: displayName, template: template,
            kind: kind, createdAt: now)
        node.iteration = iteration
        if kind == .dag, attempt == nil, retry(of: node) != nil { node.kind = .retry }
        state.insert(node)
        changed.insert(id)
        return id
    }

    /// The children that wait, in order. The caller takes out what it has released and gives the rest back.
    mutating func takeWaiting(of id: String) -> Deque<String> {
        guard let tally = state.tallies[id], tally.waiting > 0 else {
            unreleased[id] = nil
            return []
        }
        return unreleased.removeValue(forKey: id) ?? Deque((state.children[id] ?? []).filter { state.nodes[$0]?.isWaiting == true })
    }

    mutating func putWaiting(_ waiting: Deque<String>, of id: String) {
        if !waiting.isEmpty { unreleased[id] = waiting }
    }

    func withID(_ artifact: ArtifactValue) -> ArtifactValue {
        var artifact = artifact
        artifact.id = artifact.id ?? newArtifactID()
        return artifact
    }

    mutating func update(_ id: String, _ change: (inout RunNode) -> Void) {
        state.update(id, change)
        changed.insert(id)
    }

    /// - Parameter cause: where it failed; what fails before it has run fails by an error.
    mutating func finish(_ id: String, _ phase: NodePhase, _ message: String, at time: Timestamp, cause: FailureCause? = .error) {
        update(id) {
            $0.phase = phase
            $0.cause = phase == .failed ? cause : nil
            $0.message = message
            $0.finishedAt = time
        }
        if let parent = state.nodes[id]?.parentID { dirty.append(parent) }
    }

    func retry(of node: RunNode) -> Retry? {
        if let retry = task(of: node)?.retry { return retry }
        switch graph.templates[node.template]?.body {
        case .container(let container): return container.retry
        case .dag(let dag): return dag.retry
        case .importer, nil: return nil
        }
    }

    /// The definition that a node is an instance of; nil for the root and the exit handler.
    func task(of node: RunNode) -> GraphTask? {
        guard let parent = node.parentID.flatMap({ state.nodes[$0] }) else { return nil }
        if parent.kind == .loop || parent.kind == .retry { return task(of: parent) }
        return graph.templates[parent.template]?.dag?.tasks.first { $0.name == node.taskName }
    }
}

extension RunPlanner {
    /// A line that a running node shows, e.g. why its task cannot start.
    public mutating func note(node id: String, message: String) {
        guard state.nodes[id]?.phase == .running else { return }
        update(id) { $0.message = message }
    }
}

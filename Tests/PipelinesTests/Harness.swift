import Core
import Foundation
import Tasks

@testable import Pipelines

/// Plays the executor for a planner: answers each started task with what `answer` says, in order of start.
struct Harness {
    var planner: RunPlanner
    var now = Timestamp(milliseconds: 1_000_000)
    private(set) var started: [(node: String, name: String, spec: TaskSpec)] = []
    private(set) var stopped: [String] = []
    private(set) var end: (phase: NodePhase, message: String)?
    /// Tasks started and not answered yet.
    private(set) var open: [Open] = []
    typealias Open = (node: String, attempt: Int, name: String, spec: TaskSpec)

    /// Takes the open tasks out: the caller answers them.
    mutating func takeOpen() -> [Open] {
        defer { open = [] }
        return open
    }

    init(_ graph: WorkflowGraph) {
        let parameters = Dictionary(uniqueKeysWithValues: graph.parameters.compactMap { input in input.defaultValue.map { (input.name, $0) } })
        let facts = RunFacts(
            id: "11111111-1111-5111-8111-111111111111", namespace: "default", displayName: "run", workflowName: "wf-1", pipelineName: graph.name,
            parameters: parameters, createdAt: now)
        let ids = ArtifactCounter()
        planner = RunPlanner(graph: graph, state: RunState(facts: facts)) { ids.next() }
    }

    final class ArtifactCounter: @unchecked Sendable {
        private var last: Int64 = 0
        func next() -> Int64 { last += 1; return last }
    }

    mutating func start() {
        planner.start(now: now)
        take()
    }

    /// What is answered to a step that asks whether it may be reused; it runs where this is nil.
    var stored: [String: ReusedResult] = [:]
    private(set) var asked: [ReuseQuestion] = []

    mutating func take() {
        while true {
            let questions = planner.takeQuestions()
            if questions.isEmpty { break }
            asked += questions
            for question in questions { planner.answer(node: question.node, key: question.material, reused: stored[question.material], now: now) }
        }
        for effect in planner.takeChanges().effects {
            switch effect {
            case .start(let node, _, let attempt, let spec, _):
                let name = planner.state.nodes[node]?.displayName ?? ""
                started.append((node, name, spec))
                open.append((node, attempt, name, spec))
            case .stop(let id): stopped.append(id)
            case .runEnded(let phase, let message): end = (phase, message)
            }
        }
    }

    /// Ends the first open task of this name (any, where nil).
    mutating func answer(
        _ name: String? = nil, _ end: AttemptResult.End = .succeeded, _ outputs: [String: JSON] = [:], artifacts: [String: [ArtifactValue]] = [:],
        cause: FailureCause = .failure
    ) {
        guard let index = open.firstIndex(where: { name == nil || $0.name == name }) else { return }
        let task = open.remove(at: index)
        now = Timestamp(milliseconds: now.milliseconds + 1000)
        planner.attemptEnded(
            node: task.node, attempt: task.attempt,
            result: AttemptResult(end: end, cause: cause, message: end == .failed ? "exit status 1" : "", startedAt: now, finishedAt: now, outputs: outputs, artifacts: artifacts), now: now)
        take()
    }

    /// Lets time pass and tells the planner.
    mutating func pass(seconds: Double) {
        now = now.advanced(seconds: seconds)
        planner.wake(now: now)
        take()
    }

    /// A planner of a later server process, made from what the rows of this one hold.
    mutating func restart() {
        let facts = planner.state.facts, ids = ArtifactCounter()
        planner = RunPlanner(graph: planner.graph, state: RunState(facts: facts, nodes: planner.state.ordered, isTerminating: planner.state.isTerminating)) { ids.next() }
    }

    /// Runs to the end; `answer` gives each task's outputs, nil fails it.
    mutating func run(_ outputs: (_ name: String, _ spec: TaskSpec) -> [String: JSON]?) {
        start()
        var steps = 0
        while let task = open.first, steps < 10_000 {
            steps += 1
            if let values = outputs(task.name, task.spec) { answer(task.name, .succeeded, values) } else { answer(task.name, .failed) }
        }
    }

    func phase(_ name: String) -> NodePhase? { planner.state.ordered.first { $0.displayName == name }?.phase }
    func node(_ name: String) -> RunNode? { planner.state.ordered.first { $0.displayName == name } }
    var startedNames: [String] { started.map(\.name) }
}

func argo(_ yaml: String) throws -> WorkflowGraph { try PipelinePackage(yaml: yaml).graph }

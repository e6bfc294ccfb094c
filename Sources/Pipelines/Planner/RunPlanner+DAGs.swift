import Core
import DequeModule

extension RunPlanner {
    /// Looks at a composite node again: starts what can start, ends it when its children have ended.
    mutating func advance(_ id: String, now: Timestamp) {
        guard let node = state.nodes[id], node.phase == .running else { return }
        switch node.kind {
        case .dag: advance(dag: node, now: now)
        case .loop: advance(loop: node, now: now)
        case .retry: advance(retry: node, now: now)
        case .container, .importer: break
        }
    }

    private mutating func advance(dag node: RunNode, now: Timestamp) {
        guard let dag = graph.templates[node.template]?.dag else { return }
        var waiting = takeWaiting(of: node.id)
        if !waiting.isEmpty {
            let tasks = Dictionary(uniqueKeysWithValues: dag.tasks.map { ($0.name, $0) })
            // An end within this pass may free one that stands before it, so go on until a pass ends nothing.
            var again = true
            while again {
                again = false
                var kept: Deque<String> = []
                for id in waiting {
                    guard let child = state.nodes[id], child.isWaiting, let task = tasks[child.taskName] else { continue }
                    consider(child, task, of: node, dag, now: now)
                    guard let after = state.nodes[id] else { continue }
                    if after.isWaiting { kept.append(id) }
                    again = again || after.phase.isTerminal
                }
                waiting = kept
                again = again && !waiting.isEmpty
            }
        }
        putWaiting(waiting, of: node.id)
        guard let tally = state.tallies[node.id], tally.ended < tally.total else {
            return complete(dag: node, dag, state.childNodes(of: node.id), now: now)
        }
    }

    /// Starts or ends a child that waits; leaves it where its time has not come.
    private mutating func consider(_ child: RunNode, _ task: GraphTask, of node: RunNode, _ dag: DAG, now: Timestamp) {
        let phases = state.phases(of: task.dependencies, under: node.id)
        guard phases.allSatisfy(\.phase.isTerminal) else { return }
        let tally = state.tallies[node.id] ?? .init()
        if dag.failFast, tally.failed > 0, task.trigger != .completed {
            finish(child.id, .omitted, "another task of this dag failed", at: now)
        } else if let reason = Self.refusal(task.trigger, phases) {
            finish(child.id, graph.dialect == .argo ? .omitted : .skipped, reason, at: now)
        } else if dag.parallelism == 0 || tally.open < dag.parallelism {
            release(child, task, of: node, now: now)
        }
    }

    /// Why the task will never start; nil where its trigger holds.
    private static func refusal(_ trigger: GraphTask.Trigger, _ upstream: [(task: String, phase: NodePhase)]) -> String? {
        let stopper = upstream.first { _, phase in
            switch trigger {
            case .completed: phase == .cancelled
            case .succeeded: phase != .succeeded
            case .succeededOrSkipped: phase != .succeeded && phase != .skipped
            }
        }
        return stopper.map { "\"\($0.task)\" ended as \($0.phase.rawValue)" }
    }

    /// The dependencies hold: resolves the arguments, asks the condition, then starts the child.
    private mutating func release(_ child: RunNode, _ task: GraphTask, of owner: RunNode, now: Timestamp) {
        do {
            if child.kind == .loop { return try begin(loop: child, task, of: owner, now: now) }
            try assignInputs(child.id, task, of: owner, item: nil)
            guard try holds(task, child.id, of: owner, item: nil) else {
                return finish(child.id, .skipped, "its condition is false", at: now)
            }
            begin(child.id, now: now)
        } catch {
            finish(child.id, .failed, MonoflowError.wrap(error, "start step").reason, at: now)
        }
    }

    mutating func assignInputs(_ id: String, _ task: GraphTask, of owner: RunNode, item: JSON?) throws {
        let (inputs, artifacts) = try arguments(id, task, of: owner, item: item)
        update(id) {
            $0.inputs = inputs
            $0.inputArtifacts = artifacts
            $0.item = item
        }
    }

    /// Reads only: a scope holds the state, and a change while it lives would copy all of it.
    private func arguments(_ id: String, _ task: GraphTask, of owner: RunNode, item: JSON?) throws -> ([String: JSON], [String: [ArtifactValue]]) {
        let place = "task \(task.name)"
        var scope = Scope(graph: graph, state: state, owner: owner, siblingsOf: owner.id, own: state.nodes[id], item: item, place: place)
        var inputs: [String: JSON] = [:]
        // A constant may name the task's other inputs, so those come first.
        let (later, first) = task.arguments.partitioned { $0.value.references.contains { if case .ownInput = $0 { true } else { false } } }
        for (name, expression) in first {
            if isAbsent(expression, owner) { continue }
            inputs[name] = try scope.value(expression)
        }
        scope.ownInputs = inputs
        for (name, expression) in later { inputs[name] = try scope.value(expression) }

        var artifacts: [String: [ArtifactValue]] = [:]
        for (name, expression) in task.artifactArguments {
            switch expression {
            case .input(let input):
                if let value = owner.inputArtifacts[input] {
                    artifacts[name] = value
                } else if let raw = graph.templates[owner.template]?.artifactInputs.first(where: { $0.name == input })?.rawDefault {
                    artifacts[name] = [ArtifactValue(name: name, uri: "", metadata: ["raw": .string(try scope.text(raw))])]
                }
            case .taskOutput(let producer, let output):
                let node = try scope.sibling(producer)
                if let value = node.outputArtifacts[output] {
                    artifacts[name] = value
                } else if graph.templates[task.template]?.artifactInputs.first(where: { $0.name == name })?.isOptional != true {
                    throw MonoflowError(.failedPrecondition, "start step", place, "\"\(producer)\" (\(node.phase.rawValue)) has no output artifact \"\(output)\"")
                }
            case .raw(let text):
                artifacts[name] = [ArtifactValue(name: name, uri: "", metadata: ["raw": .string(try scope.text(text))])]
            }
        }
        return (inputs, artifacts)
    }

    /// An optional input of the dag around that was not given stays absent in its tasks too (kfp 2).
    private func isAbsent(_ expression: Expression, _ owner: RunNode) -> Bool {
        guard graph.dialect == .kfp2, case .reference(.input(let name)) = expression else { return false }
        return Scope.input(name, of: owner) == nil
    }

    func holds(_ task: GraphTask, _ id: String, of owner: RunNode, item: JSON?) throws -> Bool {
        switch task.condition {
        case nil: return true
        case .cel(let text):
            return try ConditionEvaluator.evaluate(text, dialect: .cel, inputs: state.nodes[id]?.inputs ?? [:], place: "task \(task.name)")
        case .when(let text):
            let scope = Scope(graph: graph, state: state, owner: owner, siblingsOf: owner.id, item: item, place: "task \(task.name)")
            return try ConditionEvaluator.evaluate(try scope.condition(text), dialect: .govaluate, place: "task \(task.name), when")
        }
    }

    private mutating func complete(dag node: RunNode, _ dag: DAG, _ children: [RunNode], now: Timestamp) {
        if state.isTerminating { return finish(node.id, .cancelled, "the run was terminated", at: now) }
        if let failed = children.first(where: { $0.phase == .failed }) {
            let isGroup = [.dag, .loop, .retry].contains(failed.kind)
            return finish(node.id, .failed, isGroup ? failed.message : "\"\(failed.displayName)\" failed: \(failed.message)", at: now, cause: failed.cause)
        }
        let (outputs, artifacts) = outputs(of: dag, node)
        update(node.id) {
            $0.outputs = outputs
            $0.outputArtifacts = artifacts
        }
        finish(node.id, .succeeded, "", at: now)
    }

    private func outputs(of dag: DAG, _ node: RunNode) -> ([String: JSON], [String: [ArtifactValue]]) {
        let scope = Scope(graph: graph, state: state, owner: node, siblingsOf: node.id, place: "outputs of \(node.displayName)")
        var outputs: [String: JSON] = [:], artifacts: [String: [ArtifactValue]] = [:]
        for (name, source) in dag.outputs {
            // A task that was skipped leaves its dag without that output; who needs it says so.
            switch source {
            case .from(let selector): outputs[name] = state.child(of: node.id, task: selector.task)?.outputs[selector.output]
            case .oneOf(let selectors):
                outputs[name] = selectors.lazy.compactMap { state.child(of: node.id, task: $0.task)?.outputs[$0.output] }.first
            case .text(let text): outputs[name] = (try? scope.text(text)).map { .string($0) }
            }
        }
        for (name, selectors) in dag.artifactOutputs {
            artifacts[name] = selectors.lazy.compactMap { state.child(of: node.id, task: $0.task)?.outputArtifacts[$0.output] }.first
        }
        return (outputs, artifacts)
    }
}

extension Dictionary {
    func partitioned(by first: (Element) -> Bool) -> ([Element], [Element]) {
        (filter(first).map { $0 }, filter { !first($0) }.map { $0 })
    }
}

import Core

/// Steps whose result is there already. The planner asks before it starts a step that may be reused; the step is pending
/// until it is answered, within the same plan, so nothing of the question is ever stored.
extension RunPlanner {
    /// - Returns: whether the step is asked for, and so not started now.
    mutating func asks(for id: String) -> Bool {
        guard let node = state.nodes[id], node.attempts == 0, graph.dialect == .kfp2, let task = task(of: node), task.allowsCache == true,
            !isForbidden(above: node), let template = graph.templates[node.template], let container = template.container
        else { return false }
        let key = ReuseKey(facts: state.facts, node: node, template: template, container: container, customKey: task.cacheKey)
        // What cannot be filled in fails where the step is started.
        guard let question = try? key.material(TaskSpecBuilder(graph: graph, state: state, node: node, container: container)) else { return false }
        questions.append(question)
        return true
    }

    /// Whether a dag around it wants its steps to run.
    private func isForbidden(above node: RunNode) -> Bool {
        var above = node.parentID
        while let parent = above.flatMap({ state.nodes[$0] }) {
            if task(of: parent)?.allowsCache == false { return true }
            above = parent.parentID
        }
        return false
    }

    /// The questions since the last call. Each must be answered before the changes are taken.
    public mutating func takeQuestions() -> [ReuseQuestion] {
        defer { questions = [] }
        return questions
    }

    /// - Parameters:
    ///   - key: what the step's result is recorded under when it succeeds; nil records none.
    ///   - reused: nil starts the step.
    public mutating func answer(node id: String, key: String?, reused: ReusedResult?, now: Timestamp) {
        guard state.nodes[id]?.phase == .pending else {
            // The run was terminated meanwhile; the place is free again.
            active -= 1
            return settle(now: now)
        }
        update(id) { $0.reuseKey = key }
        guard let reused else {
            launch(id, notBefore: nil, now: now)
            if state.nodes[id]?.phase != .running { active -= 1 }
            return settle(now: now)
        }
        active -= 1
        update(id) {
            $0.startedAt = now
            $0.reusedFrom = reused.source
            $0.outputs = reused.outputs
            $0.outputArtifacts = reused.artifacts
        }
        finish(id, .succeeded, "", at: now)
        settle(now: now)
    }

    /// Whether the store holds all that the step made. What it only refers to by an address of its own is not held.
    func isWhole(_ artifacts: [String: [ArtifactValue]], of node: RunNode) -> Bool {
        artifacts.allSatisfy { name, values in
            values.allSatisfy { $0.digest != nil || $0.uri == RunPaths.output(state.facts, node: node, name: name) }
        }
    }
}

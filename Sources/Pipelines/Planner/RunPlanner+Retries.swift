import Core

/// Dags that are tried again: each attempt is a dag node of its own under one `retry` node, so that what an earlier
/// attempt did stays to be seen, and a restart finds the attempts as they stood.
extension RunPlanner {
    mutating func begin(retry id: String, now: Timestamp) {
        update(id) {
            $0.phase = .running
            $0.startedAt = now
        }
        makeAttempt(of: id, notBefore: nil, now: now)
    }

    private mutating func makeAttempt(of id: String, notBefore: Timestamp?, now: Timestamp) {
        guard let group = state.nodes[id] else { return }
        guard hasRoom(for: 1) else { return finish(id, .failed, "the run has more than \(Self.maximumNodes) nodes", at: now) }
        let attempt = group.attempts + 1
        let child = makeNode(
            parent: group, taskName: group.taskName, displayName: "\(group.displayName)(\(attempt - 1))", template: group.template, iteration: nil,
            now: now, attempt: attempt)
        update(id) { $0.attempts = attempt }
        update(child) {
            $0.attempts = attempt
            $0.inputs = group.inputs
            $0.inputArtifacts = group.inputArtifacts
            $0.item = group.item
            $0.notBefore = notBefore
        }
        if let notBefore, notBefore > now { wakes[child] = notBefore } else { begin(child, now: now) }
    }

    /// Begins the attempts whose time has come.
    public mutating func wake(now: Timestamp) {
        let due = wakes.filter { $0.value <= now }.keys.sorted()
        for id in due {
            wakes[id] = nil
            if state.nodes[id]?.phase == .pending { begin(id, now: now) }
        }
        if !due.isEmpty { settle(now: now) }
    }

    mutating func advance(retry node: RunNode, now: Timestamp) {
        guard let last = state.children[node.id]?.last.flatMap({ state.nodes[$0] }), last.phase.isTerminal else { return }
        if last.phase == .succeeded {
            update(node.id) {
                $0.outputs = last.outputs
                $0.outputArtifacts = last.outputArtifacts
                $0.message = ""
            }
            return finish(node.id, .succeeded, "", at: now)
        }
        if state.isTerminating { return finish(node.id, .cancelled, "the run was terminated", at: now) }
        var verdict = Retry.Verdict.end(nil)
        if last.phase == .failed, let retry = retry(of: node) {
            verdict = retry.verdict(afterAttempt: node.attempts, last.cause ?? .failure, first: node.startedAt ?? now, now: now)
        }
        guard case .again(let notBefore) = verdict else {
            return finish(node.id, .failed, Self.message(last.message, verdict), at: now, cause: last.cause)
        }
        update(node.id) { $0.message = "attempt \(node.attempts) failed: \(last.message)" }
        makeAttempt(of: node.id, notBefore: notBefore, now: now)
    }
}

import Core

extension RunPlanner {
    /// More iterations than this in one loop are refused.
    public static let maximumIterations = 100_000

    mutating func begin(loop node: RunNode, _ task: GraphTask, of owner: RunNode, now: Timestamp) throws {
        guard let loop = task.loop else { return }
        let place = "task \(task.name), loop"
        if graph.dialect == .kfp2 {
            try assignInputs(node.id, task, of: owner, item: nil)
            guard try holds(task, node.id, of: owner, item: nil) else { return finish(node.id, .skipped, "its condition is false", at: now) }
        }
        let inputs = state.nodes[node.id]?.inputs ?? [:]
        let items: [JSON]
        switch loop.items {
        case .literal(let literal): items = literal
        case .parameter(let expression):
            let scope = Scope(graph: graph, state: state, owner: owner, siblingsOf: owner.id, place: place)
            items = try list(try scope.value(expression), place)
        case .inputParameter(let name): items = try list(inputs[name] ?? .null, place)
        case .inputArtifact(let name): items = (state.nodes[node.id]?.inputArtifacts[name] ?? []).indices.map { .int(Int64($0)) }
        }
        guard items.count <= Self.maximumIterations else {
            throw MonoflowError(.resourceExhausted, "start loop", place, "\(items.count) iterations are more than \(Self.maximumIterations)")
        }
        guard hasRoom(for: items.count) else {
            throw MonoflowError(.resourceExhausted, "start loop", place, "the run has more than \(Self.maximumNodes) nodes")
        }
        update(node.id) {
            $0.phase = .running
            $0.startedAt = now
        }
        guard let group = state.nodes[node.id] else { return }
        for (index, item) in items.enumerated() {
            let id = makeNode(parent: group, taskName: task.name, displayName: "\(task.displayName)-\(index)", template: task.template, iteration: index, now: now)
            update(id) { $0.item = item }
        }
        dirty.append(node.id)
    }

    private func list(_ value: JSON, _ place: String) throws -> [JSON] {
        if let items = value.arrayValue { return items }
        if let text = value.stringValue, let items = try? JSONParser.parse(text).arrayValue { return items }
        var shown = value.text()
        if shown.count > 80 { shown = shown.prefix(80) + "…" }
        throw MonoflowError(.invalidArgument, "start loop", place, "loops over \(shown), which is not a list")
    }

    mutating func advance(loop node: RunNode, now: Timestamp) {
        guard let task = task(of: node), let loop = task.loop, let owner = node.parentID.flatMap({ state.nodes[$0] }) else { return }
        let outer = graph.templates[owner.template]?.dag?.parallelism ?? 0
        let limits = [loop.parallelism, outer].filter { $0 > 0 }
        let limit = limits.min() ?? Int.max
        var waiting = takeWaiting(of: node.id)
        while (state.tallies[node.id]?.open ?? 0) < limit, let id = waiting.popFirst() {
            guard let iteration = state.nodes[id], iteration.isWaiting else { continue }
            release(iteration, task, loop, group: node, owner: owner, now: now)
        }
        putWaiting(waiting, of: node.id)
        guard let tally = state.tallies[node.id], tally.ended < tally.total else {
            return complete(loop: node, state.childNodes(of: node.id), now: now)
        }
    }

    private mutating func release(_ iteration: RunNode, _ task: GraphTask, _ loop: Loop, group: RunNode, owner: RunNode, now: Timestamp) {
        do {
            if graph.dialect == .argo {
                try assignInputs(iteration.id, task, of: owner, item: iteration.item)
                guard try holds(task, iteration.id, of: owner, item: iteration.item) else {
                    return finish(iteration.id, .skipped, "its condition is false", at: now)
                }
            } else {
                let members = memberInputs(of: iteration, loop)
                update(iteration.id) {
                    $0.inputs = group.inputs
                    $0.inputArtifacts = group.inputArtifacts
                    guard let input = loop.itemInput else { return }
                    if case .inputArtifact(let name) = loop.items, let index = iteration.iteration {
                        $0.inputArtifacts[input] = group.inputArtifacts[name].map { [$0[index]] }
                    } else {
                        $0.inputs[input] = iteration.item
                    }
                    for (name, value) in members where $0.inputs[name] == nil { $0.inputs[name] = value }
                }
            }
            begin(iteration.id, now: now)
        } catch {
            finish(iteration.id, .failed, MonoflowError.wrap(error, "start step").reason, at: now)
        }
    }

    /// Declared inputs of the body that mean members of the item (see `Scope.input`).
    private func memberInputs(of iteration: RunNode, _ loop: Loop) -> [String: JSON] {
        guard let input = loop.itemInput, let item = iteration.item else { return [:] }
        var holder = iteration
        holder.inputs = [input: item]
        let declared = graph.templates[iteration.template]?.inputs.map(\.name) ?? []
        return Dictionary(uniqueKeysWithValues: declared.compactMap { name in Scope.input(name, of: holder).map { (name, $0) } })
    }

    /// A loop's outputs are its iterations' outputs as lists, in order.
    private mutating func complete(loop node: RunNode, _ iterations: [RunNode], now: Timestamp) {
        if state.isTerminating { return finish(node.id, .cancelled, "the run was terminated", at: now) }
        if let failed = iterations.first(where: { $0.phase == .failed }) {
            return finish(node.id, .failed, "\"\(failed.displayName)\" failed: \(failed.message)", at: now, cause: failed.cause)
        }
        var outputs: [String: JSON] = [:], artifacts: [String: [ArtifactValue]] = [:]
        for name in declaredOutputs(node.template) {
            let values = iterations.compactMap { $0.outputs[name] }
            outputs[name] = graph.dialect == .argo ? .string(JSON.array(values.map(Self.element)).text()) : .array(values)
        }
        for name in declaredArtifacts(node.template) { artifacts[name] = iterations.flatMap { $0.outputArtifacts[name] ?? [] } }
        update(node.id) {
            $0.outputs = outputs
            $0.outputArtifacts = artifacts
        }
        finish(node.id, .succeeded, "", at: now)
    }

    /// Argo's list of outputs holds what is JSON as JSON, so that a later `withParam` or condition finds numbers and objects.
    private static func element(_ value: JSON) -> JSON {
        value.stringValue.flatMap { try? JSONParser.parse($0) } ?? value
    }

    private func declaredOutputs(_ template: String) -> [String] {
        switch graph.templates[template]?.body {
        case .dag(let dag): Array(dag.outputs.keys)
        case .container(let container): container.outputs.map(\.name)
        case .importer, nil: []
        }
    }

    private func declaredArtifacts(_ template: String) -> [String] {
        switch graph.templates[template]?.body {
        case .dag(let dag): Array(dag.artifactOutputs.keys)
        case .container(let container): container.artifactOutputs.map(\.name)
        case .importer(let importer): [importer.output.name]
        case nil: []
        }
    }
}

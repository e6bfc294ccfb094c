import Core

extension RunPlanner {
    /// Dags within dags beyond this fail.
    public static let maximumDepth = 1000
    /// Nodes of one run beyond this are not made: whoever would make them fails.
    public static let maximumNodes = 250_000

    func hasRoom(for more: Int) -> Bool { state.nodes.count + more <= Self.maximumNodes }

    /// Starts a node whose inputs are known.
    mutating func begin(_ id: String, now: Timestamp) {
        guard let node = state.nodes[id], let template = graph.templates[node.template] else { return }
        do {
            try fillDefaults(id, template)
        } catch {
            return finish(id, .failed, MonoflowError.wrap(error, "start step").reason, at: now)
        }
        switch template.body {
        case .container:
            // `startedAt` marks a container that is ready but waits for its place.
            update(id) { $0.startedAt = now }
            waiting.append(id)
        case .dag where node.kind == .retry: begin(retry: id, now: now)
        case .dag(let dag):
            // A template may call itself; one that never stops must not take the server with it.
            guard state.depth(of: id) < Self.maximumDepth else {
                return finish(id, .failed, "nested deeper than \(Self.maximumDepth) levels", at: now)
            }
            guard hasRoom(for: dag.tasks.count) else {
                return finish(id, .failed, "the run has more than \(Self.maximumNodes) nodes", at: now)
            }
            update(id) { $0.phase = .running; $0.startedAt = now }
            guard let owner = state.nodes[id] else { return }
            for task in dag.tasks {
                _ = makeNode(
                    parent: owner, taskName: task.name, displayName: task.displayName, template: task.template, iteration: nil, now: now,
                    isLoop: task.loop != nil)
            }
            dirty.append(id)
        case .importer(let importer): importArtifact(id, importer, now: now)
        }
    }

    private mutating func fillDefaults(_ id: String, _ template: Template) throws {
        for input in template.inputs {
            let place = "input \(input.name) of \(state.nodes[id]?.displayName ?? template.name)"
            if let given = state.nodes[id]?.inputs[input.name] {
                let value = try ParameterValues.coerce(given, for: input, place: place)
                if value != given { update(id) { $0.inputs[input.name] = value } }
            } else if let value = input.defaultValue {
                let typed = try ParameterValues.coerce(value, for: input, place: place)
                update(id) { $0.inputs[input.name] = typed }
            } else if !input.isOptional {
                throw MonoflowError(.invalidArgument, "start step", place, "the input \"\(input.name)\" is not given")
            }
        }
    }

    mutating func start(container id: String, now: Timestamp) {
        active += 1
        if asks(for: id) { return }
        launch(id, notBefore: nil, now: now)
        if state.nodes[id]?.phase != .running { active -= 1 }
    }

    /// Makes the next attempt; a spec that cannot be made fails the node.
    mutating func launch(_ id: String, notBefore: Timestamp?, now: Timestamp) {
        guard let before = state.nodes[id], let container = graph.templates[before.template]?.container else { return }
        update(id) {
            $0.phase = .running
            $0.attempts += 1
            if $0.attempts == 1 { $0.startedAt = now }
        }
        guard let node = state.nodes[id] else { return }
        do {
            let spec = try TaskSpecBuilder(graph: graph, state: state, node: node, container: container).build()
            effects.append(.start(node: id, taskID: node.taskID, attempt: node.attempts, spec: spec, notBefore: notBefore))
        } catch {
            finish(id, .failed, MonoflowError.wrap(error, "start step").reason, at: now)
        }
    }

    private mutating func importArtifact(_ id: String, _ importer: Importer, now: Timestamp) {
        guard let node = state.nodes[id] else { return }
        let scope = Scope(graph: graph, state: state, owner: node, place: "importer \(node.displayName)")
        do {
            let uri = Scope.plain(try scope.value(importer.uri))
            let metadata = try fill(importer.metadata, scope)
            let artifact = withID(ArtifactValue(
                name: importer.output.name, type: importer.output.type, schemaVersion: importer.output.schemaVersion, uri: uri, metadata: metadata))
            update(id) {
                $0.startedAt = now
                $0.outputArtifacts[importer.output.name] = [artifact]
            }
            finish(id, .succeeded, "", at: now)
        } catch {
            finish(id, .failed, MonoflowError.wrap(error, "import artifact").reason, at: now)
        }
    }

    /// Fills the placeholders in the texts and keys of a JSON value.
    private func fill(_ value: JSON, _ scope: Scope) throws -> JSON {
        switch value {
        case .string(let text): return .string(try scope.text(try IRText.parse(text, scope: .container, path: scope.place)))
        case .array(let items): return .array(try items.map { try fill($0, scope) })
        case .object(let object):
            var result = JSONObject()
            for (key, member) in object {
                result[try scope.text(try IRText.parse(key, scope: .container, path: scope.place))] = try fill(member, scope)
            }
            return .object(result)
        default: return value
        }
    }
}

import Core
import Pipelines

/// NODEs of docs/NATIVE-API.md, of a run or of a definition.
enum GraphView {
    static func nodes(_ graph: WorkflowGraph, _ nodes: [RunNode]) -> [JSON] {
        let byID = Dictionary(uniqueKeysWithValues: nodes.map { ($0.id, $0) })
        var siblings: [String: [String: String]] = [:]
        for node in nodes { if let parent = node.parentID { siblings[parent, default: [:]][node.taskName] = node.id } }
        // By retry: the attempt before, which the next one follows.
        var attempts: [String: String] = [:]
        return nodes.map { node in
            let parent = node.parentID.flatMap { byID[$0] }
            let task = parent?.kind == .dag ? graph.templates[parent?.template ?? ""]?.dag?.tasks.first { $0.name == node.taskName } : nil
            var upstream = (task?.dependencies ?? []).compactMap { siblings[node.parentID ?? ""]?[$0] }
            if let parent, parent.kind == .retry { upstream = attempts.updateValue(node.id, forKey: parent.id).map { [$0] } ?? [] }
            let container = graph.templates[node.template]?.container
            return .make([
                "id": .string(node.id), "parent_id": .text(node.parentID), "task_name": .string(node.taskName), "display_name": .string(node.displayName),
                "type": .string(type(node)), "state": .string(state(node.phase)), "message": .text(node.message),
                "iteration": node.iteration.map { .int(Int64($0)) }, "attempts": .int(Int64(node.attempts)),
                "reused_from": node.reusedFrom.map { ["run_id": .string($0.runID), "node_id": .string($0.nodeID)] }, "created_at": .time(node.createdAt),
                "started_at": .time(node.phase == .pending ? nil : node.startedAt), "finished_at": .time(node.finishedAt),
                "image": node.kind == .container ? container.map { .string(shown($0.image)) } : nil,
                "command": node.kind == .container ? container.flatMap(command) : nil,
                "depends_on": .array(upstream.map { .string($0) }), "condition": task?.condition.map { .string(shown($0)) },
                "inputs": io(node.inputs, node.inputArtifacts), "outputs": io(node.outputs, node.outputArtifacts),
            ])
        }
    }

    /// The definition laid out as if each loop ran once; recursion is shown where it enters, not unrolled.
    static func definition(_ graph: WorkflowGraph) -> [JSON] {
        var result: [JSON] = []
        func add(_ template: String, id: String, parent: String?, name: String, shown: String, task: GraphTask?, above: Set<String>) {
            guard result.count < 5000, let found = graph.templates[template] else { return }
            let kind: String =
                if task?.loop != nil { "Loop" } else {
                    switch found.body {
                    case .dag: "DAG"
                    case .container: "Container"
                    case .importer: "Importer"
                    }
                }
            result.append(.make([
                "id": .string(id), "parent_id": .text(parent), "task_name": .string(name), "display_name": .string(shown), "type": .string(kind),
                "image": found.container.map { .string(self.shown($0.image)) }, "command": found.container.flatMap(command),
                "depends_on": .array((task?.dependencies ?? []).map { .string("\(parent ?? "")/\($0)") }), "condition": task?.condition.map { .string(self.shown($0)) },
                "inputs": ["parameters": .array(found.inputs.map { .make(["name": .string($0.name), "value": $0.defaultValue]) }), "artifacts": .array(found.artifactInputs.map { ["name": .string($0.name), "type": .string($0.type)] })],
            ]))
            guard let dag = found.dag, !above.contains(template) else { return }
            for task in dag.tasks {
                add(task.template, id: "\(id)/\(task.name)", parent: id, name: task.name, shown: task.displayName, task: task, above: above.union([template]))
            }
        }
        add(graph.entrypoint, id: "root", parent: nil, name: graph.name, shown: graph.name, task: nil, above: [])
        if let exit = graph.exitTemplate { add(exit, id: "onExit", parent: nil, name: "onExit", shown: exit, task: nil, above: []) }
        return result
    }

    private static func type(_ node: RunNode) -> String {
        switch node.kind {
        case .container: "Container"
        case .importer: "Importer"
        case .loop: "Loop"
        case .retry: "Retry"
        case .dag: node.iteration == nil ? "DAG" : "Iteration"
        }
    }

    private static func state(_ phase: NodePhase) -> String {
        phase.rawValue.prefix(1).uppercased() + phase.rawValue.dropFirst()
    }

    private static func shown(_ text: Text) -> String {
        text.pieces.map { piece in
            switch piece {
            case .literal(let literal): literal
            case .reference(let reference): "{{\(reference)}}"
            }
        }.joined()
    }

    private static func shown(_ condition: Condition) -> String {
        switch condition {
        case .cel(let text): text
        case .when(let text): shown(text)
        }
    }

    private static func command(_ container: ContainerTemplate) -> JSON? {
        let all = (container.command ?? []) + (container.args ?? [])
        return all.isEmpty ? nil : .array(all.map { argument in
            switch argument {
            case .text(let text): .string(shown(text))
            case .concat: "…"
            case .ifPresent(let input, _, _): .string("if \(input) is given …")
            }
        })
    }

    private static func io(_ parameters: [String: JSON], _ artifacts: [String: [ArtifactValue]]) -> JSON {
        [
            "parameters": .array(parameters.sorted { $0.key < $1.key }.map { ["name": .string($0.key), "value": $0.value] }),
            "artifacts": .array(artifacts.sorted { $0.key < $1.key }.flatMap { name, list in
                list.map { .make(["name": .string(name), "id": $0.id.map { .int($0) }, "type": .string($0.type)]) }
            }),
        ]
    }
}

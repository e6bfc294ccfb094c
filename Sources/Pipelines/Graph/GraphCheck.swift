import Core

/// What must hold of any graph before it is stored: names that exist, no cycle among a dag's tasks, every
/// placeholder answered, every required input given.
enum GraphCheck {
    static func check(_ graph: WorkflowGraph) throws {
        func template(_ name: String, _ place: String) throws {
            guard graph.templates[name] != nil else { throw error(place, "there is no template \"\(name)\"") }
        }
        try template(graph.entrypoint, "entrypoint")
        if let exit = graph.exitTemplate { try template(exit, "onExit") }
        for template in graph.templates.values.sorted(by: { $0.name < $1.name }) {
            switch template.body {
            case .dag(let dag): try check(dag, of: template, in: graph)
            case .container(let container): try check(container, of: template, in: graph)
            case .importer(let importer): try check(importer.uri.references, of: template, in: graph, place: "importer \(template.name)")
            }
        }
    }

    private static func error(_ place: String, _ message: String) -> MonoflowError {
        MonoflowError(.invalidArgument, "read pipeline", place, message)
    }

    private static func check(_ dag: DAG, of template: Template, in graph: WorkflowGraph) throws {
        var tasks: [String: GraphTask] = [:]
        for task in dag.tasks {
            guard tasks.updateValue(task, forKey: task.name) == nil else {
                throw error("template \(template.name), task \(task.name)", "the name stands twice")
            }
        }
        for task in dag.tasks {
            let place = "template \(template.name), task \(task.name)"
            guard let target = graph.templates[task.template] else { throw error(place, "there is no template \"\(task.template)\"") }
            for dependency in task.dependencies where tasks[dependency] == nil {
                throw error(place, "depends on \"\(dependency)\", which is no task of this dag")
            }
            for input in target.inputs where task.arguments[input.name] == nil && input.defaultValue == nil && !input.isOptional && task.loop?.itemInput != input.name {
                throw error(place, "the parameter \"\(input.name)\" of \(task.template) is not given")
            }
            for input in target.artifactInputs where task.artifactArguments[input.name] == nil && !input.isOptional && input.rawDefault == nil && task.loop?.itemInput != input.name {
                throw error(place, "the artifact \"\(input.name)\" of \(task.template) is not given")
            }
            var references = task.arguments.values.flatMap(\.references)
            if case .when(let text) = task.condition { references += text.references }
            if case .parameter(let items) = task.loop?.items { references += items.references }
            try check(references, of: template, in: graph, place: place)
            for case .taskOutput(let producer, _) in task.artifactArguments.values where tasks[producer] == nil {
                throw error(place, "takes an artifact of \"\(producer)\", which is no task of this dag")
            }
            for case .input(let name) in task.artifactArguments.values where !template.artifactInputs.contains(where: { $0.name == name }) {
                throw error(place, "takes the input artifact \"\(name)\", which the template does not declare")
            }
        }
        let selectors = dag.artifactOutputs.values.flatMap { $0 } + dag.outputs.values.flatMap { output -> [OutputSelector] in
            switch output {
            case .from(let selector): [selector]
            case .oneOf(let several): several
            case .text: []
            }
        }
        for selector in selectors where tasks[selector.task] == nil {
            throw error("template \(template.name)", "an output names the task \"\(selector.task)\", which is no task of this dag")
        }
        if let cycle = cycle(among: dag.tasks) {
            throw error("template \(template.name)", "the tasks depend on each other in a cycle: \(cycle.joined(separator: " → "))")
        }
    }

    private static func check(_ container: ContainerTemplate, of template: Template, in graph: WorkflowGraph) throws {
        func texts(_ arguments: [Argument]) -> [Text] {
            arguments.flatMap { argument -> [Text] in
                switch argument {
                case .text(let text): [text]
                case .concat(let parts): texts(parts)
                case .ifPresent(_, let then, let otherwise): texts(then) + texts(otherwise)
                }
            }
        }
        let all = [container.image] + texts(container.command ?? []) + texts(container.args ?? []) + container.env.map(\.value)
        try check(all.flatMap(\.references), of: template, in: graph, place: "template \(template.name)")
    }

    private static func check(_ references: [Reference], of template: Template, in graph: WorkflowGraph, place: String) throws {
        for reference in references {
            switch reference {
            case .input(let name) where !template.inputs.contains { $0.name == name }:
                // kfp 2 leaves such names behind where a loop over a dict stands in an exit handler.
                if graph.dialect == .argo { throw error(place, "{{inputs.parameters.\(name)}} names an input that the template does not declare") }
            case .workflowParameter(let name) where !graph.parameters.contains { $0.name == name }:
                throw error(place, "{{workflow.parameters.\(name)}} names a parameter that the pipeline does not declare")
            case .taskOutput(let task, _), .taskStatus(let task), .taskFinalStatus(let task):
                guard template.dag?.tasks.contains(where: { $0.name == task }) == true else {
                    throw error(place, "refers to \"\(task)\", which is no task of this dag")
                }
            case .inputArtifact(let name, _) where !template.artifactInputs.contains { $0.name == name }:
                throw error(place, "names the input artifact \"\(name)\", which the template does not declare")
            case .outputArtifact(let name, _) where template.container?.artifactOutputs.contains { $0.name == name } == false:
                throw error(place, "names the output artifact \"\(name)\", which the template does not declare")
            case .outputFile(let name) where template.container?.outputs.contains { $0.name == name } == false:
                throw error(place, "names the output \"\(name)\", which the template does not declare")
            default: break
            }
        }
    }

    /// The names along one cycle, first repeated last; nil where there is none.
    static func cycle(among tasks: [GraphTask]) -> [String]? {
        let next = Dictionary(tasks.map { ($0.name, $0.dependencies) }, uniquingKeysWith: { first, _ in first })
        var finished: Set<String> = []
        for start in tasks.map(\.name) where !finished.contains(start) {
            var path: [String] = [], onPath: Set<String> = []
            var stack: [(name: String, next: Int)] = [(start, 0)]
            while let top = stack.last {
                if top.next == 0 { path.append(top.name); onPath.insert(top.name) }
                let successors = next[top.name] ?? []
                if top.next == successors.count {
                    stack.removeLast()
                    path.removeLast()
                    onPath.remove(top.name)
                    finished.insert(top.name)
                    continue
                }
                stack[stack.count - 1].next += 1
                let successor = successors[top.next]
                if onPath.contains(successor), let from = path.firstIndex(of: successor) { return Array(path[from...]) + [successor] }
                if !finished.contains(successor) { stack.append((successor, 0)) }
            }
        }
        return nil
    }
}

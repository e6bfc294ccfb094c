import Core
import Tasks

public typealias TaskSpecification = TaskSpec

/// Fills a container's placeholders and says which files go in and come out: a node becomes a task's spec.
struct TaskSpecBuilder {
    let graph: WorkflowGraph
    let state: RunState
    let node: RunNode
    let container: ContainerTemplate

    /// Whether the texts are made for telling steps apart: what differs from run to run without mattering keeps its placeholder.
    private var isForKey = false

    init(graph: WorkflowGraph, state: RunState, node: RunNode, container: ContainerTemplate) {
        self.graph = graph
        self.state = state
        self.node = node
        self.container = container
    }

    private var template: Template? { graph.templates[node.template] }
    private var place: String { "task \(node.displayName)" }

    /// Image, command, arguments and variables alone, with placeholders left where artifacts lie.
    func buildForKey() throws -> TaskSpec {
        var builder = self
        builder.isForKey = true
        return try builder.command()
    }

    private func command() throws -> TaskSpec {
        var spec = TaskSpec(image: try text(container.image))
        spec.command = try container.command.map { try arguments($0) }
        spec.args = try container.args.map { try arguments($0) }
        spec.workingDirectory = try container.workingDirectory.map(text)
        spec.env = try container.env.map { EnvironmentVariable($0.name, try text($0.value)) }
        return spec
    }

    func build() throws -> TaskSpec {
        var spec = try command()
        // Ten years at most: what counts the seconds need not hold more.
        spec.deadlineSeconds = container.deadlineSeconds.map { min($0, 3.2e8) }
        spec.resources = try resources()
        switch graph.dialect {
        case .argo: try argoFiles(&spec)
        case .kfp2: try KFP2Files(facts: state.facts, node: node, template: template, container: container).add(to: &spec)
        }
        return spec
    }

    private func argoFiles(_ spec: inout TaskSpec) throws {
        for input in template?.artifactInputs ?? [] {
            guard let path = input.path else { continue }
            guard let artifact = node.inputArtifacts[input.name]?.first else {
                if let raw = input.rawDefault { spec.inputs.append(InputFile(path: path, source: .text(try text(raw)))) }
                continue
            }
            if let raw = artifact.metadata["raw"]?.stringValue, artifact.digest == nil {
                spec.inputs.append(InputFile(path: path, source: .text(raw)))
            } else if let digest = artifact.digest {
                spec.inputs.append(InputFile(path: path, source: .blob(digest: digest)))
            } else {
                throw MonoflowError(.failedPrecondition, "start step", place, "the input artifact \"\(input.name)\" has no content")
            }
        }
        for output in container.outputs {
            guard let path = output.path else { continue }
            makeParent(of: path, &spec)
            spec.outputs.append(OutputFile(name: output.name, path: path, kind: .parameter, isOptional: output.defaultValue != nil))
        }
        for output in container.artifactOutputs {
            guard let path = output.path else { continue }
            makeParent(of: path, &spec)
            // One file may be both a parameter and an artifact: names are apart by this prefix.
            spec.outputs.append(OutputFile(name: OutputReader.artifactPrefix + output.name, path: path, kind: .artifact, isOptional: output.isOptional))
        }
    }

    private func makeParent(of path: String, _ spec: inout TaskSpec) {
        guard let cut = path.lastIndex(of: "/"), cut != path.startIndex else { return }
        spec.inputs.append(InputFile(path: String(path[..<cut]), source: .directory))
    }

    // MARK: Texts

    private func arguments(_ arguments: [Argument]) throws -> [String] { try arguments.flatMap(self.arguments) }

    private func arguments(_ argument: Argument) throws -> [String] {
        switch argument {
        case .text(let text): return [try self.text(text)]
        case .concat(let parts): return [try arguments(parts).joined()]
        case .ifPresent(let input, let then, let otherwise):
            let isPresent = node.inputs[input] != nil || node.inputArtifacts[input]?.isEmpty == false
            return try arguments(isPresent ? then : otherwise)
        }
    }

    private func text(_ text: Text) throws -> String {
        let scope = Scope(graph: graph, state: state, owner: node, item: node.item, place: place)
        var out = ""
        for piece in text.pieces {
            switch piece {
            case .literal(let literal): out += literal
            case .reference(let reference): out += try value(reference, scope)
            }
        }
        return out
    }

    private func value(_ reference: Reference, _ scope: Scope) throws -> String {
        switch reference {
        case .executorInput where isForKey: return "{{$}}"
        case .inputArtifact(let name, .path) where isForKey, .inputArtifact(let name, .uri) where isForKey: return "{{$.inputs.artifacts['\(name)']}}"
        case .outputArtifact(let name, .path) where isForKey, .outputArtifact(let name, .uri) where isForKey: return "{{$.outputs.artifacts['\(name)']}}"
        case .executorInput: return KFP2Files(facts: state.facts, node: node, template: template, container: container).executorInput().text()
        case .outputFile(let name):
            return container.outputs.first { $0.name == name }?.path ?? KFP2Files.outputFile(name)
        case .inputArtifact(let name, let field):
            if graph.dialect == .argo { return template?.artifactInputs.first { $0.name == name }?.path ?? "" }
            guard let artifact = node.inputArtifacts[name]?.first else {
                throw MonoflowError(.failedPrecondition, "start step", place, "the input artifact \"\(name)\" is not given")
            }
            return self.field(field, of: artifact)
        case .outputArtifact(let name, let field):
            if graph.dialect == .argo { return container.artifactOutputs.first { $0.name == name }?.path ?? "" }
            let output = container.artifactOutputs.first { $0.name == name }
            return self.field(field, of: ArtifactValue(name: name, uri: RunPaths.output(state.facts, node: node, name: name), metadata: output?.metadata ?? [:]))
        // An optional input that was not given is an empty text inside a command.
        case .input(let name) where graph.dialect == .kfp2 && node.inputs[name] == nil: return ""
        default: return Scope.plain(try scope.value(reference))
        }
    }

    private func field(_ field: Reference.ArtifactField, of artifact: ArtifactValue) -> String {
        switch field {
        case .uri: artifact.uri
        case .path: RunPaths.local(artifact.uri) ?? artifact.uri
        case .name: artifact.name
        case .metadata(nil): artifact.metadata.text()
        case .metadata(let key?): artifact.metadata[key].map(Scope.plain) ?? ""
        }
    }

    // MARK: Resources

    private func resources() throws -> ResourceRequest {
        let wanted = container.resources
        if let type = try wanted.acceleratorType.map(self.text), !type.isEmpty { try ContainerResources.checkAccelerator(type, place: place) }
        func quantity(_ text: Text?, _ name: String) throws -> Double? {
            guard let text = try text.map(self.text), !text.isEmpty else { return nil }
            guard let value = Quantity.parse(text) else {
                throw MonoflowError(.invalidArgument, "start step", place, "\(name) \"\(text)\" is not a quantity such as 500m or 2Gi")
            }
            return value
        }
        let cpuLimit = try quantity(wanted.cpuLimit, "cpu limit")
        let memoryLimit = try quantity(wanted.memoryLimit, "memory limit")
        let cpu = try quantity(wanted.cpuRequest, "cpu request") ?? cpuLimit
        let memory = try quantity(wanted.memoryRequest, "memory request") ?? memoryLimit
        return ResourceRequest(
            // More than any machine has stays more than any machine has.
            cpuMillis: Int(min((cpu ?? 0) * 1000, 1e15)), cpuLimitMillis: Int(min(((cpuLimit ?? 0) * 1000).rounded(.up), 1e15)),
            memoryBytes: Int64(memory ?? 0), memoryLimitBytes: Int64(memoryLimit ?? 0), gpus: Int(try quantity(wanted.accelerators, "accelerator count") ?? 0))
    }
}

import Core
import Tasks

/// Turns what was collected from a step's files into typed outputs.
struct OutputReader {
    /// Names of collected artifacts start with this, since a parameter may have the same name.
    static let artifactPrefix = "artifact:"
    /// Name of the collected text that kfp 2's executor writes.
    static let executorOutput = "executor-output"

    let graph: WorkflowGraph
    let facts: RunFacts
    let node: RunNode
    let container: ContainerTemplate

    private var place: String { "outputs of task \(node.displayName)" }

    private func executor(_ collected: [String: CollectedOutput]) throws -> JSON {
        guard case .parameter(let text)? = collected[Self.executorOutput] else { return .object([:]) }
        do { return try JSONParser.parse(text) } catch {
            throw MonoflowError(.invalidArgument, "read outputs", place, "the executor's output is not JSON: \(error)")
        }
    }

    private func runtime(_ executor: JSON, _ name: String) -> JSON? { executor["artifacts"]?[name]?["artifacts"]?[0] }

    /// Files of artifacts that the step put elsewhere than it was told (by `uri` or `custom_path`): to be collected too.
    func redirected(_ collected: [String: CollectedOutput]) throws -> [OutputFile] {
        guard graph.dialect == .kfp2 else { return [] }
        let executor = try executor(collected)
        return container.artifactOutputs.compactMap { output in
            let told = RunPaths.output(facts, node: node, name: output.name)
            guard let runtime = runtime(executor, output.name) else { return nil }
            let uri = runtime["uri"]?.stringValue ?? told
            let custom = runtime["custom_path"]?.stringValue
            guard let path = custom ?? (uri == told ? nil : RunPaths.local(uri)) else { return nil }
            return OutputFile(name: Self.artifactPrefix + output.name, path: path, kind: .artifact, isOptional: true)
        }
    }

    func read(_ collected: [String: CollectedOutput]) throws -> (outputs: [String: JSON], artifacts: [String: [ArtifactValue]]) {
        let executor = graph.dialect == .kfp2 ? try executor(collected) : .object([:])
        var outputs: [String: JSON] = [:], artifacts: [String: [ArtifactValue]] = [:]
        for output in container.outputs {
            let place = "output \(output.name) of task \(node.displayName)"
            if let value = executor["parameterValues"]?[output.name] {
                outputs[output.name] = try ParameterValues.coerce(value, to: output.type, place: place)
            } else if case .parameter(let text)? = collected[output.name] {
                // Argo drops one newline at the end; for a kfp 2 text the file is the value.
                let trimmed = graph.dialect == .argo && text.hasSuffix("\n") ? String(text.dropLast()) : text
                outputs[output.name] = try ParameterValues.coerce(.string(trimmed), to: output.type, place: place)
            } else if let value = output.defaultValue {
                outputs[output.name] = value
            } else {
                throw MonoflowError(.failedPrecondition, "read outputs", place, "the step wrote no value for \"\(output.name)\"")
            }
        }
        for output in container.artifactOutputs {
            let uri = RunPaths.output(facts, node: node, name: output.name)
            var artifact = ArtifactValue(
                name: output.name, type: output.type, schemaVersion: output.schemaVersion, uri: graph.dialect == .kfp2 ? uri : "", metadata: output.metadata)
            if let runtime = runtime(executor, output.name) {
                artifact.name = runtime["name"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } ?? output.name
                artifact.uri = runtime["uri"]?.stringValue ?? uri
                artifact.metadata = merged(output.metadata, runtime["metadata"])
            }
            if case .artifact(let digest, let bytes, let isDirectory)? = collected[Self.artifactPrefix + output.name] {
                artifact.digest = digest
                artifact.bytes = bytes
                artifact.isDirectory = isDirectory
                if graph.dialect == .argo { artifact.uri = "monoflow://artifacts/sha256/\(digest)" }
            } else if graph.dialect == .argo {
                continue  // optional and not written
            }
            artifacts[output.name] = [artifact]
        }
        return (outputs, artifacts)
    }

    private func merged(_ base: JSON, _ more: JSON?) -> JSON {
        guard var object = base.objectValue, let more = more?.objectValue else { return more ?? base }
        object.merge(more) { _, new in new }
        return .object(object)
    }
}

import Core
import Tasks

/// What kfp 2's launcher does round a step: the ExecutorInput that it is handed, and the files that it reads and writes.
struct KFP2Files {
    /// Where the SDK's executor writes what the step returned.
    static let executorOutput = "/tmp/kfp_outputs/output_metadata.json"
    static func outputFile(_ name: String) -> String { "/tmp/kfp/outputs/\(name)" }

    let facts: RunFacts
    let node: RunNode
    let template: Template?
    let container: ContainerTemplate

    func executorInput() -> JSON {
        var parameters = JSONObject(), artifacts = JSONObject()
        for input in template?.inputs ?? [] { if let value = node.inputs[input.name] { parameters[input.name] = value } }
        for input in template?.artifactInputs ?? [] {
            guard let values = node.inputArtifacts[input.name] else { continue }
            artifacts[input.name] = ["artifacts": .array(values.map(Self.runtimeArtifact))]
        }
        var outputs = JSONObject(), outputArtifacts = JSONObject()
        for output in container.outputs { outputs[output.name] = ["outputFile": .string(Self.outputFile(output.name))] }
        for output in container.artifactOutputs {
            let artifact = ArtifactValue(
                name: output.name, type: output.type, schemaVersion: output.schemaVersion,
                uri: RunPaths.output(facts, node: node, name: output.name), metadata: output.metadata)
            outputArtifacts[output.name] = ["artifacts": [Self.runtimeArtifact(artifact)]]
        }
        return [
            "inputs": ["parameterValues": .object(parameters), "parameters": .object([:]), "artifacts": .object(artifacts)],
            "outputs": [
                "parameters": .object(outputs), "artifacts": .object(outputArtifacts), "outputFile": .string(Self.executorOutput),
            ],
        ]
    }

    private static func runtimeArtifact(_ artifact: ArtifactValue) -> JSON {
        [
            "name": .string(artifact.name), "uri": .string(artifact.uri), "metadata": artifact.metadata,
            "type": ["schemaTitle": .string(artifact.type), "schemaVersion": .string(artifact.schemaVersion)],
        ]
    }

    func add(to spec: inout TaskSpec) throws {
        for artifact in node.inputArtifacts.values.flatMap({ $0 }) {
            guard let digest = artifact.digest else { continue }
            guard let path = RunPaths.local(artifact.uri) else {
                throw MonoflowError(.unimplemented, "start step", "task \(node.displayName)", "the input artifact's URI \(artifact.uri) has no path in a step")
            }
            spec.inputs.append(InputFile(path: path, source: .blob(digest: digest)))
        }
        spec.inputs.append(InputFile(path: "/tmp/kfp_outputs", source: .directory))
        if !container.outputs.isEmpty { spec.inputs.append(InputFile(path: "/tmp/kfp/outputs", source: .directory)) }
        spec.outputs.append(OutputFile(name: OutputReader.executorOutput, path: Self.executorOutput, kind: .parameter, isOptional: true))
        for output in container.outputs {
            spec.outputs.append(OutputFile(name: output.name, path: Self.outputFile(output.name), kind: .parameter, isOptional: true))
        }
        for output in container.artifactOutputs {
            guard let path = RunPaths.local(RunPaths.output(facts, node: node, name: output.name)) else { continue }
            spec.inputs.append(InputFile(path: String(path.dropLast(output.name.count + 1)), source: .directory))
            spec.outputs.append(OutputFile(name: OutputReader.artifactPrefix + output.name, path: path, kind: .artifact, isOptional: true))
        }
    }
}

import Core

/// Asks whether a step that is about to start needs to: the planner knows what it is, the driver what is stored.
public struct ReuseQuestion: Sendable, Equatable {
    public var node: String
    /// Image as the step names it; what it stands for on this machine is part of the key too.
    public var image: String
    /// Equal for equal steps that are given equal inputs, in canonical form.
    public var material: String
}

/// The result of an earlier, equal step.
public struct ReusedResult: Sendable, Equatable {
    public var source: NodeReference
    public var outputs: [String: JSON]
    public var artifacts: [String: [ArtifactValue]]
    public init(source: NodeReference, outputs: [String: JSON], artifacts: [String: [ArtifactValue]]) {
        self.source = source
        self.outputs = outputs
        self.artifacts = artifacts
    }
}

/// Names one node of one run.
public struct NodeReference: Codable, Sendable, Equatable {
    public var runID: String
    public var nodeID: String
    public init(runID: String, nodeID: String) {
        self.runID = runID
        self.nodeID = nodeID
    }
}

/// What makes two kfp 2 steps equal. Where an artifact lies differs from run to run and does not count; its content, type
/// and metadata do. Everything else that reaches the command counts, so a step that is told its run's id is like no other.
struct ReuseKey {
    let facts: RunFacts
    let node: RunNode
    let template: Template
    let container: ContainerTemplate
    /// The author's own key.
    let customKey: String?

    func material(_ builder: TaskSpecBuilder) throws -> ReuseQuestion {
        let spec = try builder.buildForKey()
        let declared = Set(template.inputs.map(\.name)), declaredArtifacts = Set(template.artifactInputs.map(\.name))
        let material = JSON.make([
            "format": 1, "namespace": .string(facts.namespace), "key": customKey.map { .string($0) },
            "image": .string(spec.image), "command": spec.command.map(Self.texts), "args": spec.args.map(Self.texts),
            "env": .array(spec.env.map { [.string($0.name), .string($0.value)] }),
            "inputs": Self.object(node.inputs.filter { declared.contains($0.key) }),
            "inputArtifacts": Self.object(node.inputArtifacts.filter { declaredArtifacts.contains($0.key) }.mapValues { .array($0.map(Self.identity)) }),
            "outputs": Self.object(Dictionary(container.outputs.map { ($0.name, .string($0.type.rawValue)) }, uniquingKeysWith: { first, _ in first })),
            "outputArtifacts": Self.object(Dictionary(container.artifactOutputs.map { ($0.name, Self.declaration($0)) }, uniquingKeysWith: { first, _ in first })),
        ])
        return ReuseQuestion(node: node.id, image: spec.image, material: material.canonicalText())
    }

    private static func texts(_ list: [String]) -> JSON { .array(list.map { .string($0) }) }

    private static func object(_ values: [String: JSON]) -> JSON {
        .object(JSONObject(uniqueKeysWithValues: values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    }

    /// An artifact without content here is known by where it lies.
    private static func identity(_ artifact: ArtifactValue) -> JSON {
        .make([
            "digest": artifact.digest.map { .string($0) }, "uri": artifact.digest == nil ? .string(artifact.uri) : nil, "type": .string(artifact.type),
            "schemaVersion": .string(artifact.schemaVersion), "metadata": artifact.metadata, "isDirectory": .bool(artifact.isDirectory),
        ])
    }

    private static func declaration(_ output: ArtifactOutput) -> JSON {
        ["type": .string(output.type), "schemaVersion": .string(output.schemaVersion), "metadata": output.metadata]
    }
}

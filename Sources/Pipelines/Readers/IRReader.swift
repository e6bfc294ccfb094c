import Core

/// Reads kfp 2's PipelineSpec (IR, schema 2.x) into the graph.
public struct IRReader {
    private var graph: WorkflowGraph
    private var executors: [String: Fields] = [:]

    /// - Parameter platform: the second document of a package (`platforms.kubernetes…`), if any.
    /// - Throws: `invalidArgument` or `unimplemented`; the subject is the place in the IR.
    public static func read(_ spec: JSON, platform: JSON? = nil) throws -> WorkflowGraph {
        let root = try Fields(spec, path: "")
        root.ignore("sdkVersion")
        let version = try root.string("schemaVersion") ?? ""
        guard version.hasPrefix("2.") else { throw root.fail("schemaVersion", "\"\(version)\" is not a PipelineSpec of version 2", code: .unimplemented) }
        guard let info = try root.fields("pipelineInfo") else { throw root.fail("pipelineInfo", "is missing") }

        var reader = IRReader(graph: WorkflowGraph(dialect: .kfp2, name: try info.required("name"), entrypoint: "root"))
        reader.graph.description = try info.string("description") ?? ""
        info.ignore("displayName")
        try info.finish()
        root.note(["defaultPipelineRoot"], "artifacts are kept in this server's store", into: &reader.graph.notes)
        try reader.readExecutors(root)
        for member in try root.members("components") {
            let template = try reader.component(try Fields(member.value, path: member.path), name: member.name)
            reader.graph.templates[member.name] = template
        }
        guard let rootFields = try root.fields("root") else { throw root.fail("root", "is missing") }
        let template = try reader.component(rootFields, name: "root")
        reader.graph.templates["root"] = template
        reader.graph.parameters = template.inputs
        reader.graph.artifactInputs = template.artifactInputs
        try root.finish()
        if let platform { try reader.readPlatform(platform) }
        reader.graph.addImpliedDependencies()
        try GraphCheck.check(reader.graph)
        return reader.graph
    }

    private mutating func readExecutors(_ root: Fields) throws {
        guard let deployment = try root.fields("deploymentSpec") else { return }
        if let section = try deployment.fields("executors") {
            for (name, value) in section.object { executors[name] = try Fields(value, path: section.place(name)) }
        }
        try deployment.finish()
    }

    private mutating func component(_ fields: Fields, name: String) throws -> Template {
        let definitions = IRDefinitions()
        var inputs: [ParameterInput] = [], artifacts: [ArtifactInput] = []
        if let section = try fields.fields("inputDefinitions") {
            inputs = try section.members("parameters").map { try definitions.parameter($0.name, $0.value, $0.path) }
            artifacts = try section.members("artifacts").map { try definitions.artifact($0.name, $0.value, $0.path) }
            try section.finish()
        }
        var outputs: [ParameterOutput] = [], artifactOutputs: [ArtifactOutput] = []
        if let section = try fields.fields("outputDefinitions") {
            outputs = try section.members("parameters").map { try definitions.outputParameter($0.name, $0.value, $0.path) }
            artifactOutputs = try section.members("artifacts").map { try definitions.outputArtifact($0.name, $0.value, $0.path) }
            try section.finish()
        }
        let body: Template.Body
        if let dag = try fields.fields("dag") {
            body = .dag(try IRDagReader(fields: dag).read())
        } else {
            let label = try fields.required("executorLabel")
            guard let executor = executors[label] else { throw fields.fail("executorLabel", "there is no executor \"\(label)\"") }
            body = try IRExecutorReader(fields: executor).read(outputs: outputs, artifactOutputs: artifactOutputs, notes: &graph.notes)
        }
        try fields.finish()
        return Template(name: name, inputs: inputs, artifactInputs: artifacts, body: body)
    }

    private mutating func readPlatform(_ platform: JSON) throws {
        let root = try Fields(platform, path: "")
        guard let platforms = try root.fields("platforms") else { return try root.finish() }
        guard let kubernetes = try platforms.fields("kubernetes") else { return try platforms.finish() }
        if let deployment = try kubernetes.fields("deploymentSpec") {
            for member in try deployment.members("executors") {
                let executor = try Fields(member.value, path: member.path)
                executor.note(
                    ["podMetadata", "nodeSelector", "tolerations", "nodeAffinity", "podAffinity", "imagePullPolicy", "imagePullSecret"],
                    "one machine runs everything; kept, not acted on", into: &graph.notes)
                try executor.finish()
            }
            try deployment.finish()
        }
        try kubernetes.finish()
        try platforms.finish()
        try root.finish()
    }
}

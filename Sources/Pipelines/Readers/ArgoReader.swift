import Core

/// Reads an Argo `Workflow` as kfp 1.8 compiles it into the graph.
public struct ArgoReader {
    private var graph: WorkflowGraph
    /// Artifacts given to the whole workflow, by name.
    private var entryArtifacts: [String: Text] = [:]

    /// - Throws: `invalidArgument` or `unimplemented`; the subject is the place in the manifest.
    public static func read(_ manifest: JSON) throws -> WorkflowGraph {
        let root = try Fields(manifest, path: "")
        root.ignore("apiVersion", "status")
        let kind = try root.string("kind") ?? "Workflow"
        guard kind == "Workflow" else { throw root.fail("kind", "\(kind) is not supported yet", code: .unimplemented) }
        let metadata = try root.fields("metadata")
        guard let spec = try root.fields("spec") else { throw root.fail("spec", "is missing") }
        try root.finish()

        var reader = ArgoReader(graph: WorkflowGraph(dialect: .argo, name: "", entrypoint: try spec.required("entrypoint")))
        try reader.readSpec(spec)
        try reader.readDescription(metadata)
        reader.graph.addImpliedDependencies()
        try GraphCheck.check(reader.graph)
        return reader.graph
    }

    private mutating func readSpec(_ spec: Fields) throws {
        spec.ignore("serviceAccountName", "podMetadata", "archiveLogs", "workflowMetadata")
        spec.note(["nodeSelector", "tolerations", "affinity", "priority", "podPriorityClassName", "schedulerName"], "one machine runs everything; kept, not acted on", into: &graph.notes)
        spec.note(["imagePullSecrets", "dnsPolicy", "hostNetwork", "securityContext", "automountServiceAccountToken"], "has no meaning for local processes", into: &graph.notes)
        spec.note(["ttlStrategy", "ttlSecondsAfterFinished", "podGC", "podDisruptionBudget"], "run history is kept until it is deleted", into: &graph.notes)
        graph.exitTemplate = try spec.string("onExit")
        graph.parallelism = try spec.count("parallelism") ?? 0
        graph.deadlineSeconds = try spec.count("activeDeadlineSeconds").map(Double.init)
        if let arguments = try spec.fields("arguments") {
            graph.parameters = try arguments.objects("parameters").map { field in
                let value = try field.scalarText("value").map { try ArgoText.literal($0, path: field.place("value")) }
                let input = ParameterInput(
                    name: try field.required("name"), defaultValue: value.map { .string($0) }, description: try field.string("description"),
                    choices: try field.texts("enum")?.map { .string($0) } ?? [])
                try field.finish()
                return input
            }
            for field in try arguments.objects("artifacts") {
                let name = try field.required("name")
                let source = try ArgoTaskReader.artifactSource(field)
                guard case .raw(let text) = source else { throw field.fail("from", "must be raw data here") }
                try field.finish()
                entryArtifacts[name] = text
            }
            try arguments.finish()
        }
        for field in try spec.objects("templates") {
            let template = try ArgoTemplateReader(fields: field).read(notes: &graph.notes)
            guard graph.templates.updateValue(template, forKey: template.name) == nil else {
                throw field.fail("name", "the template \"\(template.name)\" stands twice")
            }
        }
        try spec.finish()
        guard var entry = graph.templates[graph.entrypoint] else { return }
        for index in entry.artifactInputs.indices {
            let name = entry.artifactInputs[index].name
            entry.artifactInputs[index].rawDefault = entryArtifacts.removeValue(forKey: name) ?? entry.artifactInputs[index].rawDefault
        }
        if let left = entryArtifacts.keys.sorted().first { throw spec.fail("arguments.artifacts (\(left))", "is no input of the entrypoint") }
        graph.templates[graph.entrypoint] = entry
    }

    /// Names and types that kfp's compiler leaves in an annotation.
    private mutating func readDescription(_ metadata: Fields?) throws {
        let annotations = metadata?.object["annotations"]
        let described = annotations?["pipelines.kubeflow.org/pipeline_spec"]?.stringValue.flatMap { try? JSONParser.parse($0) }
        graph.description = described?["description"]?.stringValue ?? ""
        let generated = metadata?.object["generateName"]?.stringValue.map { String($0.reversed().drop { $0 == "-" }.reversed()) }
        graph.name = described?["name"]?.stringValue ?? metadata?.object["name"]?.stringValue ?? generated ?? graph.entrypoint
        for input in described?["inputs"]?.arrayValue ?? [] {
            guard let index = graph.parameters.firstIndex(where: { $0.name == input["name"]?.stringValue }) else { continue }
            graph.parameters[index].isOptional = input["optional"]?.boolValue ?? false
            graph.parameters[index].description = input["description"]?.stringValue
        }
    }
}

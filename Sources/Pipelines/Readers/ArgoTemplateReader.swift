import Core

/// Reads one element of `spec.templates`.
struct ArgoTemplateReader {
    let fields: Fields

    func read(notes: inout [String]) throws -> Template {
        let name = try fields.required("name")
        fields.ignore("metadata", "serviceAccountName", "archiveLocation")
        fields.note(["nodeSelector", "tolerations", "affinity", "priority", "priorityClassName", "schedulerName"], "one machine runs everything; kept, not acted on", into: &notes)
        fields.note(["securityContext", "hostAliases", "automountServiceAccountToken", "executor"], "has no meaning for local processes", into: &notes)

        var inputs: [ParameterInput] = []
        var artifacts: [ArtifactInput] = []
        if let section = try fields.fields("inputs") {
            inputs = try section.objects("parameters").map(parameter)
            artifacts = try section.objects("artifacts").map(inputArtifact)
            try section.finish()
        }
        // Of one container there is never more than one at once.
        let parallelism = try fields.count("parallelism") ?? 0
        let deadline = try fields.scalarText("activeDeadlineSeconds")
        let retry = try fields.fields("retryStrategy").flatMap(RetryReader.argo)
        let outputs = try fields.fields("outputs")

        let body: Template.Body
        if let section = try fields.fields("dag") {
            if deadline != nil { throw fields.fail("activeDeadlineSeconds", "on a dag is not supported yet", code: .unimplemented) }
            var dag = try dag(section, outputs: outputs, parallelism: parallelism)
            dag.retry = retry
            body = .dag(dag)
        } else if let section = try fields.fields("container") {
            var container = try ArgoContainerReader(fields: section).read(notes: &notes)
            try ArgoContainerReader.readOutputs(outputs, into: &container)
            container.deadlineSeconds = try deadline.map { text in
                guard let seconds = Double(text), seconds > 0, seconds.isFinite else { throw fields.fail("activeDeadlineSeconds", "\"\(text)\" is not a number of seconds") }
                return seconds
            }
            container.retry = retry
            body = .container(container)
        } else {
            try fields.finish()
            throw fields.fail("", "has neither a container nor a dag")
        }
        try fields.finish()
        return Template(name: name, inputs: inputs, artifactInputs: artifacts, body: body)
    }

    private func parameter(_ field: Fields) throws -> ParameterInput {
        let value = try field.scalarText("value")
        let fallback = try field.scalarText("default")
        let input = ParameterInput(
            name: try field.required("name"), defaultValue: (value ?? fallback).map { .string($0) }, description: try field.string("description"),
            choices: try field.texts("enum")?.map { .string($0) } ?? [])
        for (key, text) in [("value", value), ("default", fallback)] { _ = try text.map { try ArgoText.literal($0, path: field.place(key)) } }
        try field.finish()
        return input
    }

    private func inputArtifact(_ field: Fields) throws -> ArtifactInput {
        var artifact = ArtifactInput(name: try field.required("name"), isOptional: try field.bool("optional") ?? false, path: try field.literal("path"))
        if let raw = try field.fields("raw") {
            artifact.rawDefault = try ArgoText.parse(try raw.string("data") ?? "", path: raw.place("data"))
            try raw.finish()
        }
        try field.finish()
        return artifact
    }

    private func dag(_ section: Fields, outputs: Fields?, parallelism: Int) throws -> DAG {
        var dag = DAG(tasks: [], failFast: try section.bool("failFast") ?? true, parallelism: parallelism)
        dag.tasks = try section.objects("tasks").map { try ArgoTaskReader(fields: $0).read() }
        try section.finish()
        guard let outputs else { return dag }
        for field in try outputs.objects("parameters") {
            let name = try field.required("name")
            guard let source = try field.fields("valueFrom"), let text = try source.string("parameter") else {
                throw field.fail("valueFrom.parameter", "is missing")
            }
            dag.outputs[name] = .text(try ArgoText.parse(text, path: source.place("parameter")))
            try source.finish()
            field.ignore("globalName")
            try field.finish()
        }
        for field in try outputs.objects("artifacts") {
            let name = try field.required("name")
            guard case .taskOutput(let task, let output) = try ArgoTaskReader.artifactSource(field) else {
                throw field.fail("from", "must name an output artifact of a task")
            }
            dag.artifactOutputs[name] = [OutputSelector(task: task, output: output)]
            field.ignore("optional")
            try field.finish()
        }
        try outputs.finish()
        return dag
    }
}

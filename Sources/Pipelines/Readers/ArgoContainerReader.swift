import Core

/// Reads a template's `container` and its outputs.
struct ArgoContainerReader {
    let fields: Fields

    func read(notes: inout [String]) throws -> ContainerTemplate {
        fields.ignore("name", "imagePullPolicy", "terminationMessagePath", "terminationMessagePolicy", "stdin", "tty")
        fields.note(["ports", "securityContext", "livenessProbe", "readinessProbe", "startupProbe"], "has no meaning for a local step", into: &notes)
        var container = ContainerTemplate(image: try text("image", try fields.required("image")))
        container.command = try fields.texts("command")?.map { .text(try text("command", $0)) }
        container.args = try fields.texts("args")?.map { .text(try text("args", $0)) }
        container.workingDirectory = try fields.string("workingDir").map { try text("workingDir", $0) }
        container.env = try fields.objects("env").map { field in
            let name = try field.required("name")
            let value = try field.scalarText("value") ?? ""
            let reference = try field.fields("valueFrom").map(Self.downward)
            if reference != nil, !value.isEmpty { throw field.fail("valueFrom", "stands beside a value") }
            try field.finish()
            return TextVariable(name: name, value: try reference ?? ArgoText.parse(value, path: field.place("value")))
        }
        if let resources = try fields.fields("resources") {
            container.resources = try Self.resources(resources)
        }
        try fields.finish()
        return container
    }

    private func text(_ key: String, _ value: String) throws -> Text { try ArgoText.parse(value, path: fields.place(key)) }

    /// The downward API's fields that have a meaning here.
    private static func downward(_ field: Fields) throws -> Text {
        guard let reference = try field.fields("fieldRef") else {
            try field.finish()
            throw field.fail("fieldRef", "is missing")
        }
        reference.ignore("apiVersion")
        let path = try reference.required("fieldPath")
        try field.finish()
        switch path {
        case "metadata.name", "metadata.uid": return Text([.reference(.task(.uid))])
        case "metadata.namespace": return Text([.reference(.workflow(.namespace))])
        default: throw reference.fail("fieldPath", "\(path) is not supported yet", code: .unimplemented)
        }
    }

    private static func resources(_ field: Fields) throws -> ContainerResources {
        var result = ContainerResources()
        for (key, isLimit) in [("limits", true), ("requests", false)] {
            for member in try field.members(key) {
                let raw = member.value.stringValue ?? member.value.text()
                let text = try ArgoText.parse(raw, path: member.path)
                switch member.name {
                case "cpu": if isLimit { result.cpuLimit = text } else { result.cpuRequest = text }
                case "memory": if isLimit { result.memoryLimit = text } else { result.memoryRequest = text }
                case "nvidia.com/gpu": result.accelerators = text
                case "ephemeral-storage": break
                default: throw field.fail("\(key).\(member.name)", "is not supported yet", code: .unimplemented)
                }
            }
        }
        try field.finish()
        return result
    }

    static func readOutputs(_ outputs: Fields?, into container: inout ContainerTemplate) throws {
        guard let outputs else { return }
        container.outputs = try outputs.objects("parameters").map { field in
            let name = try field.required("name")
            guard let source = try field.fields("valueFrom") else { throw field.fail("valueFrom", "is missing") }
            let fallback = try source.scalarText("default").map { try ArgoText.literal($0, path: source.place("default")) }
            guard let path = try source.literal("path") else {
                try source.finish()
                throw source.fail("path", "is missing")
            }
            try source.finish()
            try field.finish()
            return ParameterOutput(name: name, path: path, defaultValue: fallback.map { .string($0) })
        }
        container.artifactOutputs = try outputs.objects("artifacts").map { field in
            field.ignore("archive", "mode")
            let name = try field.required("name")
            guard let path = try field.literal("path"), !path.isEmpty else { throw field.fail("path", "is missing") }
            let output = ArtifactOutput(name: name, path: path, isOptional: try field.bool("optional") ?? false)
            try field.finish()
            return output
        }
        try outputs.finish()
    }
}

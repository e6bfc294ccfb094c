import Core

/// Reads one member of `deploymentSpec.executors`. Several components may name the same one.
struct IRExecutorReader {
    let fields: Fields

    func read(outputs: [ParameterOutput], artifactOutputs: [ArtifactOutput], notes: inout [String]) throws -> Template.Body {
        if let section = try fields.fields("importer") {
            guard let output = artifactOutputs.first else { throw fields.fail("importer", "belongs to a component without an output artifact") }
            let importer = try importer(section, output: output)
            try fields.finish()
            return .importer(importer)
        }
        guard let section = try fields.fields("container") else {
            try fields.finish()
            throw fields.fail("", "has neither a container nor an importer")
        }
        var container = ContainerTemplate(image: try IRText.parse(try section.required("image"), scope: .container, path: section.place("image")))
        container.command = try section.texts("command")?.map { try IRText.argument($0, path: section.place("command")) }
        container.args = try section.texts("args")?.map { try IRText.argument($0, path: section.place("args")) }
        container.env = try section.objects("env").map { field in
            let variable = TextVariable(
                name: try field.required("name"), value: try IRText.parse(try field.string("value") ?? "", scope: .container, path: field.place("value")))
            try field.finish()
            return variable
        }
        if let list = artifactOutputs.first(where: \.isList) {
            throw fields.fail("container", "isArtifactList of its output \"\(list.name)\" is not supported yet: only a dag gives lists", code: .unimplemented)
        }
        container.outputs = outputs
        container.artifactOutputs = artifactOutputs
        if let resources = try section.fields("resources") { container.resources = try self.resources(resources) }
        try section.finish()
        try fields.finish()
        return .container(container)
    }

    /// Cpu and memory stand both as numbers (cores, gigabytes) and as `resource…` quantities, which win.
    private func resources(_ field: Fields) throws -> ContainerResources {
        func quantity(_ textKey: String, _ numberKey: String, unit: String) throws -> Text? {
            let number = try field.number(numberKey)
            if let text = try field.scalarText(textKey) { return try IRText.parse(text, scope: .container, path: field.place(textKey)) }
            return number.flatMap { $0 > 0 ? Text(literal: "\($0)\(unit)") : nil }
        }
        var result = ContainerResources()
        result.cpuLimit = try quantity("resourceCpuLimit", "cpuLimit", unit: "")
        result.cpuRequest = try quantity("resourceCpuRequest", "cpuRequest", unit: "")
        result.memoryLimit = try quantity("resourceMemoryLimit", "memoryLimit", unit: "G")
        result.memoryRequest = try quantity("resourceMemoryRequest", "memoryRequest", unit: "G")
        if let accelerator = try field.fields("accelerator") {
            for key in ["type", "resourceType"] {
                guard let name = try accelerator.string(key), !name.isEmpty else { continue }
                let text = try IRText.parse(name, scope: .container, path: accelerator.place(key))
                if text.references.isEmpty { try ContainerResources.checkAccelerator(name, place: accelerator.place(key)) }
                result.acceleratorType = text
            }
            let count = try accelerator.scalarText("count")
            let text = try accelerator.scalarText("resourceCount") ?? count ?? "1"
            result.accelerators = try IRText.parse(text, scope: .container, path: accelerator.place("resourceCount"))
            try accelerator.finish()
        }
        try field.finish()
        return result
    }

    private func importer(_ section: Fields, output: ArtifactOutput) throws -> Importer {
        var output = output
        output.type = try IRDefinitions.artifactType(section, "typeSchema").title
        section.ignore("reimport")
        guard let source = try section.fields("artifactUri") else { throw section.fail("artifactUri", "is missing") }
        let uri: Expression
        if let name = try source.string("runtimeParameter") {
            uri = .reference(.input(name))
        } else {
            let text = try source.string("constant") ?? source.fields("constantValue")?.string("stringValue") ?? ""
            uri = .text(try IRText.parse(text, scope: .container, path: source.place("constant")))
        }
        try source.finish()
        let metadata = section.take("metadata") ?? [:]
        try section.finish()
        return Importer(uri: uri, output: output, metadata: metadata)
    }
}

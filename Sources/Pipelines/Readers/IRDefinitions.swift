import Core

/// Reads the members of `inputDefinitions` and `outputDefinitions`.
struct IRDefinitions {
    func parameter(_ name: String, _ value: JSON, _ path: String) throws -> ParameterInput {
        let fields = try Fields(value, path: path)
        let input = ParameterInput(
            name: name, type: try type(fields), defaultValue: fields.take("defaultValue"),
            isOptional: try fields.bool("isOptional") ?? false, description: try fields.string("description"), choices: try fields.list("literals"))
        try fields.finish()
        return input
    }

    func outputParameter(_ name: String, _ value: JSON, _ path: String) throws -> ParameterOutput {
        let fields = try Fields(value, path: path)
        fields.ignore("description", "isOptional")
        let output = ParameterOutput(name: name, type: try type(fields))
        try fields.finish()
        return output
    }

    func artifact(_ name: String, _ value: JSON, _ path: String) throws -> ArtifactInput {
        let fields = try Fields(value, path: path)
        fields.ignore("description")
        let input = ArtifactInput(
            name: name, type: try Self.artifactType(fields, "artifactType").title, isList: try fields.bool("isArtifactList") ?? false,
            isOptional: try fields.bool("isOptional") ?? false)
        try fields.finish()
        return input
    }

    func outputArtifact(_ name: String, _ value: JSON, _ path: String) throws -> ArtifactOutput {
        let fields = try Fields(value, path: path)
        fields.ignore("description")
        let type = try Self.artifactType(fields, "artifactType")
        var output = ArtifactOutput(name: name, type: type.title, schemaVersion: type.version, isList: try fields.bool("isArtifactList") ?? false)
        output.metadata = fields.take("metadata") ?? [:]
        try fields.finish()
        return output
    }

    private func type(_ fields: Fields) throws -> ParameterType {
        let text = try fields.string("parameterType") ?? "STRING"
        guard let type = ParameterType(rawValue: text) else {
            throw fields.fail("parameterType", "\"\(text)\" is not supported yet", code: .unimplemented)
        }
        return type
    }

    static func artifactType(_ fields: Fields, _ key: String) throws -> (title: String, version: String) {
        guard let type = try fields.fields(key) else { return ("system.Artifact", "0.0.1") }
        type.ignore("instanceSchema", "schemaUri")
        let result = (try type.string("schemaTitle") ?? "system.Artifact", try type.string("schemaVersion") ?? "0.0.1")
        try type.finish()
        return result
    }
}

import Core

/// Reads one element of `dag.tasks`.
struct ArgoTaskReader {
    let fields: Fields

    func read() throws -> GraphTask {
        let name = try fields.required("name")
        var task = GraphTask(name: name, template: "", trigger: .succeededOrSkipped)
        if fields.object["template"] == nil { try fields.finish() }
        task.template = try fields.required("template")
        task.dependencies = try fields.texts("dependencies") ?? []
        if let when = try fields.string("when"), !when.isEmpty {
            task.condition = .when(try ArgoText.parse(when, path: fields.place("when")))
        }
        if let arguments = try fields.fields("arguments") {
            for field in try arguments.objects("parameters") {
                let key = try field.required("name")
                guard let text = try field.scalarText("value") else {
                    try field.finish()
                    throw field.fail("value", "is missing")
                }
                task.arguments[key] = .text(try ArgoText.parse(text, path: field.place("value")))
                try field.finish()
            }
            for field in try arguments.objects("artifacts") {
                task.artifactArguments[try field.required("name")] = try Self.artifactSource(field)
                field.ignore("optional")
                try field.finish()
            }
            try arguments.finish()
        }
        task.loop = try loop()
        try fields.finish()
        return task
    }

    private func loop() throws -> Loop? {
        if fields.object["withItems"] != nil {
            let items = try fields.list("withItems")
            for item in items {
                if let text = item.stringValue, try !ArgoText.parse(text, path: fields.place("withItems")).references.isEmpty {
                    throw fields.fail("withItems", "a placeholder in an item is not supported yet", code: .unimplemented)
                }
            }
            return Loop(items: .literal(items))
        }
        guard let text = try fields.string("withParam") else { return nil }
        return Loop(items: .parameter(.text(try ArgoText.parse(text, path: fields.place("withParam")))))
    }

    /// `from: "{{…}}"` or `raw: {data: …}`.
    static func artifactSource(_ field: Fields) throws -> ArtifactExpression {
        if let raw = try field.fields("raw") {
            let text = try ArgoText.parse(try raw.string("data") ?? "", path: raw.place("data"))
            try raw.finish()
            return .raw(text)
        }
        guard let from = try field.string("from") else {
            try field.finish()
            throw field.fail("from", "is missing")
        }
        if let name = inputName(from) { return .input(name) }
        let text = try ArgoText.parse(from, path: field.place("from"))
        guard text.pieces.count == 1, case .reference(.taskOutput(let task, let output)) = text.pieces[0] else {
            throw field.fail("from", "must name an artifact, such as {{tasks.T.outputs.artifacts.A}}")
        }
        return .taskOutput(task: task, output: output)
    }

    /// `{{inputs.artifacts.NAME}}`, which exists only here.
    private static func inputName(_ from: String) -> String? {
        let inner = from.replacing(" ", with: "")
        guard inner.hasPrefix("{{inputs.artifacts."), inner.hasSuffix("}}") else { return nil }
        return String(inner.dropFirst(19).dropLast(2))
    }
}

import Core

/// Reads one task of a dag.
struct IRTaskReader {
    let fields: Fields
    let name: String

    func read() throws -> GraphTask {
        guard let reference = try fields.fields("componentRef") else { throw fields.fail("componentRef", "is missing") }
        let info = try fields.fields("taskInfo")
        var task = GraphTask(
            name: name, displayName: try info?.string("name"), template: try reference.required("name"),
            dependencies: try fields.texts("dependentTasks") ?? [], trigger: .succeeded)
        try reference.finish()
        try info?.finish()
        if let caching = try fields.fields("cachingOptions") {
            task.allowsCache = try caching.bool("enableCache") ?? false
            task.cacheKey = try caching.string("cacheKey").flatMap { $0.isEmpty ? nil : $0 }
            try caching.finish()
        }
        if let inputs = try fields.fields("inputs") {
            for member in try inputs.members("parameters") {
                task.arguments[member.name] = try parameter(try Fields(member.value, path: member.path))
            }
            for member in try inputs.members("artifacts") {
                task.artifactArguments[member.name] = try artifact(try Fields(member.value, path: member.path))
            }
            try inputs.finish()
        }
        if let policy = try fields.fields("triggerPolicy") {
            if let condition = try policy.string("condition"), !condition.isEmpty {
                _ = try ConditionParser.parse(condition, dialect: .cel, place: policy.place("condition"))
                task.condition = .cel(condition)
            }
            switch try policy.string("strategy") ?? "ALL_UPSTREAM_TASKS_SUCCEEDED" {
            case "ALL_UPSTREAM_TASKS_SUCCEEDED", "TRIGGER_STRATEGY_UNSPECIFIED": break
            case "ALL_UPSTREAM_TASKS_COMPLETED": task.trigger = .completed
            case let other: throw policy.fail("strategy", "\(other) is not supported yet", code: .unimplemented)
            }
            try policy.finish()
        }
        task.loop = try loop()
        task.retry = try fields.fields("retryPolicy").flatMap(RetryReader.kfp2)
        try fields.finish()
        return task
    }

    private func parameter(_ field: Fields) throws -> Expression {
        var result: Expression?
        if let runtime = try field.fields("runtimeValue") {
            guard let constant = runtime.take("constant") ?? runtime.take("constantValue") else {
                try runtime.finish()
                throw runtime.fail("constant", "is missing")
            }
            result = try Self.constant(constant, path: runtime.place("constant"))
            try runtime.finish()
        } else if let name = try field.string("componentInputParameter") {
            result = .reference(.input(name))
        } else if let output = try field.fields("taskOutputParameter") {
            result = .reference(.taskOutput(task: try output.required("producerTask"), output: try output.required("outputParameterKey")))
            try output.finish()
        } else if let status = try field.fields("taskFinalStatus") {
            result = .reference(.taskFinalStatus(try status.required("producerTask")))
            try status.finish()
        }
        guard var expression = result else {
            try field.finish()
            throw field.fail("", "says no value")
        }
        if let selector = try field.string("parameterExpressionSelector") {
            expression = .member(of: expression, path: try Self.memberPath(selector, field.place("parameterExpressionSelector")))
        }
        try field.finish()
        return expression
    }

    /// A constant whose texts may hold placeholders of the task's own inputs.
    private static func constant(_ value: JSON, path: String) throws -> Expression {
        guard let text = value.stringValue else {
            // Placeholders inside a list or an object are filled in its JSON text.
            let whole = try IRText.parse(value.text(), scope: .task, path: path)
            return whole.references.isEmpty ? .constant(value) : .member(of: .text(whole), path: [])
        }
        let parsed = try IRText.parse(text, scope: .task, path: path)
        return parsed.references.isEmpty ? .constant(value) : .text(parsed)
    }

    /// `parseJson(string_value)["a"][0]` → `["a", 0]`.
    private static func memberPath(_ selector: String, _ path: String) throws -> [JSON] {
        let prefix = "parseJson(string_value)"
        guard selector.hasPrefix(prefix) else {
            throw MonoflowError(.unimplemented, "read pipeline", path, "the selector \"\(selector)\" is not supported yet")
        }
        let tail = String(selector.dropFirst(prefix.count)).replacing("][", with: ",").replacing("'", with: "\"")
        if tail.isEmpty { return [] }
        guard let keys = try? JSONParser.parse(tail).arrayValue else {
            throw MonoflowError(.invalidArgument, "read pipeline", path, "the selector \"\(selector)\" cannot be read")
        }
        return keys
    }

    private func artifact(_ field: Fields) throws -> ArtifactExpression {
        if let name = try field.string("componentInputArtifact") {
            try field.finish()
            return .input(name)
        }
        guard let output = try field.fields("taskOutputArtifact") else {
            try field.finish()
            throw field.fail("", "names no artifact")
        }
        let result = ArtifactExpression.taskOutput(task: try output.required("producerTask"), output: try output.required("outputArtifactKey"))
        try output.finish()
        try field.finish()
        return result
    }

    private func loop() throws -> Loop? {
        let policy = try fields.fields("iteratorPolicy")
        let limit = try policy?.count("parallelismLimit") ?? 0
        try policy?.finish()
        if let iterator = try fields.fields("artifactIterator") {
            let item = try iterator.required("itemInput")
            guard let items = try iterator.fields("items") else { throw iterator.fail("items", "is missing") }
            let loop = Loop(items: .inputArtifact(try items.required("inputArtifact")), itemInput: item, parallelism: limit)
            try items.finish()
            try iterator.finish()
            return loop
        }
        guard let iterator = try fields.fields("parameterIterator") else {
            if limit > 0 { throw fields.fail("iteratorPolicy", "belongs to a task without an iterator") }
            return nil
        }
        let item = try iterator.required("itemInput")
        guard let items = try iterator.fields("items") else { throw iterator.fail("items", "is missing") }
        let source: Loop.Items
        if let raw = try items.string("raw") {
            guard let list = try? JSONParser.parse(raw).arrayValue else { throw items.fail("raw", "is not the JSON text of a list") }
            source = .literal(list)
        } else {
            source = .inputParameter(try items.required("inputParameter"))
        }
        try items.finish()
        try iterator.finish()
        return Loop(items: source, itemInput: item, parallelism: limit)
    }
}

import Core

/// Reads a component's `dag`: its tasks and outputs.
struct IRDagReader {
    let fields: Fields

    func read() throws -> DAG {
        var dag = DAG(tasks: [])
        for member in try fields.members("tasks") {
            dag.tasks.append(try IRTaskReader(fields: try Fields(member.value, path: member.path), name: member.name).read())
        }
        if let outputs = try fields.fields("outputs") {
            for member in try outputs.members("parameters") {
                dag.outputs[member.name] = try output(try Fields(member.value, path: member.path))
            }
            for member in try outputs.members("artifacts") {
                let section = try Fields(member.value, path: member.path)
                dag.artifactOutputs[member.name] = try section.objects("artifactSelectors", naming: nil).map { try selector($0, "outputArtifactKey") }
                try section.finish()
            }
            try outputs.finish()
        }
        try fields.finish()
        return dag
    }

    private func output(_ section: Fields) throws -> DAGOutput {
        if let from = try section.fields("valueFromParameter") {
            let result = DAGOutput.from(try selector(from, "outputParameterKey"))
            try section.finish()
            return result
        }
        guard let oneOf = try section.fields("valueFromOneof") else {
            try section.finish()
            throw section.fail("", "has neither valueFromParameter nor valueFromOneof")
        }
        let selectors = try oneOf.objects("parameterSelectors", naming: nil).map { try selector($0, "outputParameterKey") }
        try oneOf.finish()
        try section.finish()
        return .oneOf(selectors)
    }

    private func selector(_ field: Fields, _ key: String) throws -> OutputSelector {
        let result = OutputSelector(task: try field.required("producerSubtask"), output: try field.required(key))
        try field.finish()
        return result
    }
}

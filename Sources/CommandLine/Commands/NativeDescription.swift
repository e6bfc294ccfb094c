import Core

/// Runs with their steps, pipelines with their versions, experiments with their runs, models with their versions.
struct NativeDescription: Sendable {
    let context: CommandContext
    let kind: NativeKind
    let namespace: String

    func text(_ object: JSON) async throws -> String {
        var out = DescriptionText()
        out.fact("Name", kind.name(object))
        if kind != .models { out.fact("ID", kind.id(object)) }
        out.fact("Namespace", object["namespace"]?.stringValue ?? namespace)
        out.fact("Description", object["description"]?.stringValue)
        out.fact("Created", object["created_at"]?.stringValue.map { "\($0) (\(Times.age($0, now: context.now)) ago)" })
        switch kind {
        case .runs: try await run(object, &out)
        case .pipelines: try await versions(object, &out)
        case .experiments: try await runs(object, &out)
        case .models: model(object, &out)
        }
        return out.text
    }

    private func run(_ object: JSON, _ out: inout DescriptionText) async throws {
        let graph = try await RunFollower(client: context.client).graph(kind.id(object))
        out.fact("State", RunFollower.state(graph))
        out.fact("Message", graph["run"]?["message"]?.stringValue)
        out.fact("Duration", Times.between(graph["run"]?["started_at"]?.stringValue, graph["run"]?["finished_at"]?.stringValue, now: context.now))
        out.fact("Experiment", object["experiment_id"]?.stringValue)
        out.fact("Version", object["pipeline_version_reference"]?["pipeline_version_id"]?.stringValue)
        out.map("Parameters", object["runtime_config"]?["parameters"]?.objectValue)
        out.table("Steps", ["STEP", "STATE", "DURATION", "ATTEMPTS", "MESSAGE"], RunSteps.containers(graph).map { node in
            [
                RunSteps.label(node), node["state"]?.stringValue ?? "",
                Times.between(node["started_at"]?.stringValue, node["finished_at"]?.stringValue, now: context.now),
                node["attempts"]?.text() ?? "", node["reused_from"] == nil ? node["message"]?.stringValue ?? "" : "reused",
            ]
        })
    }

    private func versions(_ object: JSON, _ out: inout DescriptionText) async throws {
        let list = try await context.client.json(APIRequest(["apis", "v2beta1", "pipelines", kind.id(object), "versions"], query: ["page_size": "200"]))
        out.table("Versions", ["NAME", "ID", "AGE"], (list["pipeline_versions"]?.arrayValue ?? []).map {
            [$0["display_name"]?.stringValue ?? "", $0["pipeline_version_id"]?.stringValue ?? "", Times.age($0["created_at"]?.stringValue, now: context.now)]
        })
    }

    private func runs(_ object: JSON, _ out: inout DescriptionText) async throws {
        out.fact("State", object["storage_state"]?.stringValue)
        var request = NativeKind.runs.list(namespace: namespace, pageSize: 100)
        request.add("experiment_id", kind.id(object))
        let list = try await context.client.json(request)
        out.table("Runs", NativeKind.runs.titles, (list["runs"]?.arrayValue ?? []).map { NativeKind.runs.cells($0, now: context.now) })
    }

    private func model(_ object: JSON, _ out: inout DescriptionText) {
        out.fact("Version", object["default_version"]?.stringValue ?? "<none>")
        out.fact("Inputs", NativeKind.tensors(object["inputs"]))
        out.fact("Outputs", NativeKind.tensors(object["outputs"]))
        out.table("Versions", ["VERSION", "STATE", "AGE", "MESSAGE"], (object["versions"]?.arrayValue ?? []).map {
            [
                $0["version"]?.stringValue ?? "", $0["state"]?.stringValue ?? "", Times.age($0["created_at"]?.stringValue, now: context.now),
                $0["message"]?.stringValue ?? "",
            ]
        })
    }
}

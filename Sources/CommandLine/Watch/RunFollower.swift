import Core

/// Follows a run by its stream of events until it has ended.
struct RunFollower: Sendable {
    static let endStates: Set<String> = ["Succeeded", "Failed", "Cancelled"]

    let client: APIClient

    func graph(_ id: String) async throws -> JSON { try await client.json(APIRequest(["api", "runs", id, "graph"])) }

    /// Calls back with the graph at once and after changes, the last time when the run has ended. - Parameter take: false ends it.
    func follow(_ id: String, _ take: (JSON) async throws -> Bool) async throws {
        var ended = false
        while !ended {
            try await client.lines(APIRequest(["api", "runs", id, "watch"])) { line in
                guard line.starts(with: Array("data:".utf8)) else { return true }
                let graph = try await graph(id)
                ended = Self.endStates.contains(Self.state(graph))
                if try await !take(graph) { ended = true }
                return !ended
            }
            if !ended { try await Reconnection.pause() }
        }
    }

    static func state(_ graph: JSON) -> String { graph["run"]?["state"]?.stringValue ?? "" }

    /// A row for each change of the run's state.
    func table(_ id: String, wide: Bool) async throws {
        var text = TextTable(["NAME", "ID", "STATE", "DONE", "DURATION"] + (wide ? ["MESSAGE"] : []))
        var last = ""
        try await follow(id) { graph in
            let steps = RunSteps.containers(graph), done = steps.filter { !["Pending", "Running"].contains($0["state"]?.stringValue ?? "") }
            let key = "\(Self.state(graph)) \(done.count)/\(steps.count)"
            guard key != last else { return true }
            last = key
            let run = graph["run"] ?? [:]
            text.add(
                [run["name"]?.stringValue ?? "", id, Self.state(graph), "\(done.count)/\(steps.count)",
                 Times.between(run["created_at"]?.stringValue, run["finished_at"]?.stringValue, now: WallClock.system.now())]
                    + (wide ? [run["message"]?.stringValue ?? ""] : []))
            try Console.write(text.render())
            return true
        }
    }
}

/// The steps of a run's graph.
enum RunSteps {
    /// Those that run something, in the order of their start.
    static func containers(_ graph: JSON) -> [JSON] {
        (graph["nodes"]?.arrayValue ?? []).filter { $0["type"] == "Container" }
            .enumerated().sorted { (start($0.element), $0.offset) < (start($1.element), $1.offset) }.map(\.element)
    }

    /// Steps that have not begun come last.
    private static func start(_ node: JSON) -> String { node["started_at"]?.stringValue ?? "~" }

    /// By id, or by the name of the task or what is shown of it.
    static func named(_ word: String, _ graph: JSON) -> [JSON] {
        containers(graph).filter { [$0["id"], $0["task_name"], $0["display_name"]].contains(.string(word)) }
    }

    static func label(_ node: JSON) -> String {
        let name = node["task_name"]?.stringValue ?? node["display_name"]?.stringValue ?? ""
        return node["iteration"]?.intValue.map { "\(name)[\($0)]" } ?? name
    }
}

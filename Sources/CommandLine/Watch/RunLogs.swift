import Core

/// The logs of a run's steps, as they come where they are followed.
struct RunLogs: Sendable {
    /// Steps whose logs are followed at once.
    static let parallel = 64

    let client: APIClient
    let run: String
    /// Nil: all.
    let step: String?

    /// - Throws: `notFound` where the run has no such step; `failedPrecondition` for too many at once.
    func write(follow: Bool) async throws {
        let graph = try await RunFollower(client: client).graph(run)
        if follow {
            let named = step.map { RunSteps.named($0, graph) } ?? []
            if named.count == 1, let node = named.first { return try await log(node, prefix: nil, follow: true) }
            return try await followAll()
        }
        let chosen = try chosen(graph)
        let isShared = chosen.count > 1
        for node in chosen where isShown(node) { try await log(node, prefix: isShared ? RunSteps.label(node) : nil, follow: false) }
    }

    private func chosen(_ graph: JSON) throws -> [JSON] {
        guard let step else { return RunSteps.containers(graph) }
        let found = RunSteps.named(step, graph)
        guard found.isEmpty else { return found }
        let names = Array(Set(RunSteps.containers(graph).map(RunSteps.label))).sorted()
        throw MonoflowError(.notFound, "read log", "run/\(run)", "has no step \"\(step)\"", hint: "it has \(names.prefix(20).joined(separator: ", "))")
    }

    /// Steps that run something of their own, and have begun.
    private func isShown(_ node: JSON) -> Bool { node["started_at"] != nil && node["reused_from"] == nil }

    /// Each step's log from its start on, side by side. Steps may come while the run goes on; one that was named and has not come is told at the end.
    private func followAll() async throws {
        var begun: Set<String> = []
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await RunFollower(client: client).follow(run) { graph in
                for node in step.map({ RunSteps.named($0, graph) }) ?? RunSteps.containers(graph) where isShown(node) {
                    guard let id = node["id"]?.stringValue, begun.insert(id).inserted else { continue }
                    if begun.count > Self.parallel { try await group.next() }
                    group.addTask { try await log(node, prefix: RunSteps.label(node), follow: true) }
                }
                return true
            }
            try await group.waitForAll()
        }
        if begun.isEmpty { _ = try chosen(try await RunFollower(client: client).graph(run)) }
    }

    /// Whole lines at a time, so that those of different steps do not mix.
    private func log(_ node: JSON, prefix: String?, follow: Bool) async throws {
        let request = APIRequest(["apis", "v1alpha1", "runs", run, "nodes", node["id"]?.stringValue ?? "", "log"], query: ["follow": follow ? "true" : nil])
        guard let prefix else { return try await client.stream(request) { try Console.write($0) } }
        var pending: [UInt8] = []
        let start = Array("\(TextTable.plain(prefix)) | ".utf8)
        func put(_ line: some Collection<UInt8>) throws { try Console.write(start + line + [10]) }
        try await client.stream(request) { chunk in
            pending += chunk
            while let end = pending.firstIndex(of: 10) {
                try put(pending[..<end])
                pending.removeFirst(end + 1)
            }
            if pending.count > APIClient.lineLimit {
                try put(pending)
                pending = []
            }
        }
        if !pending.isEmpty { try put(pending) }
    }
}

import Core
import Database
import GRDB
import Tasks

extension RunService {
    /// Runs that go in one transaction.
    private static let removedAtOnce = 50

    /// Ends the runs of a namespace that is being deleted, and removes them with their nodes and tasks once all have ended.
    /// - Returns: the ids of removed tasks, whose files may go now.
    /// - Throws: `unavailable` while runs are ending: call it again.
    public func removeAll(in namespace: String) async throws -> [String] {
        let runs = try await database.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM runs WHERE namespace = ?", arguments: [namespace]).map(RunStore.record)
        }
        let alive = runs.filter { !$0.state.isTerminal }
        for run in alive where !run.isTerminating { try await terminate(run.id) }
        guard alive.isEmpty else {
            throw MonoflowError(.unavailable, "remove runs", "namespace \(namespace)", "\(alive.count) run(s) are ending", hint: "wait for their end")
        }
        var tasks: [String] = []
        for start in stride(from: 0, to: runs.count, by: Self.removedAtOnce) {
            let page = runs[start..<min(start + Self.removedAtOnce, runs.count)].map(\.id)
            tasks += try await database.write { db in
                try page.flatMap { run in
                    let tasks = try TaskStore.ids(db, ownerKind: Self.ownerKind, ownerID: run)
                    try TaskStore.delete(db, ownerKind: Self.ownerKind, ownerID: run)
                    try db.execute(sql: "DELETE FROM runs WHERE id = ?", arguments: [run])
                    return tasks
                }
            }
        }
        return tasks
    }
}

extension ExperimentService {
    /// Removes the experiments of a namespace that is being deleted; its runs have gone before.
    public func removeAll(in namespace: String) async throws {
        try await database.write { try $0.execute(sql: "DELETE FROM experiments WHERE namespace = ?", arguments: [namespace]) }
    }
}

extension PipelineService {
    /// Removes the pipelines of a namespace that is being deleted, with their versions.
    public func removeAll(in namespace: String) async throws {
        try await database.write { try $0.execute(sql: "DELETE FROM pipelines WHERE namespace = ?", arguments: [namespace]) }
    }
}

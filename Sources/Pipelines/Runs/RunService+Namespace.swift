import Core
import GRDB
import Tasks

// The end of a namespace.
extension RunService {
    private static let removedAtOnce = 100

    /// Ends every run of the namespace, and deletes them. Returns when none is left; may be called again after a failure or a restart.
    /// - Parameters:
    ///   - namespace: takes no more runs.
    ///   - deleted: is given the ids of deleted runs' tasks, whose files may go.
    /// - Throws: `unavailable` where the server stops before the runs have ended.
    public func removeAll(of namespace: String, deleted: @Sendable ([String]) -> Void) async throws {
        while true {
            let ids = try await database.read { db in
                try String.fetchAll(db, sql: "SELECT id FROM runs WHERE namespace = ? ORDER BY created_at, id LIMIT ?", arguments: [namespace, Self.removedAtOnce])
            }
            if ids.isEmpty { return }
            // All are asked to end before one is waited for.
            for id in ids { try await terminate(id) }
            for id in ids {
                try await ended(id)
                deleted(try await delete(id))
            }
        }
    }

    private func ended(_ id: String) async throws {
        for await _ in watch.changes(of: id) where try await get(id).state.isTerminal { return }
        throw MonoflowError(.unavailable, "delete run", id, "this server stops before the run has ended")
    }
}

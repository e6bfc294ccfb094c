import Core
import Database
import GRDB

/// Reading artifacts and their lineage.
public struct ArtifactService: Sendable {
    let database: MetadataDatabase

    public init(database: MetadataDatabase) { self.database = database }

    /// - Throws: `notFound`.
    public func get(_ id: Int64) async throws -> ArtifactRecord {
        guard let artifact = try await database.read({ try ArtifactStore.find($0, id) }) else {
            throw MonoflowError(.notFound, "get artifact", String(id), "there is no such artifact")
        }
        return artifact
    }

    /// Newest first, with the key to go on before.
    public func list(namespace: String, runID: String?, before: Int64?, limit: Int) async throws -> (items: [ArtifactRecord], next: Int64?) {
        let found = try await database.read { try ArtifactStore.list($0, namespace: namespace, runID: runID, before: before, limit: limit + 1) }
        return found.count > limit ? (Array(found.prefix(limit)), found[limit - 1].id) : (found, nil)
    }

    /// The step that made it, and the steps that read it.
    public func lineage(of id: Int64) async throws -> (producer: ExecutionRecord?, consumers: [ExecutionRecord]) {
        try await database.read { db in
            (try ArtifactStore.executions(db, of: id, .output).first, try ArtifactStore.executions(db, of: id, .input))
        }
    }

    /// Removes the artifacts of a namespace that is being deleted, with their lineage. Content stays in the store: other namespaces may have the same.
    public func removeAll(in namespace: String) async throws {
        try await database.write { db in
            try db.execute(sql: "DELETE FROM artifacts WHERE namespace = ?", arguments: [namespace])
            try db.execute(sql: "DELETE FROM executions WHERE namespace = ?", arguments: [namespace])
        }
    }
}

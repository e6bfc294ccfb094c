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

    /// Deletes the records of every artifact and execution of the namespace, some at a time beside other work. Content stays, as other namespaces may have the same.
    public func removeAll(of namespace: String) async throws {
        while try await database.write(lane: .bulk, { try ArtifactStore.remove($0, namespace: namespace, limit: 500) }) {}
    }
}

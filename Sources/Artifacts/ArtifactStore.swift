import Core
import GRDB
import Synchronization

/// Gives artifact keys before their rows are written, so that one plan may name an artifact that it makes.
public final class ArtifactIDs: Sendable {
    private let last: Atomic<Int64>

    /// - Parameter after: the largest key in use.
    public init(after last: Int64) { self.last = Atomic(last) }

    public func next() -> Int64 { last.add(1, ordering: .relaxed).newValue }
}

/// SQL of artifacts and lineage. Functions take the transaction that they join.
public enum ArtifactStore {
    /// The largest key ever given out.
    public static func largestID(_ db: GRDB.Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'artifacts'") ?? 0
    }

    /// Writes the row once: the same artifact passes through several dags.
    public static func insert(_ db: GRDB.Database, _ artifact: ArtifactRecord) throws {
        try db.cachedStatement(sql: """
            INSERT INTO artifacts (id, namespace, name, type, type_version, uri, digest, bytes, is_directory, metadata, run_id, node_id, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
            """).execute(arguments: [
                artifact.id, artifact.namespace, artifact.name, artifact.type, artifact.typeVersion, artifact.uri, artifact.digest, artifact.bytes, artifact.isDirectory,
                artifact.metadata.text(), artifact.runID, artifact.nodeID, artifact.createdAt.milliseconds,
            ])
    }

    public static func record(_ db: GRDB.Database, _ execution: ExecutionRecord, uses: [ArtifactUse]) throws {
        try db.cachedStatement(sql: """
            INSERT INTO executions (namespace, run_id, node_id, task_name, state, started_at, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (node_id) DO UPDATE SET state = excluded.state, finished_at = excluded.finished_at
            """).execute(arguments: [
                execution.namespace, execution.runID, execution.nodeID, execution.taskName, execution.state, execution.startedAt?.milliseconds,
                execution.finishedAt.milliseconds,
            ])
        guard !uses.isEmpty, let id = try Int64.fetchOne(db, sql: "SELECT id FROM executions WHERE node_id = ?", arguments: [execution.nodeID]) else { return }
        for use in uses {
            try db.cachedStatement(sql: """
                INSERT INTO artifact_events (execution_id, artifact_id, direction, name, position) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """).execute(arguments: [id, use.artifactID, use.direction.rawValue, use.name, use.position])
        }
    }

    public static func find(_ db: GRDB.Database, _ id: Int64) throws -> ArtifactRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM artifacts WHERE id = ?", arguments: [id]).map(record)
    }

    /// Newest first. - Parameters:
    ///   - runID: only what this run made, or took over from another instead of making it.
    ///   - before: the key after which the page starts.
    public static func list(_ db: GRDB.Database, namespace: String, runID: String?, before: Int64?, limit: Int) throws -> [ArtifactRecord] {
        var conditions = ["namespace = ?"], arguments: StatementArguments = [namespace]
        if let runID {
            conditions.append("""
                (run_id = ? OR id IN (SELECT artifact_id FROM executions JOIN artifact_events ON execution_id = executions.id
                                      WHERE executions.run_id = ? AND direction = 'output'))
                """)
            arguments += [runID, runID]
        }
        if let before {
            conditions.append("id < ?")
            arguments += [before]
        }
        arguments += [limit]
        return try Row.fetchAll(db, sql: "SELECT * FROM artifacts WHERE \(conditions.joined(separator: " AND ")) ORDER BY id DESC LIMIT ?", arguments: arguments).map(record)
    }

    /// The steps that took (`input`) or gave (`output`) the artifact.
    public static func executions(_ db: GRDB.Database, of artifactID: Int64, _ direction: ArtifactUse.Direction) throws -> [ExecutionRecord] {
        try Row.fetchAll(
            db, sql: """
                SELECT DISTINCT executions.* FROM artifact_events JOIN executions ON executions.id = execution_id
                WHERE artifact_id = ? AND direction = ? ORDER BY executions.id
                """, arguments: [artifactID, direction.rawValue]
        ).map { row in
            ExecutionRecord(
                namespace: row["namespace"], runID: row["run_id"], nodeID: row["node_id"], taskName: row["task_name"], state: row["state"],
                startedAt: (row["started_at"] as Int64?).map(Timestamp.init(milliseconds:)), finishedAt: Timestamp(milliseconds: row["finished_at"]))
        }
    }

    /// Deletes artifacts of the namespace, at most so many, and its executions with the last of them.
    /// - Returns: whether there are more.
    public static func remove(_ db: GRDB.Database, namespace: String, limit: Int) throws -> Bool {
        try db.execute(
            sql: "DELETE FROM artifacts WHERE id IN (SELECT id FROM artifacts WHERE namespace = ? ORDER BY created_at LIMIT ?)", arguments: [namespace, limit])
        if db.changesCount == limit { return true }
        try db.execute(sql: "DELETE FROM executions WHERE namespace = ?", arguments: [namespace])
        return false
    }

    private static func record(_ row: Row) throws -> ArtifactRecord {
        ArtifactRecord(
            id: row["id"], namespace: row["namespace"], name: row["name"], type: row["type"], typeVersion: row["type_version"], uri: row["uri"], digest: row["digest"],
            bytes: row["bytes"], isDirectory: row["is_directory"], metadata: try JSONParser.parse(row["metadata"] as String),
            runID: row["run_id"], nodeID: row["node_id"], createdAt: Timestamp(milliseconds: row["created_at"]))
    }
}

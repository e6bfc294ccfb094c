import Core
import GRDB

/// SQL of runs. Functions take the transaction that they join.
enum RunStore {
    static let columns = ListColumns(
        table: "runs",
        columns: [
            "id": "id", "run_id": "id", "name": "name", "display_name": "name", "description": "description", "created_at": "created_at",
            "scheduled_at": "created_at", "finished_at": "finished_at", "state": "state", "status": "state", "storage_state": "storage_state",
            "experiment_id": "experiment_id", "pipeline_id": "pipeline_id", "pipeline_version_id": "version_id",
        ],
        nullable: ["finished_at", "pipeline_id", "version_id"],
        defaultSort: ("created_at", false))

    static func insert(_ db: GRDB.Database, _ run: RunRecord) throws {
        try db.execute(
            sql: """
                INSERT INTO runs (id, namespace, experiment_id, pipeline_id, version_id, name, workflow_name, description, service_account, spec_digest,
                    pipeline_name, parameters, state, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                run.id, run.namespace, run.experimentID, run.pipelineID, run.versionID, run.name, run.workflowName, run.description, run.serviceAccount,
                run.specDigest, run.pipelineName, JSON.object(run.parameters).text(), run.state.rawValue, run.createdAt.milliseconds,
            ])
        try db.execute(sql: "UPDATE experiments SET last_run_at = ? WHERE id = ?", arguments: [run.createdAt.milliseconds, run.experimentID])
    }

    static func find(_ db: GRDB.Database, _ id: String) throws -> RunRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM runs WHERE id = ?", arguments: [id]).map(record)
    }

    static func alive(_ db: GRDB.Database) throws -> [RunRecord] {
        try Row.fetchAll(db, sql: "SELECT * FROM runs WHERE state IN ('pending', 'running') ORDER BY created_at, rowid").map(record)
    }

    static func nodes(_ db: GRDB.Database, runID: String) throws -> [RunNode] {
        try Row.fetchAll(db, sql: "SELECT * FROM run_nodes WHERE run_id = ? ORDER BY ordinal", arguments: [runID]).map(RunNodeCoding.read)
    }

    static func node(_ db: GRDB.Database, runID: String, id: String) throws -> RunNode? {
        try Row.fetchOne(db, sql: "SELECT * FROM run_nodes WHERE id = ? AND run_id = ?", arguments: [id, runID]).map(RunNodeCoding.read)
    }

    static func setRunning(_ db: GRDB.Database, _ id: String, at time: Timestamp) throws {
        try db.execute(sql: "UPDATE runs SET state = 'running', started_at = ? WHERE id = ? AND state = 'pending'", arguments: [time.milliseconds, id])
    }

    static func setTerminating(_ db: GRDB.Database, _ id: String) throws {
        try db.execute(sql: "UPDATE runs SET terminating = 1 WHERE id = ?", arguments: [id])
    }

    static func finish(_ db: GRDB.Database, _ id: String, _ state: RunLifecycle, message: String, at time: Timestamp) throws {
        try db.execute(
            sql: "UPDATE runs SET state = ?, message = ?, finished_at = ? WHERE id = ? AND state IN ('pending', 'running')",
            arguments: [state.rawValue, message, time.milliseconds, id])
    }

    static func setStorageState(_ db: GRDB.Database, _ id: String, _ state: StorageState) throws {
        try db.execute(sql: "UPDATE runs SET storage_state = ? WHERE id = ?", arguments: [state.rawValue, id])
    }

    static func record(_ row: Row) throws -> RunRecord {
        guard let state = RunLifecycle(rawValue: row["state"]) else {
            throw MonoflowError(.dataLoss, "read run", row["id"], "unknown state \(row["state"] as String)")
        }
        return RunRecord(
            id: row["id"], namespace: row["namespace"], experimentID: row["experiment_id"], pipelineID: row["pipeline_id"], versionID: row["version_id"],
            name: row["name"], workflowName: row["workflow_name"], description: row["description"], serviceAccount: row["service_account"],
            specDigest: row["spec_digest"], pipelineName: row["pipeline_name"],
            parameters: try JSONParser.parse(row["parameters"] as String).objectValue ?? [:], state: state, message: row["message"],
            storageState: StorageState(rawValue: row["storage_state"]) ?? .available, isTerminating: row["terminating"],
            createdAt: Timestamp(milliseconds: row["created_at"]), startedAt: (row["started_at"] as Int64?).map(Timestamp.init(milliseconds:)),
            finishedAt: (row["finished_at"] as Int64?).map(Timestamp.init(milliseconds:)))
    }
}

import Core
import GRDB

/// SQL of the `tasks` table. Functions take the transaction that they join.
public enum TaskStore {
    public static func insert(_ db: GRDB.Database, _ task: TaskRecord) throws {
        try db.cachedStatement(sql: """
            INSERT INTO tasks (id, namespace, owner_kind, owner_id, node_id, attempt, spec, state, executor, message, not_before, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """).execute(arguments: [
                task.id, task.namespace, task.ownerKind, task.ownerID, task.nodeID, task.attempt, try JSONText.encode(task.spec),
                task.state.rawValue, task.executor, task.message, task.notBefore?.milliseconds, task.createdAt.milliseconds,
            ])
    }

    /// Moves a task on. Nothing happens where the state machine does not allow it.
    /// - Returns: whether the task moved.
    @discardableResult
    public static func move(_ db: GRDB.Database, _ id: String, to state: TaskState, handle: TaskHandle? = nil, startedAt: Timestamp? = nil) throws -> Bool {
        let from = TaskState.allCases.filter { $0.successors.contains(state) }.map(\.rawValue)
        let marks = databaseQuestionMarks(count: from.count)
        try db.cachedStatement(sql: """
            UPDATE tasks SET state = ?, handle = COALESCE(?, handle), started_at = COALESCE(?, started_at) WHERE id = ? AND state IN (\(marks))
            """).execute(arguments: [state.rawValue, try handle.map(JSONText.encode), startedAt?.milliseconds, id] + StatementArguments(from))
        return db.changesCount > 0
    }

    /// The end of a task, from whatever state it was in.
    /// - Returns: false where it had ended before: its owner was told then.
    public static func finish(_ db: GRDB.Database, _ id: String, exit: TaskExit, state: TaskState, message: String) throws -> Bool {
        precondition(state.isTerminal)
        try db.cachedStatement(sql: """
            UPDATE tasks SET state = ?, exit = ?, message = ?, started_at = COALESCE(?, started_at), finished_at = ?
            WHERE id = ? AND state NOT IN ('succeeded', 'failed', 'cancelled', 'lost')
            """).execute(arguments: [
                state.rawValue, try JSONText.encode(exit), message, exit.startedAt?.milliseconds, exit.finishedAt.milliseconds, id,
            ])
        return db.changesCount > 0
    }

    public static func setMessage(_ db: GRDB.Database, _ id: String, _ message: String) throws {
        try db.execute(sql: "UPDATE tasks SET message = ? WHERE id = ?", arguments: [message, id])
    }

    public static func find(_ db: GRDB.Database, _ id: String) throws -> TaskRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM tasks WHERE id = ?", arguments: [id]).map(record)
    }

    /// Every task that has not ended, oldest first: what a starting server takes up again.
    public static func alive(_ db: GRDB.Database) throws -> [TaskRecord] {
        try Row.fetchAll(db, sql: "SELECT * FROM tasks WHERE state IN ('pending', 'admitted', 'starting', 'running') ORDER BY created_at, rowid").map(record)
    }

    /// The tasks of one node, first attempt first.
    public static func attempts(_ db: GRDB.Database, ownerKind: String, ownerID: String, nodeID: String) throws -> [TaskRecord] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM tasks WHERE owner_kind = ? AND owner_id = ? AND node_id = ? ORDER BY attempt",
            arguments: [ownerKind, ownerID, nodeID]).map(record)
    }

    public static func ids(_ db: GRDB.Database, ownerKind: String, ownerID: String) throws -> [String] {
        try String.fetchAll(db, sql: "SELECT id FROM tasks WHERE owner_kind = ? AND owner_id = ?", arguments: [ownerKind, ownerID])
    }

    public static func delete(_ db: GRDB.Database, ownerKind: String, ownerID: String) throws {
        try db.execute(sql: "DELETE FROM tasks WHERE owner_kind = ? AND owner_id = ?", arguments: [ownerKind, ownerID])
    }

    private static func record(_ row: Row) throws -> TaskRecord {
        var task = TaskRecord(
            id: row["id"], namespace: row["namespace"], ownerKind: row["owner_kind"], ownerID: row["owner_id"], nodeID: row["node_id"],
            attempt: row["attempt"], spec: try JSONText.decode(TaskSpec.self, from: row["spec"]), executor: row["executor"],
            notBefore: (row["not_before"] as Int64?).map(Timestamp.init(milliseconds:)), createdAt: Timestamp(milliseconds: row["created_at"]))
        guard let state = TaskState(rawValue: row["state"]) else {
            throw MonoflowError(.dataLoss, "read task", task.id, "unknown state \(row["state"] as String)")
        }
        task.state = state
        task.message = row["message"]
        task.handle = try (row["handle"] as String?).map { try JSONText.decode(TaskHandle.self, from: $0) }
        task.exit = try (row["exit"] as String?).map { try JSONText.decode(TaskExit.self, from: $0) }
        task.startedAt = (row["started_at"] as Int64?).map(Timestamp.init(milliseconds:))
        task.finishedAt = (row["finished_at"] as Int64?).map(Timestamp.init(milliseconds:))
        return task
    }
}

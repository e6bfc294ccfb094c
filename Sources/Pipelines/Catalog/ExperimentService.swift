import Core
import Database
import GRDB

public enum StorageState: String, Sendable, Codable { case available, archived }

public struct ExperimentRecord: Sendable, Equatable {
    public var id: String
    public var namespace: String
    public var name: String
    public var description: String
    public var storageState: StorageState
    public var createdAt: Timestamp
    public var lastRunAt: Timestamp?
}

/// Experiments: named groups of runs.
public struct ExperimentService: Sendable {
    let database: MetadataDatabase
    let clock: WallClock
    let identifiers: IdentifierSource

    /// Where runs go that name no experiment; made when first needed.
    public static let defaultName = "Default"

    static let columns = ListColumns(
        table: "experiments",
        columns: [
            "id": "id", "experiment_id": "id", "name": "name", "display_name": "name", "description": "description", "created_at": "created_at",
            "storage_state": "storage_state", "last_run_created_at": "last_run_at",
        ],
        nullable: ["last_run_at"],
        defaultSort: ("created_at", false))

    public init(database: MetadataDatabase, clock: WallClock, identifiers: IdentifierSource) {
        self.database = database
        self.clock = clock
        self.identifiers = identifiers
    }

    public func create(namespace: String, name: String, description: String) async throws -> ExperimentRecord {
        guard !name.isEmpty else { throw MonoflowError(.invalidArgument, "create experiment", "name", "is missing") }
        let experiment = ExperimentRecord(
            id: identifiers.next(), namespace: namespace, name: name, description: description, storageState: .available, createdAt: clock.now())
        try await database.write { db in
            guard try Self.find(db, namespace: namespace, name: name) == nil else {
                throw MonoflowError(.alreadyExists, "create experiment", name, "an experiment of this name exists in namespace \(namespace)")
            }
            try Self.insert(db, experiment)
        }
        return experiment
    }

    public func defaultExperiment(namespace: String) async throws -> ExperimentRecord {
        let fresh = ExperimentRecord(
            id: identifiers.next(), namespace: namespace, name: Self.defaultName, description: "Runs that name no experiment.",
            storageState: .available, createdAt: clock.now())
        if let found = try await database.read({ try Self.find($0, namespace: namespace, name: Self.defaultName) }) { return found }
        return try await database.write { db in
            if let found = try Self.find(db, namespace: namespace, name: Self.defaultName) { return found }
            try Self.insert(db, fresh)
            return fresh
        }
    }

    public func get(_ id: String) async throws -> ExperimentRecord {
        let row = try await database.read { db in try Row.fetchOne(db, sql: "SELECT * FROM experiments WHERE id = ?", arguments: [id]).map(Self.record) }
        guard let row else { throw MonoflowError(.notFound, "get experiment", id, "there is no such experiment") }
        return row
    }

    public func list(namespace: String, _ query: ListQuery) async throws -> Page<ExperimentRecord> {
        try await database.read { db in
            let page = try Self.columns.page(db, query, where: "namespace = ?", arguments: [namespace])
            return Page(items: page.rows.map(Self.record), nextToken: page.next, total: page.total)
        }
    }

    /// Archiving an experiment archives its runs; bringing it back leaves them as they are, as KFP does.
    public func setStorageState(_ id: String, _ state: StorageState) async throws {
        let found = try await database.write { db in
            try db.execute(sql: "UPDATE experiments SET storage_state = ? WHERE id = ?", arguments: [state.rawValue, id])
            guard db.changesCount > 0 else { return false }
            if state == .archived { try db.execute(sql: "UPDATE runs SET storage_state = 'archived' WHERE experiment_id = ?", arguments: [id]) }
            return true
        }
        guard found else { throw MonoflowError(.notFound, "archive experiment", id, "there is no such experiment") }
    }

    /// Deletes every experiment of the namespace, whose runs are gone already.
    public func removeAll(of namespace: String) async throws {
        try await database.write { try $0.execute(sql: "DELETE FROM experiments WHERE namespace = ?", arguments: [namespace]) }
    }

    /// - Throws: `failedPrecondition` while it holds runs: history is never lost by the way.
    public func delete(_ id: String) async throws {
        try await database.write { db in
            let runs = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM runs WHERE experiment_id = ?", arguments: [id]) ?? 0
            guard runs == 0 else {
                throw MonoflowError(.failedPrecondition, "delete experiment", id, "it holds \(runs) run(s)", hint: "delete its runs first, or archive the experiment")
            }
            try db.execute(sql: "DELETE FROM experiments WHERE id = ?", arguments: [id])
            guard db.changesCount > 0 else { throw MonoflowError(.notFound, "delete experiment", id, "there is no such experiment") }
        }
    }

    private static func find(_ db: GRDB.Database, namespace: String, name: String) throws -> ExperimentRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM experiments WHERE namespace = ? AND name = ?", arguments: [namespace, name]).map(record)
    }

    private static func insert(_ db: GRDB.Database, _ experiment: ExperimentRecord) throws {
        try db.execute(
            sql: "INSERT INTO experiments (id, namespace, name, description, storage_state, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [experiment.id, experiment.namespace, experiment.name, experiment.description, experiment.storageState.rawValue, experiment.createdAt.milliseconds])
    }

    private static func record(_ row: Row) -> ExperimentRecord {
        ExperimentRecord(
            id: row["id"], namespace: row["namespace"], name: row["name"], description: row["description"],
            storageState: StorageState(rawValue: row["storage_state"]) ?? .available, createdAt: Timestamp(milliseconds: row["created_at"]),
            lastRunAt: (row["last_run_at"] as Int64?).map(Timestamp.init(milliseconds:)))
    }
}

import Core
import GRDB

public struct PipelineRecord: Sendable, Equatable {
    public var id: String
    public var namespace: String
    /// Unique within the namespace.
    public var name: String
    public var displayName: String
    public var description: String
    public var createdAt: Timestamp
}

public struct PipelineVersionRecord: Sendable, Equatable {
    public var id: String
    public var pipelineID: String
    public var name: String
    public var displayName: String
    public var description: String
    public var specDigest: String
    public var createdAt: Timestamp
}

/// SQL of pipelines, their versions and their definitions. Functions take the transaction that they join.
enum PipelineStore {
    static let columns = ListColumns(
        table: "pipelines",
        columns: ["id": "id", "pipeline_id": "id", "name": "name", "display_name": "display_name", "description": "description", "created_at": "created_at", "default": "created_at"],
        defaultSort: ("created_at", false))
    static let versionColumns = ListColumns(
        table: "pipeline_versions",
        columns: ["id": "id", "pipeline_version_id": "id", "name": "name", "display_name": "display_name", "description": "description", "created_at": "created_at"],
        defaultSort: ("created_at", false))

    static func insertSpec(_ db: GRDB.Database, _ package: PipelinePackage) throws -> String {
        let digest = package.digest
        try db.execute(
            sql: "INSERT INTO pipeline_specs (digest, dialect, manifest, platform) VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO NOTHING",
            arguments: [digest, package.dialect.rawValue, package.manifest.text(), package.platform?.text()])
        return digest
    }

    static func spec(_ db: GRDB.Database, digest: String) throws -> PipelinePackage {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM pipeline_specs WHERE digest = ?", arguments: [digest]),
            let dialect = WorkflowGraph.Dialect(rawValue: row["dialect"])
        else { throw MonoflowError(.dataLoss, "read pipeline", digest, "the definition is missing") }
        let platform = try (row["platform"] as String?).map { try JSONParser.parse($0) }
        return try PipelinePackage(dialect: dialect, manifest: try JSONParser.parse(row["manifest"] as String), platform: platform)
    }

    static func insert(_ db: GRDB.Database, _ pipeline: PipelineRecord) throws {
        guard try find(db, namespace: pipeline.namespace, name: pipeline.name) == nil else {
            throw MonoflowError(.alreadyExists, "create pipeline", pipeline.name, "a pipeline of this name exists in namespace \(pipeline.namespace)", hint: "upload a new version of it, or choose another name")
        }
        try db.execute(
            sql: "INSERT INTO pipelines (id, namespace, name, display_name, description, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [pipeline.id, pipeline.namespace, pipeline.name, pipeline.displayName, pipeline.description, pipeline.createdAt.milliseconds])
    }

    static func insert(_ db: GRDB.Database, _ version: PipelineVersionRecord) throws {
        guard try Row.fetchOne(db, sql: "SELECT 1 FROM pipeline_versions WHERE pipeline_id = ? AND name = ?", arguments: [version.pipelineID, version.name]) == nil else {
            throw MonoflowError(.alreadyExists, "create pipeline version", version.name, "the pipeline has a version of this name")
        }
        try db.execute(
            sql: "INSERT INTO pipeline_versions (id, pipeline_id, name, display_name, description, spec_digest, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            arguments: [version.id, version.pipelineID, version.name, version.displayName, version.description, version.specDigest, version.createdAt.milliseconds])
    }

    static func find(_ db: GRDB.Database, id: String) throws -> PipelineRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM pipelines WHERE id = ?", arguments: [id]).map(record)
    }

    static func find(_ db: GRDB.Database, namespace: String, name: String) throws -> PipelineRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM pipelines WHERE namespace = ? AND name = ?", arguments: [namespace, name]).map(record)
    }

    static func findVersion(_ db: GRDB.Database, id: String) throws -> PipelineVersionRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM pipeline_versions WHERE id = ?", arguments: [id]).map(version)
    }

    /// The newest version; nil where there is none.
    static func latestVersion(_ db: GRDB.Database, pipelineID: String) throws -> PipelineVersionRecord? {
        try Row.fetchOne(db, sql: "SELECT * FROM pipeline_versions WHERE pipeline_id = ? ORDER BY created_at DESC, rowid DESC LIMIT 1", arguments: [pipelineID]).map(version)
    }

    static func record(_ row: Row) -> PipelineRecord {
        PipelineRecord(
            id: row["id"], namespace: row["namespace"], name: row["name"], displayName: row["display_name"], description: row["description"],
            createdAt: Timestamp(milliseconds: row["created_at"]))
    }

    static func version(_ row: Row) -> PipelineVersionRecord {
        PipelineVersionRecord(
            id: row["id"], pipelineID: row["pipeline_id"], name: row["name"], displayName: row["display_name"], description: row["description"],
            specDigest: row["spec_digest"], createdAt: Timestamp(milliseconds: row["created_at"]))
    }
}

import Core
import GRDB

/// A deployed version as it is written down.
struct ModelVersionRecord: Sendable {
    var namespace: String
    var name: String
    var version: Int
    var digest: String
    var options: [String: String]
    var artifactID: Int64?
    var runID: String?
    var createdAt: Timestamp
}

/// SQL of `models` and `model_versions`. Functions take the transaction that they join.
enum ModelStore {
    /// - Throws: `alreadyExists`.
    static func insert(_ db: GRDB.Database, _ record: ModelVersionRecord) throws {
        let taken = try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM model_versions WHERE namespace = ? AND name = ? AND version = ?)",
            arguments: [record.namespace, record.name, record.version])
        if taken == true {
            throw MonoflowError(.alreadyExists, "deploy model", "model \(record.name) version \(record.version)", "the version exists")
        }
        try db.execute(
            sql: """
                INSERT INTO models (namespace, name, last_version, created_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (namespace, name) DO UPDATE SET last_version = max(last_version, excluded.last_version)
                """, arguments: [record.namespace, record.name, record.version, record.createdAt.milliseconds])
        try db.execute(
            sql: """
                INSERT INTO model_versions (namespace, name, version, digest, options, artifact_id, run_id, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """, arguments: [
                record.namespace, record.name, record.version, record.digest, try JSONText.encode(record.options),
                record.artifactID, record.runID, record.createdAt.milliseconds,
            ])
    }

    static func all(_ db: GRDB.Database) throws -> [ModelVersionRecord] {
        try Row.fetchAll(db, sql: "SELECT * FROM model_versions ORDER BY namespace, name, version").map { row in
            ModelVersionRecord(
                namespace: row["namespace"], name: row["name"], version: row["version"], digest: row["digest"],
                options: try JSONText.decode([String: String].self, from: row["options"]), artifactID: row["artifact_id"],
                runID: row["run_id"], createdAt: Timestamp(milliseconds: row["created_at"]))
        }
    }

    static func lastVersions(_ db: GRDB.Database) throws -> [(namespace: String, name: String, version: Int)] {
        try Row.fetchAll(db, sql: "SELECT namespace, name, last_version FROM models").map { ($0["namespace"], $0["name"], $0["last_version"]) }
    }

    static func deleteVersion(_ db: GRDB.Database, _ namespace: String, _ name: String, _ version: Int) throws {
        try db.execute(
            sql: "DELETE FROM model_versions WHERE namespace = ? AND name = ? AND version = ?", arguments: [namespace, name, version])
    }

    /// With all its versions.
    static func deleteModel(_ db: GRDB.Database, _ namespace: String, _ name: String) throws {
        try db.execute(sql: "DELETE FROM models WHERE namespace = ? AND name = ?", arguments: [namespace, name])
    }
}

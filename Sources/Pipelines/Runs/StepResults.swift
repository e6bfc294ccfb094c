import Artifacts
import Core
import Database
import GRDB

/// Finds results of earlier steps for equal ones.
public struct ResultReuse: Sendable {
    /// Whether the store holds content of this digest.
    let isStored: @Sendable (String) -> Bool
    /// What an image stands for on this machine, as text that changes when it does; nil where that cannot be told: such
    /// steps always run.
    let imageIdentity: @Sendable (String) -> String?

    public init(isStored: @escaping @Sendable (String) -> Bool, imageIdentity: @escaping @Sendable (String) -> String?) {
        self.isStored = isStored
        self.imageIdentity = imageIdentity
    }

    /// - Returns: for each question the key to record the result under, and the result where there is one. A database that
    ///   cannot be read just now has none: the step runs.
    func answers(_ questions: [ReuseQuestion], namespace: String, database: MetadataDatabase) async -> [(key: String?, result: ReusedResult?)] {
        let keys = questions.map { question in imageIdentity(question.image).map { Hashing.sha256Hex(question.material + "\u{1f}" + $0) } }
        let known = Set(keys.compactMap { $0 })
        guard !known.isEmpty else { return keys.map { ($0, nil) } }
        let found: [String: ReusedResult]? = try? await database.read { [isStored] (db: GRDB.Database) -> [String: ReusedResult] in
            var found: [String: ReusedResult] = [:]
            for key in known { found[key] = try StepResults.find(db, namespace: namespace, key: key, isStored: isStored) }
            return found
        }
        return keys.map { key in (key, key.flatMap { found?[$0] }) }
    }
}

/// SQL of `step_results`. Functions take the transaction that they join.
enum StepResults {
    /// So many of the newest equal steps are looked at for one whose content is still there.
    static let candidates = 5

    static func record(_ db: GRDB.Database, node: String, namespace: String, key: String, at time: Timestamp) throws {
        try db.cachedStatement(sql: "INSERT INTO step_results (node_id, namespace, key, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
            .execute(arguments: [node, namespace, key, time.milliseconds])
    }

    static func find(_ db: GRDB.Database, namespace: String, key: String, isStored: (String) -> Bool) throws -> ReusedResult? {
        let rows = try Row.fetchAll(
            db.cachedStatement(sql: """
                SELECT run_nodes.* FROM step_results JOIN run_nodes ON run_nodes.id = step_results.node_id
                WHERE step_results.namespace = ? AND step_results.key = ? ORDER BY step_results.created_at DESC LIMIT \(candidates)
                """), arguments: [namespace, key])
        for row in rows {
            let node = try RunNodeCoding.read(row)
            guard node.phase == .succeeded, try node.outputArtifacts.values.joined().allSatisfy({ try isThere($0, db, isStored) }) else { continue }
            return ReusedResult(source: NodeReference(runID: row["run_id"], nodeID: node.id), outputs: node.outputs, artifacts: node.outputArtifacts)
        }
        return nil
    }

    private static func isThere(_ artifact: ArtifactValue, _ db: GRDB.Database, _ isStored: (String) -> Bool) throws -> Bool {
        guard let id = artifact.id, try ArtifactStore.find(db, id) != nil else { return false }
        return artifact.digest.map(isStored) ?? true
    }
}

import Core
import GRDB

/// Rows of `run_nodes`. Values go through our own JSON, which keeps 1.0 apart from 1.
enum RunNodeCoding {
    static func upsert(_ db: GRDB.Database, _ node: RunNode, runID: String) throws {
        try db.cachedStatement(sql: """
            INSERT INTO run_nodes (id, run_id, parent_id, ordinal, task_name, display_name, template, kind, iteration, phase, message, attempts, detail, created_at, started_at, finished_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET phase = excluded.phase, message = excluded.message, attempts = excluded.attempts,
                detail = excluded.detail, started_at = excluded.started_at, finished_at = excluded.finished_at
            """).execute(arguments: [
                node.id, runID, node.parentID, node.ordinal, node.taskName, node.displayName, node.template, node.kind.rawValue,
                node.iteration, node.phase.rawValue, node.message, node.attempts, detail(node).text(), node.createdAt.milliseconds,
                node.startedAt?.milliseconds, node.finishedAt?.milliseconds,
            ])
    }

    static func read(_ row: Row) throws -> RunNode {
        guard let kind = NodeKind(rawValue: row["kind"]), let phase = NodePhase(rawValue: row["phase"]) else {
            throw MonoflowError(.dataLoss, "read run node", row["id"], "unknown kind or phase")
        }
        var node = RunNode(
            id: row["id"], parentID: row["parent_id"], ordinal: row["ordinal"], taskName: row["task_name"], displayName: row["display_name"],
            template: row["template"], kind: kind, createdAt: Timestamp(milliseconds: row["created_at"]))
        node.iteration = row["iteration"]
        node.phase = phase
        node.message = row["message"]
        node.attempts = row["attempts"]
        node.startedAt = (row["started_at"] as Int64?).map(Timestamp.init(milliseconds:))
        node.finishedAt = (row["finished_at"] as Int64?).map(Timestamp.init(milliseconds:))
        let detail = try JSONParser.parse(row["detail"] as String)
        node.item = detail["item"]
        node.cause = detail["cause"]?.stringValue.flatMap(FailureCause.init(rawValue:))
        node.reuseKey = detail["reuseKey"]?.stringValue
        if let source = detail["reusedFrom"], let run = source["run"]?.stringValue, let id = source["node"]?.stringValue {
            node.reusedFrom = NodeReference(runID: run, nodeID: id)
        }
        node.notBefore = detail["notBefore"]?.intValue.map(Timestamp.init(milliseconds:))
        node.inputs = values(detail["inputs"])
        node.outputs = values(detail["outputs"])
        node.inputArtifacts = artifacts(detail["inputArtifacts"])
        node.outputArtifacts = artifacts(detail["outputArtifacts"])
        return node
    }

    private static func detail(_ node: RunNode) -> JSON {
        .make([
            "item": node.item, "inputs": node.inputs.isEmpty ? nil : object(node.inputs), "outputs": node.outputs.isEmpty ? nil : object(node.outputs),
            "inputArtifacts": node.inputArtifacts.isEmpty ? nil : object(node.inputArtifacts.mapValues { .array($0.map(json)) }),
            "outputArtifacts": node.outputArtifacts.isEmpty ? nil : object(node.outputArtifacts.mapValues { .array($0.map(json)) }),
            "cause": node.cause.map { .string($0.rawValue) }, "notBefore": node.notBefore.map { .int($0.milliseconds) },
            "reuseKey": node.reuseKey.map { .string($0) }, "reusedFrom": node.reusedFrom.map { ["run": .string($0.runID), "node": .string($0.nodeID)] },
        ])
    }

    private static func object(_ values: [String: JSON]) -> JSON {
        .object(JSONObject(uniqueKeysWithValues: values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    }

    private static func values(_ json: JSON?) -> [String: JSON] {
        Dictionary(uniqueKeysWithValues: (json?.objectValue ?? [:]).map { ($0.key, $0.value) })
    }

    private static func json(_ artifact: ArtifactValue) -> JSON {
        .make([
            "id": artifact.id.map { .int($0) }, "name": .string(artifact.name), "type": .string(artifact.type),
            "schemaVersion": .string(artifact.schemaVersion), "uri": .string(artifact.uri), "digest": artifact.digest.map { .string($0) },
            "bytes": .int(artifact.bytes), "isDirectory": .bool(artifact.isDirectory), "metadata": artifact.metadata,
        ])
    }

    private static func artifacts(_ json: JSON?) -> [String: [ArtifactValue]] {
        values(json).mapValues { list in
            (list.arrayValue ?? []).map { item in
                ArtifactValue(
                    id: item["id"]?.intValue, name: item["name"]?.stringValue ?? "", type: item["type"]?.stringValue ?? "system.Artifact",
                    schemaVersion: item["schemaVersion"]?.stringValue ?? "0.0.1", uri: item["uri"]?.stringValue ?? "",
                    digest: item["digest"]?.stringValue, bytes: item["bytes"]?.intValue ?? 0, isDirectory: item["isDirectory"]?.boolValue ?? false,
                    metadata: item["metadata"] ?? [:])
            }
        }
    }
}

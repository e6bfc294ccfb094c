import Artifacts
import Core
import GRDB

/// Writes what an ended step made and read, in the transaction that ends it.
enum RunLineage {
    /// First of all nodes of a transaction: a step may name in it what another one made in the same.
    static func insertArtifacts(_ db: GRDB.Database, _ node: RunNode, runID: String, namespace: String) throws {
        guard let finished = node.finishedAt else { return }
        for artifact in node.outputArtifacts.values.joined() {
            guard let id = artifact.id else { continue }
            try ArtifactStore.insert(db, ArtifactRecord(
                id: id, namespace: namespace, name: artifact.name, type: artifact.type, typeVersion: artifact.schemaVersion, uri: artifact.uri, digest: artifact.digest,
                bytes: artifact.bytes, isDirectory: artifact.isDirectory, metadata: artifact.metadata, runID: runID, nodeID: node.id, createdAt: finished))
        }
    }

    static func record(_ db: GRDB.Database, _ node: RunNode, runID: String, namespace: String) throws {
        guard let finished = node.finishedAt, node.attempts > 0 || node.kind == .importer || node.reusedFrom != nil else { return }
        var uses: [ArtifactUse] = []
        for (name, artifacts) in node.outputArtifacts {
            for (position, artifact) in artifacts.enumerated() {
                guard let id = artifact.id else { continue }
                uses.append(ArtifactUse(artifactID: id, direction: .output, name: name, position: position))
            }
        }
        for (name, artifacts) in node.inputArtifacts {
            for (position, artifact) in artifacts.enumerated() {
                guard let id = artifact.id else { continue }
                uses.append(ArtifactUse(artifactID: id, direction: .input, name: name, position: position))
            }
        }
        try ArtifactStore.record(
            db, ExecutionRecord(
                namespace: namespace, runID: runID, nodeID: node.id, taskName: node.displayName,
                state: node.reusedFrom == nil ? node.phase.rawValue : "cached",
                startedAt: node.startedAt, finishedAt: finished), uses: uses)
    }
}

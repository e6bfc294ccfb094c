import Core

/// An artifact as stored.
public struct ArtifactRecord: Sendable, Equatable {
    public var id: Int64
    public var namespace: String
    public var name: String
    /// Schema title, e.g. `system.Model`.
    public var type: String
    public var typeVersion: String
    public var uri: String
    /// Lower-case hex SHA-256 of its content in the store; nil where it has none here.
    public var digest: String?
    public var bytes: Int64
    public var isDirectory: Bool
    public var metadata: JSON
    public var runID: String?
    public var nodeID: String?
    public var createdAt: Timestamp

    public init(
        id: Int64, namespace: String, name: String, type: String, typeVersion: String, uri: String, digest: String?, bytes: Int64, isDirectory: Bool,
        metadata: JSON, runID: String?, nodeID: String?, createdAt: Timestamp
    ) {
        self.id = id
        self.namespace = namespace
        self.name = name
        self.type = type
        self.typeVersion = typeVersion
        self.uri = uri
        self.digest = digest
        self.bytes = bytes
        self.isDirectory = isDirectory
        self.metadata = metadata
        self.runID = runID
        self.nodeID = nodeID
        self.createdAt = createdAt
    }
}

/// One end of a step, as lineage keeps it.
public struct ExecutionRecord: Sendable, Equatable {
    public var namespace: String
    public var runID: String
    public var nodeID: String
    public var taskName: String
    /// `succeeded`, `failed` …; `cached` where the result of an earlier step was reused.
    public var state: String
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp

    public init(namespace: String, runID: String, nodeID: String, taskName: String, state: String, startedAt: Timestamp?, finishedAt: Timestamp) {
        self.namespace = namespace
        self.runID = runID
        self.nodeID = nodeID
        self.taskName = taskName
        self.state = state
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}

/// What a step took or gave under one of its names.
public struct ArtifactUse: Sendable, Equatable {
    public enum Direction: String, Sendable { case input, output }
    public var artifactID: Int64
    public var direction: Direction
    public var name: String
    public var position: Int
    public init(artifactID: Int64, direction: Direction, name: String, position: Int) {
        self.artifactID = artifactID
        self.direction = direction
        self.name = name
        self.position = position
    }
}

import Core

/// State of a run. The raw values are stored: never rename one.
public enum RunLifecycle: String, Codable, Sendable, CaseIterable {
    case pending, running, succeeded, failed, cancelled

    public var isTerminal: Bool { self != .pending && self != .running }

    init(_ phase: NodePhase) {
        switch phase {
        case .succeeded, .skipped, .omitted: self = .succeeded
        case .cancelled: self = .cancelled
        case .failed: self = .failed
        case .pending, .running: self = .running
        }
    }
}

public struct RunRecord: Sendable, Equatable {
    public var id: String
    public var namespace: String
    public var experimentID: String
    public var pipelineID: String?
    public var versionID: String?
    public var name: String
    public var workflowName: String
    public var description: String
    public var serviceAccount: String
    public var specDigest: String
    public var pipelineName: String
    public var parameters: JSONObject
    public var state: RunLifecycle
    public var message: String
    public var storageState: StorageState
    public var isTerminating: Bool
    public var createdAt: Timestamp
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?

    var facts: RunFacts {
        RunFacts(
            id: id, namespace: namespace, displayName: name, workflowName: workflowName, pipelineName: pipelineName,
            parameters: Dictionary(uniqueKeysWithValues: parameters.map { ($0.key, $0.value) }), createdAt: createdAt)
    }
}

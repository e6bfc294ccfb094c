import Core

/// A task as stored: who owns it, what it runs, where it stands.
public struct TaskRecord: Sendable, Equatable {
    public var id: String
    public var namespace: String
    /// The domain that owns it (`run`) and that domain's own id.
    public var ownerKind: String
    public var ownerID: String
    public var nodeID: String
    public var attempt: Int
    public var spec: TaskSpec
    public var state: TaskState
    public var executor: String
    public var handle: TaskHandle?
    public var exit: TaskExit?
    public var message: String
    public var notBefore: Timestamp?
    public var createdAt: Timestamp
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?

    public init(
        id: String, namespace: String, ownerKind: String, ownerID: String, nodeID: String, attempt: Int, spec: TaskSpec,
        executor: String, notBefore: Timestamp? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.namespace = namespace
        self.ownerKind = ownerKind
        self.ownerID = ownerID
        self.nodeID = nodeID
        self.attempt = attempt
        self.spec = spec
        self.executor = executor
        self.notBefore = notBefore
        self.createdAt = createdAt
        state = .pending
        message = ""
    }
}

import Core

/// Phase of a node. The raw values are stored: never rename one.
public enum NodePhase: String, Codable, Sendable, CaseIterable {
    case pending, running, succeeded, failed
    /// Its own condition said no.
    case skipped
    /// What it waited for ended in a way that leaves it nothing to do.
    case omitted
    case cancelled

    public var isTerminal: Bool { self != .pending && self != .running }
}

public enum NodeKind: String, Codable, Sendable {
    case container, dag, loop, importer
    /// The attempts of a dag, one after the other, as its children.
    case retry
}

/// An artifact as steps pass it on: where it is, what it is, and its bytes in the store where it has any.
public struct ArtifactValue: Codable, Sendable, Equatable {
    /// Key in the artifact store; nil until the transaction that ends its step has given one.
    public var id: Int64?
    public var name: String
    public var type: String
    public var schemaVersion: String
    public var uri: String
    public var digest: String?
    public var bytes: Int64
    public var isDirectory: Bool
    public var metadata: JSON

    public init(
        id: Int64? = nil, name: String, type: String = "system.Artifact", schemaVersion: String = "0.0.1", uri: String,
        digest: String? = nil, bytes: Int64 = 0, isDirectory: Bool = false, metadata: JSON = [:]
    ) {
        self.id = id
        self.name = name
        self.type = type
        self.schemaVersion = schemaVersion
        self.uri = uri
        self.digest = digest
        self.bytes = bytes
        self.isDirectory = isDirectory
        self.metadata = metadata
    }
}

/// One instance of a template within a run.
public struct RunNode: Codable, Sendable, Equatable {
    public var id: String
    /// Nil for the root and for the exit handler.
    public var parentID: String?
    /// Order of creation within the run.
    public var ordinal: Int
    public var taskName: String
    public var displayName: String
    public var template: String
    public var kind: NodeKind
    /// Index within the loop that made it.
    public var iteration: Int?
    /// Argo's `{{item}}`.
    public var item: JSON?
    public var phase: NodePhase = .pending
    public var message = ""
    public var inputs: [String: JSON] = [:]
    public var inputArtifacts: [String: [ArtifactValue]] = [:]
    public var outputs: [String: JSON] = [:]
    public var outputArtifacts: [String: [ArtifactValue]] = [:]
    /// Why it failed, where it has.
    public var cause: FailureCause?
    /// Of a container: tasks started for it so far. Of a retry: attempts made so far. Of such an attempt: which one it is, from 1.
    public var attempts = 0
    /// What its result is recorded under when it succeeds, for equal steps to reuse.
    public var reuseKey: String?
    /// The step whose result stands in for this one's; nil where it ran itself.
    public var reusedFrom: NodeReference?
    /// An attempt of a dag that waits for this time.
    public var notBefore: Timestamp?
    public var createdAt: Timestamp
    public var startedAt: Timestamp?
    public var finishedAt: Timestamp?

    init(id: String, parentID: String?, ordinal: Int, taskName: String, displayName: String, template: String, kind: NodeKind, createdAt: Timestamp) {
        self.id = id
        self.parentID = parentID
        self.ordinal = ordinal
        self.taskName = taskName
        self.displayName = displayName
        self.template = template
        self.kind = kind
        self.createdAt = createdAt
    }

    /// Neither released nor ended.
    var isWaiting: Bool { phase == .pending && startedAt == nil }

    /// The task of the latest attempt; the same for the same node and attempt in every plan.
    public var taskID: String { Self.taskID(node: id, attempt: attempts) }
    static func taskID(node: String, attempt: Int) -> String { Identifiers.derived("task", node, String(attempt)) }
}

/// What the planner knows of the run beside its nodes.
public struct RunFacts: Codable, Sendable, Equatable {
    public var id: String
    public var namespace: String
    public var displayName: String
    /// Kubernetes-style name, e.g. `digits-x7k2p`; steps see it as the workflow's name.
    public var workflowName: String
    public var pipelineName: String
    public var parameters: [String: JSON]
    public var createdAt: Timestamp
    public init(id: String, namespace: String, displayName: String, workflowName: String, pipelineName: String, parameters: [String: JSON], createdAt: Timestamp) {
        self.id = id
        self.namespace = namespace
        self.displayName = displayName
        self.workflowName = workflowName
        self.pipelineName = pipelineName
        self.parameters = parameters
        self.createdAt = createdAt
    }
}

/// The observed state of a run: a value; the planner returns the next one.
public struct RunState: Sendable, Equatable {
    public var facts: RunFacts
    public private(set) var nodes: [String: RunNode] = [:]
    /// Ids in order of creation.
    public private(set) var children: [String: [String]] = [:]
    /// By parent: the first child of each task's name.
    private var childByTask: [String: [String: String]] = [:]
    /// How many nodes stand above each composite node.
    private var depths: [String: Int] = [:]
    private(set) var tallies: [String: Tally] = [:]
    public private(set) var rootID: String?
    public private(set) var exitID: String?
    public var isTerminating = false

    /// - Parameter nodes: as stored, for a run that goes on after a restart.
    public init(facts: RunFacts, nodes: [RunNode] = [], isTerminating: Bool = false) {
        self.facts = facts
        self.isTerminating = isTerminating
        self.nodes.reserveCapacity(nodes.count)
        for node in nodes.sorted(by: { $0.ordinal < $1.ordinal }) { insert(node) }
    }

    /// How many children of one node stand where, so that nobody counts them again at each event.
    struct Tally: Sendable, Equatable {
        var total = 0
        /// Pending and not released.
        var waiting = 0
        var ended = 0
        var failed = 0
        /// Released and not ended.
        var open: Int { total - waiting - ended }

        mutating func count(_ node: RunNode, by step: Int) {
            total += step
            if node.isWaiting { waiting += step }
            if node.phase.isTerminal { ended += step }
            if node.phase == .failed { failed += step }
        }
    }

    mutating func insert(_ node: RunNode) {
        nodes[node.id] = node
        if [.dag, .loop, .retry].contains(node.kind) { depths[node.id] = node.parentID.map { depth(of: $0) + 1 } ?? 0 }
        if let parent = node.parentID {
            children[parent, default: []].append(node.id)
            if childByTask[parent]?[node.taskName] == nil { childByTask[parent, default: [:]][node.taskName] = node.id }
            tallies[parent, default: Tally()].count(node, by: 1)
        }
        else if node.taskName == Self.exitTaskName { exitID = node.id }
        else { rootID = node.id }
    }

    /// No template's name: Kubernetes names hold no `$`.
    static let exitTaskName = "$onExit"

    mutating func update(_ id: String, _ change: (inout RunNode) -> Void) {
        guard var node = nodes[id] else { return }
        if let parent = node.parentID { tallies[parent]?.count(node, by: -1) }
        change(&node)
        if let parent = node.parentID { tallies[parent]?.count(node, by: 1) }
        nodes[id] = node
    }

    /// How many nodes stand above a composite node.
    func depth(of id: String) -> Int { depths[id] ?? 0 }

    func child(of parent: String, task: String) -> RunNode? {
        childByTask[parent]?[task].flatMap { nodes[$0] }
    }

    /// The phases of those of the tasks that stand under the parent, without copying the nodes.
    func phases(of tasks: [String], under parent: String) -> [(task: String, phase: NodePhase)] {
        guard let ids = childByTask[parent] else { return [] }
        return tasks.compactMap { task in ids[task].flatMap { nodes[$0]?.phase }.map { (task, $0) } }
    }

    public func childNodes(of parent: String) -> [RunNode] { (children[parent] ?? []).compactMap { nodes[$0] } }

    /// Nodes in order of creation.
    public var ordered: [RunNode] { nodes.values.sorted { $0.ordinal < $1.ordinal } }
}

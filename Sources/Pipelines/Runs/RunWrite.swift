import Artifacts
import Core
import GRDB
import Tasks

/// One transaction of a run: what a plan changed.
struct RunWrite: Sendable {
    let runID: String
    let namespace: String
    let now: Timestamp
    var isStart = false
    var isTerminate = false
    var ended: [(taskID: String, exit: TaskExit, state: TaskState, message: String)] = []
    var waits: [(taskID: String, reason: String)] = []
    var nodes: [RunNode] = []
    private(set) var tasks: [TaskRecord] = []
    private(set) var stops: [String] = []
    private(set) var end: (state: RunLifecycle, message: String)?

    init(runID: String, namespace: String, now: Timestamp) {
        self.runID = runID
        self.namespace = namespace
        self.now = now
    }

    mutating func take(_ effects: [PlanEffect], executor: String) {
        for effect in effects {
            switch effect {
            case .start(let node, let taskID, let attempt, let spec, let notBefore):
                tasks.append(TaskRecord(
                    id: taskID, namespace: namespace, ownerKind: RunService.ownerKind, ownerID: runID, nodeID: node, attempt: attempt,
                    spec: spec, executor: executor, notBefore: notBefore, createdAt: now))
            case .stop(let taskID): stops.append(taskID)
            case .runEnded(let phase, let message): end = (RunLifecycle(phase), message)
            }
        }
    }

    func perform(_ db: GRDB.Database) throws {
        if isStart { try RunStore.setRunning(db, runID, at: now) }
        if isTerminate { try RunStore.setTerminating(db, runID) }
        for item in ended { _ = try TaskStore.finish(db, item.taskID, exit: item.exit, state: item.state, message: item.message) }
        for item in waits { try TaskStore.setMessage(db, item.taskID, item.reason) }
        for node in nodes { try RunNodeCoding.upsert(db, node, runID: runID) }
        let endedSteps = nodes.filter { $0.phase.isTerminal && ($0.kind == .container || $0.kind == .importer) }
        for node in endedSteps { try RunLineage.insertArtifacts(db, node, runID: runID, namespace: namespace) }
        for node in endedSteps { try RunLineage.record(db, node, runID: runID, namespace: namespace) }
        for node in endedSteps where node.phase == .succeeded && node.reusedFrom == nil {
            if let key = node.reuseKey { try StepResults.record(db, node: node.id, namespace: namespace, key: key, at: now) }
        }
        for task in tasks { try TaskStore.insert(db, task) }
        if let end { try RunStore.finish(db, runID, end.state, message: end.message, at: now) }
    }
}

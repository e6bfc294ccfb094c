import Core
import Database
import Resources
import Tasks

/// Brings what becomes of a task into its pod. The pod is written first: a task whose row has not ended is looked at again by the next server process,
/// which finds the same end.
struct PodTasks: TaskOwner {
    static let ownerKind = "pod"

    let context: TrainingContext

    func taskEnded(_ task: TaskRecord, exit: TaskExit, collect: @Sendable ([OutputFile]) async throws -> [String: CollectedOutput]) async -> Bool {
        var delay = 1
        while true {
            do {
                try await write(task, exit)
                return true
            } catch {
                let reason = MonoflowError.wrap(error, "end pod").code
                context.logger.error("the end of a pod was not written: \(error)", metadata: ["task": "\(task.id)"])
                if reason == .unavailable || delay > 60 { return false }
                try? await Task.sleep(for: .seconds(delay))
                delay *= 2
            }
        }
    }

    private func write(_ task: TaskRecord, _ exit: TaskExit) async throws {
        try await context.resources.revise(uid: task.id) { pod in
            pod.setFinalizer(PodRules.finalizer, false)
            if !PodStatus.hasEnded(pod) { pod["status"] = PodStatus.ended(pod, exit) }
        }
        let state: TaskState = switch exit.reason {
        case .exited: exit.code == 0 ? .succeeded : .failed
        case .stopped: .cancelled
        case .lost: .lost
        case .signaled, .deadline, .startFailed: .failed
        }
        try await context.database.write { db in
            _ = try TaskStore.finish(db, task.id, exit: exit, state: state, message: exit.message)
            if try !ResourceStore.exists(db, uid: task.id) { try TaskStore.delete(db, ownerKind: Self.ownerKind, ownerID: task.id) }
        }
    }

    func taskStarted(_ task: TaskRecord, at time: Timestamp) async {
        await revise(task) { pod in
            guard PodStatus.phase(pod) == "Pending" else { return }
            pod["status"] = PodStatus.running(pod, at: time)
        }
    }

    func taskWaits(_ task: TaskRecord, reason: String) async {
        let now = context.clock.now()
        await revise(task) { pod in
            guard PodStatus.phase(pod) == "Pending" else { return }
            pod["status"] = PodStatus.waiting(pod, reason: reason, now: now)
        }
    }

    func taskReleased(_ id: String) async {
        let isThere = (try? await context.database.read { try ResourceStore.exists($0, uid: id) }) ?? true
        if !isThere { context.removeTask(id) }
    }

    /// What is only shown may be missed: the end is not.
    private func revise(_ task: TaskRecord, _ body: @Sendable (inout JSON) -> Void) async {
        do { try await context.resources.revise(uid: task.id, body) } catch {
            context.logger.warning("a pod's state was not written: \(error)", metadata: ["task": "\(task.id)"])
        }
    }
}

import Core
import Tasks

/// A machine in memory: what was started on it goes on when the server that started it is gone.
public final class ScriptedMachine: Sendable {
    public struct State: Sendable {
        /// `prepare ID`, `start ID`, `stop ID`, `collect ID`, `cleanUp ID`, in order.
        public var calls: [String] = []
        public var claims: [String: TaskHandle] = [:]
        public var exits: [String: TaskExit] = [:]
        public var outputs: [String: [String: CollectedOutput]] = [:]
        /// Tasks whose private root was removed: nothing can be collected from them.
        public var removed: Set<String> = []
        /// Tasks whose preparation does not end before they are taken out again.
        public var held: Set<String> = []
        public var prepareErrors: [String: MonoflowError] = [:]
        public var startErrors: [String: MonoflowError] = [:]
        public var specs: [String: TaskSpec] = [:]
        /// By namespace, as last set.
        public var weights: [String: Int] = [:]

        public func count(_ call: String) -> Int { calls.count { $0 == call } }
    }

    public let state = Watched(State())
    public let capabilities: ExecutorCapabilities
    /// Ends each task at its start with what it returns; nil leaves it running.
    let script: @Sendable (TaskLaunch) -> (exit: TaskExit, outputs: [String: CollectedOutput])?

    public init(
        cpuMillis: Int = 4000, script: @escaping @Sendable (TaskLaunch) -> (exit: TaskExit, outputs: [String: CollectedOutput])? = { _ in nil }
    ) {
        capabilities = ExecutorCapabilities(cpuMillis: cpuMillis, memoryBytes: 1 << 30, gpus: 0, isolation: .none)
        self.script = script
    }

    public static func exit(_ code: Int32 = 0, reason: TaskExit.Reason = .exited) -> TaskExit {
        TaskExit(
            reason: reason, code: code, startedAt: Timestamp(milliseconds: 1000), finishedAt: Timestamp(milliseconds: 2000),
            message: code == 0 ? "" : "exit status \(code)")
    }

    public func end(_ id: String, _ exit: TaskExit = exit(), outputs: [String: CollectedOutput] = [:]) {
        state.update {
            $0.outputs[id] = outputs
            $0.exits[id] = exit
        }
    }

    /// Returns when the call has been made so many times.
    public func called(_ call: String, times: Int = 1) async { await state.until { $0.count(call) >= times } }

    /// The executor of one server process.
    public func executor() -> ScriptedExecutor { ScriptedExecutor(machine: self) }
}

public final class ScriptedExecutor: Executor {
    let machine: ScriptedMachine
    private let isAlive = Watched(true)

    init(machine: ScriptedMachine) { self.machine = machine }

    /// The server process is gone: it hears of nothing any more.
    public func kill() { isAlive.update { $0 = false } }

    private var state: Watched<ScriptedMachine.State> { machine.state }

    public let name = "scripted"
    public func capabilities() -> ExecutorCapabilities { machine.capabilities }

    public func prepare(_ task: TaskLaunch) async throws {
        state.update { $0.calls.append("prepare " + task.id) }
        await withTaskCancellationHandler {
            await state.until { !$0.held.contains(task.id) }
        } onCancel: { [state] in
            state.update { _ = $0.held.remove(task.id) }
        }
        await aliveOnly()
        try Task.checkCancellation()
        if let error = state.value.prepareErrors[task.id] { throw error }
    }

    public func start(_ task: TaskLaunch) async throws -> TaskHandle {
        await aliveOnly()
        if let error = state.value.startErrors[task.id] { throw error }
        let script = machine.script
        return state.update { state in
            if let earlier = state.claims[task.id] { return earlier }
            let handle = TaskHandle(taskID: task.id, bootID: "boot", pid: Int32(state.claims.count + 1), startTicks: 1)
            state.calls.append("start " + task.id)
            state.claims[task.id] = handle
            state.specs[task.id] = task.spec
            if let (exit, outputs) = script(task) {
                state.outputs[task.id] = outputs
                state.exits[task.id] = exit
            }
            return handle
        }
    }

    public func setWeight(_ weight: Int, namespace: String) { state.update { $0.weights[namespace] = weight } }

    public func recover(taskID: String) throws -> TaskHandle? { state.value.claims[taskID] }

    public func wait(_ handle: TaskHandle) async -> TaskExit {
        await state.until { $0.exits[handle.taskID] != nil }
        await aliveOnly()
        return state.value.exits[handle.taskID] ?? ScriptedMachine.exit()
    }

    public func stop(_ handle: TaskHandle) {
        state.update {
            $0.calls.append("stop " + handle.taskID)
            if $0.exits[handle.taskID] == nil { $0.exits[handle.taskID] = ScriptedMachine.exit(143, reason: .stopped) }
        }
    }

    public func collect(_ task: TaskLaunch) async throws -> [String: CollectedOutput] {
        try state.update { state -> Result<[String: CollectedOutput], MonoflowError> in
            state.calls.append("collect " + task.id)
            guard !state.removed.contains(task.id) else { return .failure(MonoflowError(.failedPrecondition, "collect", task.id, "its root is gone")) }
            return .success((state.outputs[task.id] ?? [:]).filter { entry in task.spec.outputs.contains { $0.name == entry.key } })
        }.get()
    }

    public func cleanUp(taskID: String) {
        state.update {
            $0.calls.append("cleanUp " + taskID)
            $0.removed.insert(taskID)
        }
    }

    public func logPath(taskID: String) -> String { "/nowhere/\(taskID)/log" }

    /// A killed server's code goes no further.
    private func aliveOnly() async {
        guard !isAlive.value else { return }
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }
}

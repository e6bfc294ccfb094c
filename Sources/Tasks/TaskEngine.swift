import Core
import Database
import Logging

/// The domain that a task belongs to.
public protocol TaskOwner: Sendable {
    /// The task's process has ended. The owner collects what it needs, then writes the end (`TaskStore.finish`) in the
    /// same transaction as what follows from it. It is called again after a crash in between.
    /// - Returns: whether the end is durable. Where it is not, the task's files stay for the next server process.
    func taskEnded(_ task: TaskRecord, exit: TaskExit, collect: @Sendable ([OutputFile]) async throws -> [String: CollectedOutput]) async -> Bool

    /// The task cannot start now, for this reason: the machine or its namespace's quota. An empty reason says that what was told holds
    /// no longer. Calls for one task come one after the other. The engine does not wait for the answer: its caller may be the owner.
    func taskWaits(_ task: TaskRecord, reason: String) async

    /// The task's process runs. Told before its end is, and again after a restart.
    func taskStarted(_ task: TaskRecord, at time: Timestamp) async

    /// The engine has let go of the task: its files are no longer in use.
    func taskReleased(_ id: String) async
}

extension TaskOwner {
    public func taskStarted(_ task: TaskRecord, at time: Timestamp) async {}
    public func taskReleased(_ id: String) async {}
}

/// Looks up what a task's spec only names. The result is used for one start and never stored.
public protocol ReferenceResolver: Sendable {
    /// - Returns: the spec with the values of its references in `env` and `inputs`.
    /// - Throws: `failedPrecondition` that names what is missing.
    func resolve(_ task: TaskLaunch) async throws -> TaskSpec
}

/// What is known of a task only when it starts.
public struct LaunchFacts: Sendable {
    public var token: String?
    public var serverURL: String?
    /// Whether its namespace lets tasks have more than a loopback for themselves alone.
    public var allowsNetwork: Bool
    /// Whether its namespace lets tasks reach what is outside the namespace's own network.
    public var allowsEgress: Bool
    public init(token: String?, serverURL: String?, allowsNetwork: Bool, allowsEgress: Bool = true) {
        self.token = token
        self.serverURL = serverURL
        self.allowsNetwork = allowsNetwork
        self.allowsEgress = allowsEgress
    }
}

/// Drives tasks through their states on one executor: the thin loop round `AdmissionQueue`.
public actor TaskEngine {
    private let database: MetadataDatabase
    private let executor: any Executor
    private let clock: WallClock
    private let logger: Logger
    private let active: ActiveTasks
    private let launchFacts: @Sendable (TaskRecord) -> LaunchFacts
    private var resolver: (any ReferenceResolver)?
    private var owners: [String: any TaskOwner] = [:]

    private var queue: AdmissionQueue
    private var tasks: [String: TaskRecord] = [:]
    private var handles: [String: TaskHandle] = [:]
    private var cancelled: Set<String> = []
    /// Preparations in progress: a task that is cancelled meanwhile does not wait for a long one.
    private var preparing: [String: Task<Void, any Error>] = [:]
    /// The last word to each task's owner on why it waits.
    private var telling: [String: Task<Void, Never>] = [:]
    private var isDraining = false
    private var timer: Task<Void, Never>?

    /// - Parameter launchFacts: what a starting task is given beside its spec.
    public init(
        database: MetadataDatabase, executor: any Executor, maximumTasks: Int, active: ActiveTasks, clock: WallClock, logger: Logger,
        launchFacts: @escaping @Sendable (TaskRecord) -> LaunchFacts
    ) {
        self.database = database
        self.executor = executor
        self.active = active
        self.clock = clock
        self.logger = logger
        self.launchFacts = launchFacts
        let has = executor.capabilities()
        queue = AdmissionQueue(capacity: .init(cpuMillis: has.cpuMillis, memoryBytes: has.memoryBytes, gpus: has.gpus, tasks: maximumTasks))
    }

    public func register(_ kind: String, _ owner: any TaskOwner) { owners[kind] = owner }

    /// Sets what looks up references; without one a task that has any does not start.
    public func setResolver(_ resolver: any ReferenceResolver) { self.resolver = resolver }

    /// Whether the task has not ended, or its end is being written.
    public func holds(_ id: String) -> Bool { tasks[id] != nil }

    /// Tasks that have not ended.
    public var taskIDs: [String] { Array(tasks.keys) }

    public var counts: (waiting: Int, admitted: Int) { (queue.waitingCount, queue.admittedCount) }

    // MARK: Namespaces

    /// Sets what a namespace's tasks may hold at once; nil bounds nothing, at weight 1. It holds at once for what waits; what runs goes
    /// on. Kept in memory: set it again at each start, before `recover`.
    public func setQuota(_ quota: NamespaceQuota?, namespace: String) {
        queue.setQuota(quota, namespace: namespace)
        executor.setWeight(quota?.boundedWeight ?? 1, namespace: namespace)
        pump()
    }

    public func usage(_ namespace: String) -> NamespaceUsage { queue.usage(namespace) }

    /// Of every namespace that holds something, waits for something or has a quota.
    public func usage() -> [String: NamespaceUsage] { queue.usage() }

    /// Tasks by namespace, for metrics. - Parameter most: rows at most; the namespaces with the fewest tasks share the last one.
    public func countsByNamespace(most: Int = 100) -> [NamespaceCount] { NamespaceCount.rows(queue.usage(), most: most) }

    // MARK: Tasks

    /// Takes up every task that an earlier server process left. Owners must be registered and ready.
    public func recover() async throws {
        for task in try await database.read(TaskStore.alive) where tasks[task.id] == nil {
            tasks[task.id] = task
            if task.state == .pending {
                enqueue(task)
            } else {
                // Whether it was started is answered by its supervisor's claim, not by the last state written.
                queue.adopt(task.id, task.spec.resources, namespace: task.namespace)
                if !task.message.isEmpty { tell(task.id, "") }
                Task { await self.drive(task) }
            }
        }
        pump()
    }

    /// A task whose row is durable.
    public func submit(_ task: TaskRecord) {
        guard tasks[task.id] == nil else { return }
        tasks[task.id] = task
        enqueue(task)
        pump()
    }

    /// Asks the task to end; its owner is told as for any end.
    public func cancel(_ id: String) {
        guard let task = tasks[id], cancelled.insert(id).inserted else { return }
        if queue.remove(id) {
            pump()
            Task { await self.end(task, self.stoppedBeforeStart()) }
        } else if let handle = handles[id] {
            executor.stop(handle)
        } else {
            preparing[id]?.cancel()
        }
    }

    /// Nothing more starts; what runs goes on without this server.
    public func drain() {
        isDraining = true
        timer?.cancel()
    }

    // MARK: Admission

    private func enqueue(_ task: TaskRecord) {
        do throws(MonoflowError) {
            try queue.enqueue(task.id, task.spec.resources, namespace: task.namespace, notBefore: task.notBefore, told: task.message)
        } catch {
            let exit = TaskExit(reason: .startFailed, code: nil, startedAt: nil, finishedAt: clock.now(), message: error.reason)
            Task { await self.end(task, exit) }
        }
    }

    private func pump() {
        guard !isDraining else { return }
        let now = clock.now()
        for id in queue.admit(now: now) {
            guard let task = tasks[id] else { queue.release(id); continue }
            Task { await self.drive(task) }
        }
        for (id, reason) in queue.takeNotices() { tell(id, reason) }
        timer?.cancel()
        timer = nil
        guard let next = queue.nextTime else { return }
        timer = Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(next.milliseconds - now.milliseconds))
            if !Task.isCancelled { await self?.pump() }
        }
    }

    private func tell(_ id: String, _ reason: String) {
        guard let task = tasks[id], let owner = owners[task.ownerKind] else { return }
        let earlier = telling[id]
        telling[id] = Task {
            await earlier?.value
            await owner.taskWaits(task, reason: reason)
        }
    }

    // MARK: One task

    private func drive(_ task: TaskRecord) async {
        active.insert(task.id, namespace: task.namespace)
        let launch = launch(of: task)
        do {
            if let handle = try executor.recover(taskID: task.id) {
                return await follow(task, launch, handle)
            }
            if task.state == .running {
                // It was seen running and has left no trace: with the machine that it ran on, or by somebody's hand.
                return await end(task, TaskExit(reason: .lost, code: nil, startedAt: task.startedAt, finishedAt: clock.now(), message: "lost: its supervisor left no trace"))
            }
            if cancelled.contains(task.id) { return await end(task, stoppedBeforeStart()) }
            let launch = try await resolved(launch)
            try await prepare(launch)
            if cancelled.contains(task.id) { return await end(task, stoppedBeforeStart()) }
            guard !isDraining else { return }
            guard let moved = await moveToStarting(task) else { return }
            guard moved else { return forget(task.id) }
            await follow(task, launch, try await executor.start(launch))
        } catch {
            if cancelled.contains(task.id) { return await end(task, stoppedBeforeStart()) }
            let reason = MonoflowError.wrap(error, "start task").reason
            await end(task, TaskExit(reason: .startFailed, code: nil, startedAt: nil, finishedAt: clock.now(), message: reason))
        }
    }

    private func resolved(_ launch: TaskLaunch) async throws -> TaskLaunch {
        guard launch.spec.references != nil else { return launch }
        guard let resolver else { throw MonoflowError(.failedPrecondition, "start task", launch.id, "this server looks up no references") }
        var launch = launch
        launch.spec = try await resolver.resolve(launch)
        return launch
    }

    private func prepare(_ launch: TaskLaunch) async throws {
        let preparation = Task { [executor] in try await executor.prepare(launch) }
        preparing[launch.id] = preparation
        defer { preparing[launch.id] = nil }
        try await preparation.value
    }

    /// Writes the start down before it is made. A database that cannot be written delays the start; it does not fail the task.
    /// - Returns: whether the task may start; nil where this server stops meanwhile.
    private func moveToStarting(_ task: TaskRecord) async -> Bool? {
        var delay = 1
        while !isDraining {
            do {
                return try await database.write { db in
                    if task.state == .pending { try TaskStore.move(db, task.id, to: .admitted) }
                    return try task.state == .starting || TaskStore.move(db, task.id, to: .starting)
                }
            } catch {
                logger.error("a task's start could not be written; trying again", metadata: ["task": "\(task.id)", "error": "\(error)"])
                try? await Task.sleep(for: .seconds(delay))
                delay = min(delay * 2, 30)
            }
        }
        return nil
    }

    private func follow(_ task: TaskRecord, _ launch: TaskLaunch, _ handle: TaskHandle) async {
        handles[task.id] = handle
        if cancelled.contains(task.id) { executor.stop(handle) }
        let now = clock.now()
        // Nobody waits for this one: the end is written behind it by the same writer, in order.
        let running = Task { [database, owner = owners[task.ownerKind]] in
            _ = try? await database.write { db in
                if task.state != .starting { try TaskStore.move(db, task.id, to: .starting) }
                return try TaskStore.move(db, task.id, to: .running, handle: handle, startedAt: now)
            }
            await owner?.taskStarted(task, at: task.startedAt ?? now)
        }
        let exit = await executor.wait(handle)
        _ = await running.value
        await end(task, exit)
    }

    private func end(_ task: TaskRecord, _ exit: TaskExit) async {
        let launch = launch(of: task)
        guard let owner = owners[task.ownerKind] else {
            logger.error("a task ended whose owner kind is unknown", metadata: ["task": "\(task.id)", "kind": "\(task.ownerKind)"])
            return forget(task.id)
        }
        let isDurable = await owner.taskEnded(task, exit: exit) { [executor] outputs in
            var asked = launch
            asked.spec.outputs = outputs
            return try await executor.collect(asked)
        }
        if isDurable { executor.cleanUp(taskID: task.id) }
        forget(task.id)
        await owner.taskReleased(task.id)
    }

    private func launch(of task: TaskRecord) -> TaskLaunch {
        let facts = launchFacts(task)
        var spec = task.spec
        spec.network = spec.network && facts.allowsNetwork
        spec.resources = queue.effective(spec.resources, namespace: task.namespace)
        return TaskLaunch(
            id: task.id, namespace: task.namespace, spec: spec, serviceToken: spec.references?.withoutToken == true ? nil : facts.token,
            serverURL: facts.serverURL, allowsEgress: facts.allowsEgress)
    }

    private func stoppedBeforeStart() -> TaskExit {
        TaskExit(reason: .stopped, code: nil, startedAt: nil, finishedAt: clock.now(), message: "stopped before it started")
    }

    private func forget(_ id: String) {
        active.remove(id)
        tasks[id] = nil
        handles[id] = nil
        cancelled.remove(id)
        telling[id] = nil
        queue.release(id)
        pump()
    }
}

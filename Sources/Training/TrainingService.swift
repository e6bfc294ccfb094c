import Core
import Database
import Logging
import Resources
import Synchronization
import Tasks

/// Pods, jobs, cron jobs and volumes: what declared objects of these kinds make happen.
public final class TrainingService: Sendable {
    /// Finished pods that nobody owns are kept this long, and this many pods at most.
    static let podLife: Double = 7 * 86_400
    static let mostFinishedPods = 12_500
    /// Events are kept this long, in seconds.
    static let eventLife: Double = 3_600
    private static let sweepSeconds: Double = 600

    let context: TrainingContext
    private let running = Mutex<Task<Void, Never>?>(nil)

    /// - Parameters:
    ///   - transform: changes each new pod before it is checked and stored.
    ///   - removeTask: removes what an ended task has left, its log above all.
    public init(
        database: MetadataDatabase, resources: ResourceService, engine: TaskEngine, executorName: String, capacity: PodReader.Capacity,
        volumes: any VolumeDirectories, clock: WallClock, logger: Logger, transform: @escaping PodTransform = { _ in },
        removeTask: @escaping @Sendable (String) -> Void
    ) {
        context = TrainingContext(
            database: database, resources: resources, engine: engine, queue: WorkQueue(clock: clock),
            events: EventRecorder(resources: resources, clock: clock, logger: logger), clock: clock, logger: logger, capacity: capacity,
            executorName: executorName, transform: transform, removeTask: removeTask, volumes: volumes)
    }

    /// Takes the kinds and their tasks on. Before requests are answered, and before the engine takes tasks up again.
    public func register() async {
        context.resources.setRules(of: PodRules.kind, PodRules(context: context))
        context.resources.setRules(of: JobRules.kind, JobRules(context: context))
        context.resources.setRules(of: CronJobRules.kind, CronJobRules(context: context))
        context.resources.setRules(of: ClaimRules.kind, ClaimRules(context: context))
        await context.engine.register(PodTasks.ownerKind, PodTasks(context: context))
        await context.engine.setResolver(PodReferences(resources: context.resources))
    }

    /// Looks at everything that an earlier process left, then at what changes. After the engine has taken up its tasks.
    public func start() async throws {
        try await finishPods()
        for job in try await context.objects(JobRules.kind) { context.queue.add(.job(uid: job.uid)) }
        for cron in try await context.objects(CronJobRules.kind) { context.queue.add(.cronJob(uid: cron.uid)) }
        for claim in try await context.objects(ClaimRules.kind) { context.queue.add(.claim(namespace: claim.namespace, name: claim.name)) }
        context.queue.add(.finishedPods)
        running.withLock { [context] in
            $0 = Task {
                await context.queue.run({ try await Self.handle($0, context) }) { item, error in
                    context.logger.warning("a controller tries again: \(error)", metadata: ["item": "\(item)"])
                }
            }
        }
    }

    /// Looks at the times again after the clock was changed.
    func wake() { context.queue.wake() }

    public func close() async {
        context.queue.close()
        let task = running.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    private static func handle(_ item: WorkItem, _ context: TrainingContext) async throws -> Timestamp? {
        switch item {
        case .job(let uid): return try await JobController(context: context).reconcile(uid: uid)
        case .cronJob(let uid): return try await CronJobController(context: context).reconcile(uid: uid)
        case .claim(let namespace, let name):
            try await ClaimController(context: context).reconcile(namespace: namespace, name: name)
            return nil
        case .finishedPods:
            try await PodSweep(context: context).run()
            return context.clock.now().advanced(seconds: sweepSeconds)
        }
    }

    /// Ends what was begun: pods that are to go, and such whose task ended with nobody to tell.
    private func finishPods() async throws {
        for pod in try await context.objects(PodRules.kind) where !PodStatus.hasEnded(pod) {
            if await context.engine.holds(pod.uid) {
                if pod.isLeaving { await context.engine.cancel(pod.uid) }
                continue
            }
            let uid = pod.uid, task = try await context.database.read { try TaskStore.find($0, uid) }
            // Made by a request that came meanwhile.
            if let task, !task.state.isTerminal {
                await context.engine.submit(task)
                continue
            }
            let exit = task?.exit ?? TaskExit(reason: .lost, code: nil, startedAt: nil, finishedAt: context.clock.now(), message: "lost: its task is not known")
            try await context.resources.revise(uid: uid) { pod in
                pod.setFinalizer(PodRules.finalizer, false)
                if !PodStatus.hasEnded(pod) { pod["status"] = PodStatus.ended(pod, exit) }
            }
        }
    }
}

/// Keeps finished pods and events from piling up.
struct PodSweep: Sendable {
    let context: TrainingContext

    func run() async throws {
        let now = context.clock.now()
        var finished = try await context.objects(PodRules.kind).filter { PodStatus.hasEnded($0) && !$0.isLeaving }.map { ($0, Self.end($0)) }
        finished.sort { $0.1 < $1.1 }
        let excess = finished.count - TrainingService.mostFinishedPods
        for (index, (pod, end)) in finished.enumerated() {
            // A job's pods go with the job.
            let isOld = (pod["metadata"]?["ownerReferences"]?.arrayValue ?? []).isEmpty && end.advanced(seconds: TrainingService.podLife) <= now
            if index < excess || isOld { try await context.delete(pod, kind: PodRules.kind, propagation: .background) }
        }
        for event in try await context.objects("events") {
            let text = event["lastTimestamp"]?.stringValue ?? event["eventTime"]?.stringValue ?? event["metadata"]?["creationTimestamp"]?.stringValue
            guard let time = text.flatMap(Timestamp.init(rfc3339:)), time.advanced(seconds: TrainingService.eventLife) <= now else { continue }
            try await context.delete(event, kind: "events", propagation: .background)
        }
    }

    private static func end(_ pod: JSON) -> Timestamp {
        pod["status"]?["containerStatuses"]?[0]?["state"]?["terminated"]?["finishedAt"]?.stringValue.flatMap(Timestamp.init(rfc3339:)) ?? Timestamp(milliseconds: 0)
    }
}

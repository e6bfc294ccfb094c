import Core
import GRDB
import Resources
import Tasks

/// The kind `pods`: each object is a task, whose row is made with it in one transaction. The server alone writes its status.
struct PodRules: KindRules {
    static let kind = "pods"
    /// Keeps a pod until its task has ended.
    static let finalizer = "monoflow/task"

    let context: TrainingContext

    func complete(_ change: inout ResourceChange) throws(MonoflowError) {
        if change.subresource == .status { throw Self.statusIsOurs(change.key) }
        switch change.operation {
        case .create: try completeNew(&change.new)
        case .update where change.new.isLeaving && change.old?.isLeaving != true:
            // A grace time of 0 is for those who do not want to wait for the end.
            let isForced = change.new["metadata"]?["deletionGracePeriodSeconds"]?.intValue == 0
            change.new.setFinalizer(Self.finalizer, !isForced && !PodStatus.hasEnded(change.new))
        case .update, .remove: break
        }
    }

    private func completeNew(_ pod: inout JSON) throws(MonoflowError) {
        try context.transform(&pod)
        pod["spec"]?["nodeName"] = .string(PodStatus.node)
        let account = pod["spec"]?["serviceAccountName"] ?? "default"
        for field in ["serviceAccountName", "serviceAccount"] { pod["spec"]?[field] = account }
        let status = PodStatus.pending(pod, now: context.clock.now())
        pod["status"] = status
        pod.setFinalizer(Self.finalizer, true)
    }

    func errors(_ change: ResourceChange) -> [FieldError] {
        guard change.operation != .remove else { return [] }
        guard let old = change.old else { return reader(change.new).errors(of: change.new) }
        let path = FieldPath().field("spec")
        guard !Self.fixed(change.new).isEqualValue(to: Self.fixed(old)) else { return [] }
        return [.forbidden(path, "pod updates may not change the spec: the task has it already")]
    }

    /// The spec but for what says nothing of the task.
    private static func fixed(_ pod: JSON) -> JSON {
        var spec = pod["spec"] ?? [:]
        for field in ["tolerations", "schedulingGates"] { spec[field] = nil }
        return spec
    }

    func write(_ db: GRDB.Database, _ change: ResourceChange) throws {
        let pod = change.new
        switch change.operation {
        case .create:
            try TaskStore.insert(db, try task(of: pod))
            if let job = pod.controller("Job") { try JobPods.insert(db, pod, job: job, at: context.clock.now()) }
        case .update:
            if PodStatus.hasEnded(pod), change.old.map(PodStatus.hasEnded) != true { try end(db, pod) }
        case .remove:
            let hadEnded = change.old.map(PodStatus.hasEnded) == true
            if !hadEnded { try end(db, pod) }
            // The row of a task that runs on says that there is something to end.
            if PodStatus.hasEnded(pod) { try TaskStore.delete(db, ownerKind: PodTasks.ownerKind, ownerID: pod.uid) }
            if let job = pod.controller("Job") { try JobPods.forget(db, pod: pod.uid, ofMissing: job) }
        }
    }

    private func end(_ db: GRDB.Database, _ pod: JSON) throws {
        guard pod.controller("Job") != nil else { return }
        try JobPods.end(db, pod: pod.uid, PodStatus.phase(pod) == "Succeeded" ? .succeeded : .failed, at: context.clock.now())
    }

    func committed(_ change: ResourceChange) async {
        let pod = change.new, uid = pod.uid
        switch change.operation {
        case .create: await submit(pod)
        case .update: if pod.isLeaving, change.old?.isLeaving != true { await stop(pod) }
        case .remove:
            if !PodStatus.hasEnded(pod) { await context.engine.cancel(uid) }
            if await !context.engine.holds(uid) { context.removeTask(uid) }
        }
        if change.operation != .update || change.old.map(PodStatus.phase) != PodStatus.phase(pod) { context.podChanged(pod) }
    }

    private func submit(_ pod: JSON) async {
        guard let task = try? task(of: pod) else { return }
        await context.engine.submit(task)
        // Whoever deleted it meanwhile may have found no task to cancel.
        do {
            if try await context.object(uid: pod.uid)?.isLeaving != false { await context.engine.cancel(pod.uid) }
        } catch {
            context.logger.warning("a new pod was not looked at again: \(error)", metadata: ["pod": "\(pod.uid)"])
        }
    }

    private func stop(_ pod: JSON) async {
        if !PodStatus.hasEnded(pod) {
            await context.events.record(pod, .normal, "Killing", "Stopping container \(pod["spec"]?["containers"]?[0]?["name"]?.stringValue ?? "")")
        }
        await context.engine.cancel(pod.uid)
    }

    /// The same for the same pod, whenever it is made.
    func task(of pod: JSON) throws -> TaskRecord {
        let created = pod["metadata"]?["creationTimestamp"]?.stringValue.flatMap(Timestamp.init(rfc3339:)) ?? context.clock.now()
        return TaskRecord(
            id: pod.uid, namespace: pod["metadata"]?["namespace"]?.stringValue ?? "", ownerKind: PodTasks.ownerKind, ownerID: pod.uid, nodeID: "pod", attempt: 1,
            spec: try reader(pod).read(pod), executor: context.executorName, createdAt: created)
    }

    private func reader(_ pod: JSON) -> PodReader { PodReader(capacity: context.capacity, isTemplate: pod.controller("Job") != nil) }

    static func statusIsOurs(_ key: ResourceKey) -> MonoflowError {
        MonoflowError(.unimplemented, "update \(key.kind)", key.name, "the status of \(key.kind) is written by the server alone")
    }
}

// What controllers read and write in objects.
extension JSON {
    var uid: String { self["metadata"]?["uid"]?.stringValue ?? "" }
    var name: String { self["metadata"]?["name"]?.stringValue ?? "" }
    var namespace: String { self["metadata"]?["namespace"]?.stringValue ?? "" }

    /// Somebody deletes it.
    var isLeaving: Bool { self["metadata"]?["deletionTimestamp"]?.stringValue != nil }

    /// The uid of the controlling owner of a kind.
    func controller(_ kind: String) -> String? {
        self["metadata"]?["ownerReferences"]?.arrayValue?.first { $0["controller"]?.boolValue == true && $0["kind"]?.stringValue == kind }?["uid"]?.stringValue
    }

    mutating func setFinalizer(_ name: String, _ isSet: Bool) {
        var all = self["metadata"]?["finalizers"]?.arrayValue ?? []
        all.removeAll { $0.stringValue == name }
        if isSet { all.append(.string(name)) }
        self["metadata"]?["finalizers"] = all.isEmpty ? nil : .array(all)
    }
}

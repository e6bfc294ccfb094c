import Core
import Database
import Resources

/// Makes of a job what it says: pods, counts and conditions. It looks at what is there and asks `JobPlan` what is missing, after each change and at the
/// times that the plan names; what a crash has cut short is then simply still missing.
struct JobController: Sendable {
    let context: TrainingContext

    /// - Returns: when to look again.
    func reconcile(uid: String) async throws -> Timestamp? {
        guard let job = try await context.object(uid: uid) else { return nil }
        let plan = JobPlan(job, pods: try await pods(of: uid), now: context.clock.now())
        if plan.isExpired {
            try await context.delete(job, kind: JobRules.kind, propagation: .background)
            return nil
        }
        try await release(plan.release)
        for pod in plan.release + plan.stop { try await stop(pod, of: job) }
        try await make(plan.create, for: job)
        // The counts as they are after that.
        let after = plan.create.isEmpty && plan.release.isEmpty ? plan : JobPlan(job, pods: try await pods(of: uid), now: context.clock.now())
        try await context.resources.revise(uid: uid) { $0["status"] = after.status }
        for news in plan.news { await context.events.record(job, news.isWarning ? .warning : .normal, news.reason, news.message) }
        // What does not fit into one go.
        if plan.create.count == JobPlan.mostAtOnce { context.queue.add(.job(uid: uid)) }
        return plan.wake ?? after.wake
    }

    private func pods(of uid: String) async throws -> [JobPod] { try await context.database.read { try JobPods.list($0, job: uid) } }

    /// Durable before they are stopped: their ends are not counted then.
    private func release(_ pods: [JobPod]) async throws {
        guard !pods.isEmpty else { return }
        let now = context.clock.now()
        try await context.database.write { db in for pod in pods { try JobPods.end(db, pod: pod.uid, .released, at: now) } }
    }

    private func stop(_ pod: JobPod, of job: JSON) async throws {
        guard let found = try await context.object(uid: pod.uid), !found.isLeaving else { return }
        try await context.delete(found, kind: PodRules.kind, propagation: .background)
        await context.events.record(job, .normal, "SuccessfulDelete", "Deleted pod: \(pod.name)")
    }

    /// Several at a time: their writes share commits.
    private func make(_ indexes: [Int?], for job: JSON) async throws {
        guard !indexes.isEmpty, let kind = context.kind(PodRules.kind) else { return }
        let failure = await withTaskGroup(of: (any Error)?.self) { group in
            for index in indexes {
                group.addTask {
                    do {
                        let pod = Self.pod(of: job, index: index)
                        let made = try await context.resources.create(kind, namespace: job.namespace, pod, WriteOptions(manager: "monoflow"))
                        await context.events.record(job, .normal, "SuccessfulCreate", "Created pod: \(made.document.name)")
                        return nil
                    } catch { return error }
                }
            }
            var failure: (any Error)?
            for await error in group { failure = failure ?? error }
            return failure
        }
        guard let failure else { return }
        let text = (failure as? InvalidResource).map { FieldErrors($0.errors).description } ?? MonoflowError.wrap(failure, "create pod").reason
        await context.events.record(job, .warning, "FailedCreate", "Error creating: \(text)")
        throw failure
    }

    /// A pod as the job's template has it.
    static func pod(of job: JSON, index: Int?) -> JSON {
        let template = job["spec"]?["template"] ?? [:]
        var spec = template["spec"] ?? [:]
        var labels = template["metadata"]?["labels"] ?? [:], annotations = template["metadata"]?["annotations"] ?? [:]
        let base = index.map { "\(job.name)-\($0)" } ?? job.name
        if let index {
            labels[JobPods.indexLabel] = .string("\(index)")
            annotations[JobPods.indexLabel] = .string("\(index)")
            spec["hostname"] = .string(base)
            addIndexVariable(&spec)
        }
        let metadata = JSON.make([
            "generateName": .string(base + "-"), "namespace": .string(job.namespace), "labels": labels, "annotations": annotations,
            "ownerReferences": [[
                "apiVersion": "batch/v1", "kind": "Job", "name": .string(job.name), "uid": .string(job.uid), "controller": true, "blockOwnerDeletion": true,
            ]],
        ])
        return ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec]
    }

    private static func addIndexVariable(_ spec: inout JSON) {
        let variable: JSON = ["name": "JOB_COMPLETION_INDEX", "valueFrom": ["fieldRef": ["fieldPath": .string("metadata.annotations['\(JobPods.indexLabel)']")]]]
        spec["containers"] = .array((spec["containers"]?.arrayValue ?? []).map { container in
            var container = container
            let env = (container["env"]?.arrayValue ?? []).filter { $0["name"] != "JOB_COMPLETION_INDEX" }
            container["env"] = .array(env + [variable])
            return container
        })
    }
}

import Core
import Foundation
import GRDB
import Resources

/// The kind `cronjobs.batch`.
struct CronJobRules: KindRules {
    static let kind = "cronjobs.batch"
    /// The job's name has the time behind it.
    private static let longestName = 52

    let context: TrainingContext

    func complete(_ change: inout ResourceChange) throws(MonoflowError) {
        if change.subresource == .status { throw PodRules.statusIsOurs(change.key) }
        if change.operation == .create { change.new["status"] = [:] }
    }

    func errors(_ change: ResourceChange) -> [FieldError] {
        guard change.operation != .remove else { return [] }
        let path = FieldPath().field("spec"), spec = change.new["spec"] ?? [:]
        var errors: [FieldError] = []
        if change.new.name.utf8.count > Self.longestName {
            errors.append(.invalid(FieldPath().field("metadata").field("name"), .string(change.new.name), "must be no more than \(Self.longestName) characters"))
        }
        do { _ = try CronSchedule(spec["schedule"]?.stringValue ?? "") } catch {
            errors.append(.invalid(path.field("schedule"), spec["schedule"] ?? "", error.reason))
        }
        if let zone = spec["timeZone"]?.stringValue, zone == "Local" || zone.isEmpty || TimeZone(identifier: zone) == nil {
            errors.append(.invalid(path.field("timeZone"), .string(zone), "unknown time zone \(zone)"))
        }
        return errors + JobRules.errors(of: spec["jobTemplate"]?["spec"] ?? [:], at: path.field("jobTemplate").field("spec"), capacity: context.capacity)
    }

    func committed(_ change: ResourceChange) async { context.queue.add(.cronJob(uid: change.new.uid)) }
}

/// Makes a cron job's jobs at their times, and removes the old ones.
struct CronJobController: Sendable {
    let context: TrainingContext

    /// - Returns: when to look again.
    func reconcile(uid: String) async throws -> Timestamp? {
        guard let cron = try await context.object(uid: uid) else { return nil }
        var plan = CronPlan(cron, jobs: try await jobs(of: uid), now: context.clock.now())
        for news in plan.news { await context.events.record(cron, news.isWarning ? .warning : .normal, news.reason, news.message) }
        for job in plan.delete {
            try await context.delete(job, kind: JobRules.kind, propagation: .background)
            await context.events.record(cron, .normal, "SuccessfulDelete", "Deleted job \(job.name)")
        }
        if let scheduled = plan.scheduled {
            try await make(cron, scheduled)
            plan.status["lastScheduleTime"] = .string(scheduled.rfc3339())
            plan.status["active"] = CronPlan(cron, jobs: try await jobs(of: uid), now: context.clock.now()).status["active"]
        }
        let status = plan.status
        try await context.resources.revise(uid: uid) { $0["status"] = status }
        return plan.wake
    }

    private func make(_ cron: JSON, _ scheduled: Timestamp) async throws {
        guard let kind = context.kind(JobRules.kind) else { return }
        do {
            let job = CronPlan.job(of: cron, scheduled: scheduled)
            let made = try await context.resources.create(kind, namespace: cron.namespace, job, WriteOptions(manager: "monoflow"))
            await context.events.record(cron, .normal, "SuccessfulCreate", "Created job \(made.document.name)", owner: made.document)
        } catch let error as MonoflowError where error.code == .alreadyExists {
            // Made before a crash.
        } catch let error as InvalidResource {
            await context.events.record(cron, .warning, "FailedCreate", "Error creating job: \(FieldErrors(error.errors))")
        }
    }

    private func jobs(of uid: String) async throws -> [JSON] {
        try await context.database.read { db in
            var jobs: [StoredResource] = [], last: Int64 = 0
            while true {
                let page = try ResourceStore.dependents(db, of: uid, after: last, limit: 500)
                jobs += page.map(\.resource).filter { $0.key.kind == JobRules.kind }
                guard let end = page.last, page.count == 500 else { return jobs }
                last = end.row
            }
        }.map { try JSONParser.parse($0.document) }.filter { $0.controller("CronJob") == uid }
    }
}

import Core
import Foundation

/// What a cron job needs next, as it follows from its spec, its status and the jobs that it has made. Pure.
struct CronPlan: Sendable {
    var status: JSON
    /// The time that a job is to be made for.
    var scheduled: Timestamp?
    /// Finished jobs beyond the history, and running ones that are replaced.
    var delete: [JSON] = []
    var wake: Timestamp?
    var news: [JobPlan.News] = []

    private static let manyMissed = 100

    init(_ cron: JSON, jobs: [JSON], now: Timestamp, local: TimeZone = .current) {
        status = cron["status"] ?? [:]
        let spec = cron["spec"] ?? [:], active = jobs.filter { !JobStatus.isFinished($0["status"] ?? [:]) && !$0.isLeaving }
        status["active"] = active.isEmpty ? nil : .array(active.map(Self.reference))
        keepSuccess(jobs)
        trimHistory(jobs, spec)
        guard !cron.isLeaving, spec["suspend"]?.boolValue != true, let schedule = try? CronSchedule(spec["schedule"]?.stringValue ?? "") else { return }
        let zone = spec["timeZone"]?.stringValue.flatMap(TimeZone.init(identifier:)) ?? local
        var start = time("lastScheduleTime") ?? cron["metadata"]?["creationTimestamp"]?.stringValue.flatMap(Timestamp.init(rfc3339:)) ?? now
        if let seconds = spec["startingDeadlineSeconds"]?.doubleValue {
            start = max(start, Timestamp(milliseconds: now.milliseconds - Int64(min(seconds, 3.2e10) * 1000)))
        }
        let due = schedule.last(after: start, through: now, in: zone)
        wake = schedule.next(after: schedule.interval == nil ? now : due ?? start, in: zone)
        guard let due else { return }
        if schedule.count(after: start, through: now, in: zone, limit: Self.manyMissed + 1) > Self.manyMissed {
            news.append(.init(
                isWarning: true, reason: "TooManyMissedTimes",
                message: "too many missed start times. Set or decrease startingDeadlineSeconds or check clock skew"))
        }
        switch spec["concurrencyPolicy"]?.stringValue {
        case "Forbid" where !active.isEmpty:
            // Its end has the schedule looked at again.
            news.append(.init(
                isWarning: false, reason: "JobAlreadyActive",
                message: "Not starting job because prior execution is running and concurrency policy is Forbid"))
            return
        case "Replace": delete += active
        default: break
        }
        scheduled = due
    }

    /// Of the time that a job is made for: the same one again after a crash.
    static func jobName(_ cron: JSON, _ scheduled: Timestamp) -> String { "\(cron.name)-\(scheduled.milliseconds / 60_000)" }

    static func job(of cron: JSON, scheduled: Timestamp) -> JSON {
        let template = cron["spec"]?["jobTemplate"] ?? [:]
        var annotations = template["metadata"]?["annotations"] ?? [:]
        annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"] = .string(scheduled.rfc3339())
        let metadata = JSON.make([
            "name": .string(jobName(cron, scheduled)), "namespace": .string(cron.namespace), "labels": template["metadata"]?["labels"], "annotations": annotations,
            "ownerReferences": [[
                "apiVersion": "batch/v1", "kind": "CronJob", "name": .string(cron.name), "uid": .string(cron.uid), "controller": true, "blockOwnerDeletion": true,
            ]],
        ])
        return ["apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"] ?? [:]]
    }

    private static func reference(_ job: JSON) -> JSON {
        ["apiVersion": "batch/v1", "kind": "Job", "namespace": .string(job.namespace), "name": .string(job.name), "uid": .string(job.uid)]
    }

    private mutating func keepSuccess(_ jobs: [JSON]) {
        let ends = jobs.filter { JobStatus.holds("Complete", $0["status"] ?? [:]) }
            .compactMap { $0["status"]?["completionTime"]?.stringValue.flatMap(Timestamp.init(rfc3339:)) }
        guard let last = ends.max(), last > time("lastSuccessfulTime") ?? Timestamp(milliseconds: .min) else { return }
        status["lastSuccessfulTime"] = .string(last.rfc3339())
    }

    private mutating func trimHistory(_ jobs: [JSON], _ spec: JSON) {
        for (condition, field, fallback) in [("Complete", "successfulJobsHistoryLimit", Int64(3)), ("Failed", "failedJobsHistoryLimit", 1)] {
            let finished = jobs.filter { JobStatus.holds(condition, $0["status"] ?? [:]) && !$0.isLeaving }
            func order(_ job: JSON) -> (Timestamp, String) { (JobStatus.endTime(job["status"] ?? [:]) ?? Timestamp(milliseconds: 0), job.name) }
            let sorted = finished.sorted { order($0) < order($1) }
            delete += sorted.dropLast(Int(clamping: spec[field]?.intValue ?? fallback))
        }
    }

    private func time(_ field: String) -> Timestamp? { status[field]?.stringValue.flatMap(Timestamp.init(rfc3339:)) }
}

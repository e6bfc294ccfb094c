import Core
import Foundation
import Resources
import ScriptedTasks
import Testing

@testable import Training

@Suite(.timeLimit(.minutes(1))) struct CronJobTests {
    private func cron(_ spec: JSON = [:]) -> JSON {
        var whole: JSON = ["schedule": "*/10 * * * *", "timeZone": "Etc/UTC", "jobTemplate": ["spec": TestObjects.job("x")["spec"] ?? [:]]]
        for (key, value) in spec.objectValue ?? [:] { whole[key] = value }
        return ["apiVersion": "batch/v1", "kind": "CronJob", "metadata": ["name": "c"], "spec": whole]
    }

    struct Row: Sendable {
        var spec: JSON = [:]
        var last: String?
        var created = "2026-03-01T11:55:00Z"
        /// Of jobs: `a` active, `c` complete, `f` failed.
        var jobs = ""
        var scheduled: String?
        var deleted = 0
        var wake: String? = "2026-03-01T12:20:00Z"
    }

    /// At 12:12.
    static let rows: [Row] = [
        Row(scheduled: "2026-03-01T12:10:00Z"),
        Row(last: "2026-03-01T12:10:00Z"),
        Row(created: "2026-03-01T12:11:00Z"),
        // After a downtime: the last one of those that were missed, once.
        Row(last: "2026-02-01T00:00:00Z", scheduled: "2026-03-01T12:10:00Z"),
        Row(spec: ["startingDeadlineSeconds": 60]),
        Row(spec: ["startingDeadlineSeconds": 200], scheduled: "2026-03-01T12:10:00Z"),
        Row(spec: ["suspend": true], wake: nil),
        Row(jobs: "a", scheduled: "2026-03-01T12:10:00Z"),
        Row(spec: ["concurrencyPolicy": "Forbid"], jobs: "a"),
        Row(spec: ["concurrencyPolicy": "Forbid"], jobs: "c", scheduled: "2026-03-01T12:10:00Z"),
        Row(spec: ["concurrencyPolicy": "Replace"], jobs: "ac", scheduled: "2026-03-01T12:10:00Z", deleted: 1),
        Row(last: "2026-03-01T12:10:00Z", jobs: "ccccffa", deleted: 2),
        Row(spec: ["successfulJobsHistoryLimit": 0, "failedJobsHistoryLimit": 0], last: "2026-03-01T12:10:00Z", jobs: "ccf", deleted: 3),
    ]

    @Test(arguments: rows) func next(_ row: Row) throws {
        var object = cron(row.spec)
        object["metadata"]?["creationTimestamp"] = .string(row.created)
        if let last = row.last { object["status"] = ["lastScheduleTime": .string(last)] }
        let jobs = row.jobs.enumerated().map { place, letter -> JSON in
            let type: JSON? = ["c": "Complete", "f": "Failed"][letter]
            let conditions: JSON = type.map { [["type": $0, "status": "True", "lastTransitionTime": .string("2026-03-01T10:0\(place):00Z")]] } ?? []
            return ["metadata": ["name": .string("j\(place)"), "uid": .string("u\(place)")], "status": ["conditions": conditions]]
        }
        let now = try #require(Timestamp(rfc3339: "2026-03-01T12:12:00Z"))
        let plan = CronPlan(object, jobs: jobs, now: now)
        #expect(plan.scheduled?.rfc3339() == row.scheduled, "\(row)")
        #expect(plan.delete.count == row.deleted, "\(row)")
        #expect(plan.wake?.rfc3339() == row.wake, "\(row)")
        #expect(plan.status["active"]?.arrayValue?.count ?? 0 == row.jobs.count { $0 == "a" })
    }

    @Test func jobsAreMadeAtTheirTimesOnce() async throws {
        let machine = ScriptedMachine { _ in (ScriptedMachine.exit(), [:]) }, clock = TestClock("2026-03-01T11:55:00Z")
        let first = try await TrainingFixture(machine, clock: clock)
        try await first.create("cronjobs.batch", cron(["successfulJobsHistoryLimit": 1]))
        clock.advance(310)
        first.training.wake()
        let made = try await first.until("cronjobs.batch") { try await first.find("cronjobs.batch", "c")?["status"]?["lastScheduleTime"] }
        #expect(made == "2026-03-01T12:00:00Z")
        let jobs = try await first.list("jobs.batch")
        #expect(jobs.count == 1 && jobs[0]["metadata"]?["annotations"]?["batch.kubernetes.io/cronjob-scheduled-timestamp"] == "2026-03-01T12:00:00Z")
        await first.kill()
        // Three were missed meanwhile: the last one is made.
        clock.advance(1_900)
        let second = try await TrainingFixture(machine, directory: first.directory, clock: clock)
        _ = try await second.until("cronjobs.batch") { try await second.find("cronjobs.batch", "c")?["status"]?["lastScheduleTime"] == "2026-03-01T12:30:00Z" ? true : nil }
        let last = CronPlan.jobName(cron(), Timestamp(rfc3339: "2026-03-01T12:30:00Z") ?? Timestamp(milliseconds: 0))
        _ = try await second.job(last, "Complete")
        // The history holds one.
        _ = try await second.until("jobs.batch") { try await second.list("jobs.batch").map(\.name) == [last] ? true : nil }
        await second.close()
    }

    @Test(arguments: [
        (["schedule": "* * * *"], "spec.schedule"), (["timeZone": "Mars/Base"], "spec.timeZone"), (["timeZone": "Local"], "spec.timeZone"),
        (["jobTemplate": ["spec": TestObjects.job("x", pod: ["hostPID": true])["spec"] ?? [:]]], "spec.jobTemplate.spec.template.spec.hostPID"),
    ] as [(JSON, String)]) func errors(_ spec: JSON, _ path: String) async throws {
        try await TrainingFixture.with { fixture in
            do {
                try await fixture.create("cronjobs.batch", cron(spec))
                Issue.record("it was accepted")
            } catch let error as InvalidResource { #expect(error.errors.map(\.path.description) == [path]) }
        }
    }
}

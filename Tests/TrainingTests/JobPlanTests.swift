import Core
import Testing

@testable import Training

@Suite struct JobPlanTests {
    static let now = Timestamp(rfc3339: "2026-03-01T12:00:00Z") ?? Timestamp(milliseconds: 0)

    /// `a` alive, `s` succeeded, `f` failed a minute ago, `F` failed now, `r` released; the place is the index.
    private func pods(_ text: String, indexed: Bool) -> [JobPod] {
        text.enumerated().map { place, letter in
            let outcome: JobPod.Outcome? = ["s": .succeeded, "f": .failed, "F": .failed, "r": .released][letter]
            let ago: Double = letter == "f" ? 60 : 0
            return JobPod(
                uid: "u\(place)", name: "p\(place)", index: indexed ? place : nil, outcome: outcome, createdAt: Self.now,
                finishedAt: outcome == nil ? nil : Timestamp(milliseconds: Self.now.milliseconds - Int64(ago * 1000)))
        }
    }

    private func plan(_ spec: JSON, _ text: String, status: JSON = ["startTime": "2026-03-01T11:59:00Z"]) -> JobPlan {
        let job: JSON = ["metadata": ["name": "j", "uid": "u"], "spec": spec, "status": status]
        return JobPlan(job, pods: pods(text, indexed: spec["completionMode"] == "Indexed"), now: Self.now)
    }

    struct Row: Sendable {
        var spec: JSON
        var pods: String
        var create: [Int?] = []
        var release: [String] = []
        var stop: [String] = []
        var condition: String?
        var reason: String?
    }

    static let rows: [Row] = [
        Row(spec: ["completions": 1], pods: "", create: [nil]),
        Row(spec: ["completions": 1], pods: "a"),
        Row(spec: ["completions": 1], pods: "s", condition: "Complete", reason: "CompletionsReached"),
        Row(spec: ["completions": 0], pods: "", condition: "Complete"),
        Row(spec: ["completions": 5, "parallelism": 2], pods: "", create: [nil, nil]),
        Row(spec: ["completions": 5, "parallelism": 2], pods: "ssa", create: [nil]),
        Row(spec: ["completions": 5, "parallelism": 2], pods: "ssssa"),
        Row(spec: ["completions": 5, "parallelism": 1], pods: "aaa", release: ["p1", "p2"]),
        Row(spec: ["completions": 2, "parallelism": 2], pods: "ssa", release: ["p2"], condition: "Complete"),
        // A work queue: any success will do, and no more are made then.
        Row(spec: ["parallelism": 3], pods: "", create: [nil, nil, nil]),
        Row(spec: ["parallelism": 3], pods: "saa"),
        Row(spec: ["parallelism": 3], pods: "sff", condition: "Complete"),
        Row(spec: ["completions": 3, "parallelism": 2, "completionMode": "Indexed"], pods: "", create: [0, 1]),
        Row(spec: ["completions": 3, "parallelism": 3, "completionMode": "Indexed"], pods: "saf", create: [2]),
        Row(spec: ["completions": 3, "parallelism": 3, "completionMode": "Indexed"], pods: "sss", condition: "Complete"),
        Row(spec: ["completions": 1, "backoffLimit": 0], pods: "f", condition: "Failed", reason: "BackoffLimitExceeded"),
        Row(spec: ["completions": 1, "backoffLimit": 1], pods: "f", create: [nil]),
        Row(spec: ["completions": 3, "parallelism": 2, "backoffLimit": 0], pods: "fa", stop: ["p1"], condition: "Failed", reason: "BackoffLimitExceeded"),
        // The delay after a failure.
        Row(spec: ["completions": 1], pods: "F"),
        Row(spec: ["completions": 1], pods: "r", create: [nil]),
        Row(spec: ["completions": 1, "activeDeadlineSeconds": 60], pods: "a", stop: ["p0"], condition: "Failed", reason: "DeadlineExceeded"),
        Row(spec: ["completions": 1, "activeDeadlineSeconds": 61], pods: "a"),
        Row(spec: ["completions": 1, "suspend": true], pods: "a", release: ["p0"], condition: "Suspended", reason: "JobSuspended"),
    ]

    @Test(arguments: rows) func next(_ row: Row) {
        let plan = plan(row.spec, row.pods)
        #expect(plan.create == row.create, "\(row)")
        #expect(plan.release.map(\.name) == row.release, "\(row)")
        #expect(plan.stop.map(\.name) == row.stop, "\(row)")
        for type in ["Complete", "Failed", "Suspended"] { #expect(JobStatus.holds(type, plan.status) == (type == row.condition), "\(type): \(row)") }
        if let condition = row.condition, let reason = row.reason { #expect(JobStatus.condition(condition, plan.status)?["reason"]?.stringValue == reason) }
    }

    @Test func countsAndIndexes() {
        let status = plan(["completions": 8, "parallelism": 8, "completionMode": "Indexed"], "ssfsssas").status
        #expect(status["completedIndexes"] == "0,1,3-5,7")
        #expect(status["succeeded"] == 6)
        #expect(status["failed"] == 1)
        #expect(status["active"] == 1)
    }

    /// Twice as long after each failure, ten minutes at most, and anew after a success.
    @Test(arguments: [("F", 10.0), ("fF", 20), ("ffF", 40), ("ffffffF", 600), ("ffsF", 10)]) func backoff(_ pods: String, _ seconds: Double) {
        var all = self.pods(pods, indexed: false)
        // The success comes before the last failure.
        for index in all.indices where all[index].outcome == .succeeded { all[index].finishedAt = Timestamp(milliseconds: Self.now.milliseconds - 30_000) }
        let job: JSON = ["spec": ["completions": 2, "parallelism": 1, "backoffLimit": 20], "status": ["startTime": "2026-03-01T11:59:00Z"]]
        let plan = JobPlan(job, pods: all, now: Self.now)
        #expect(plan.create == [])
        #expect(plan.wake == Self.now.advanced(seconds: seconds))
        #expect(JobPlan(job, pods: all, now: Self.now.advanced(seconds: seconds)).create == [nil])
    }

    @Test func aFinishedJobIsKeptForItsTime() {
        let status: JSON = ["conditions": [["type": "Complete", "status": "True", "lastTransitionTime": "2026-03-01T11:59:00Z"]]]
        #expect(plan(["completions": 1, "ttlSecondsAfterFinished": 60], "s", status: status).isExpired)
        let kept = plan(["completions": 1, "ttlSecondsAfterFinished": 61], "s", status: status)
        #expect(!kept.isExpired && kept.wake == Self.now.advanced(seconds: 1))
        #expect(plan(["completions": 1], "s", status: status).wake == nil)
        #expect(plan(["completions": 1], "", status: status).create == [])
    }

    @Test func resumingBeginsAnew() {
        let suspended = plan(["completions": 1, "suspend": true], "").status
        #expect(suspended["startTime"] == nil)
        let resumed = plan(["completions": 1], "", status: suspended)
        #expect(!JobStatus.holds("Suspended", resumed.status) && resumed.status["startTime"] == "2026-03-01T12:00:00Z" && resumed.create == [nil])
    }
}

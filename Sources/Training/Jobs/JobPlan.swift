import Core

/// What a job needs next, as it follows from its spec, its status and the pods that it has had. Pure: the controller carries it out and asks again.
struct JobPlan: Sendable, Equatable {
    /// How the status shall be.
    var status: JSON
    /// Pods to make: an index for each of an indexed job's, nil for others.
    var create: [Int?] = []
    /// Pods to stop that are not counted: too many, or the job is suspended.
    var release: [JobPod] = []
    /// Pods to stop because the job has ended.
    var stop: [JobPod] = []
    /// When to look again, if nothing happens before.
    var wake: Timestamp?
    /// The time that a finished job is kept for is over.
    var isExpired = false
    /// What has come about: a condition's reason and its message.
    var news: [News] = []

    struct News: Sendable, Equatable {
        var isWarning: Bool
        var reason: String
        var message: String
    }

    /// Pods made in one go; the rest follow when these are there.
    static let mostAtOnce = 200
    private static let firstDelay: Double = 10
    private static let longestDelay: Double = 600

    init(_ job: JSON, pods: [JobPod], now: Timestamp) {
        status = job["status"] ?? [:]
        decide(job, pods, now)
    }

    private mutating func decide(_ job: JSON, _ pods: [JobPod], _ now: Timestamp) {
        let spec = JobSpec(job["spec"] ?? [:]), count = JobCount(pods)
        setCounts(count, spec)
        if JobStatus.isFinished(status) { return finish(spec, count, now) }
        if job.isLeaving { return }
        if spec.isSuspended { return suspend(count, now) }
        start(now)
        if let end = Self.failure(spec, count, started: time("startTime"), now) {
            fail(end.reason, end.message, now)
        } else if spec.isComplete(count) {
            complete(spec, now)
        } else {
            if let seconds = spec.deadlineSeconds, let started = time("startTime") { wake(at: started.advanced(seconds: seconds)) }
            return fill(spec, count, now)
        }
        finish(spec, count, now)
    }

    // MARK: Parts

    private mutating func start(_ now: Timestamp) {
        if let condition = JobStatus.condition("Suspended", status), condition["status"] == "True" {
            JobStatus.set(&status, "Suspended", false, "JobResumed", "Job resumed", now)
            news.append(News(isWarning: false, reason: "Resumed", message: "Job resumed"))
            status["startTime"] = nil
        }
        if status["startTime"] == nil { status["startTime"] = .string(now.rfc3339()) }
    }

    private mutating func suspend(_ count: JobCount, _ now: Timestamp) {
        release = count.active
        guard JobStatus.condition("Suspended", status)?["status"] != "True" else { return }
        JobStatus.set(&status, "Suspended", true, "JobSuspended", "Job suspended", now)
        status["startTime"] = nil
        news.append(News(isWarning: false, reason: "Suspended", message: "Job suspended"))
    }

    private static func failure(_ spec: JobSpec, _ count: JobCount, started: Timestamp?, _ now: Timestamp) -> (reason: String, message: String)? {
        if count.failed > spec.backoffLimit { return ("BackoffLimitExceeded", "Job has reached the specified backoff limit") }
        if let seconds = spec.deadlineSeconds, let started, started.advanced(seconds: seconds) <= now {
            return ("DeadlineExceeded", "Job was active longer than specified deadline")
        }
        return nil
    }

    private mutating func fail(_ reason: String, _ message: String, _ now: Timestamp) {
        JobStatus.set(&status, "FailureTarget", true, reason, message, now)
        JobStatus.set(&status, "Failed", true, reason, message, now)
        news.append(News(isWarning: true, reason: reason, message: message))
    }

    private mutating func complete(_ spec: JobSpec, _ now: Timestamp) {
        let message = "Reached expected number of succeeded pods"
        JobStatus.set(&status, "SuccessCriteriaMet", true, "CompletionsReached", message, now)
        JobStatus.set(&status, "Complete", true, "CompletionsReached", message, now)
        status["completionTime"] = .string(now.rfc3339())
        news.append(News(isWarning: false, reason: "Completed", message: "Job completed"))
    }

    private mutating func finish(_ spec: JobSpec, _ count: JobCount, _ now: Timestamp) {
        // Of a job that has succeeded what is left over does not count.
        if JobStatus.holds("Complete", status) { release = count.active } else { stop = count.active }
        guard let seconds = spec.lifeSeconds, let ended = JobStatus.endTime(status) else { return }
        let end = ended.advanced(seconds: seconds)
        if end <= now { isExpired = count.active.isEmpty } else { wake(at: end) }
    }

    private mutating func fill(_ spec: JobSpec, _ count: JobCount, _ now: Timestamp) {
        let missing = spec.wantedActive(count) - count.active.count
        if missing < 0 { release = Array(count.active.suffix(-missing)) }
        guard missing > 0 else { return }
        let delay = count.failuresInARow == 0 ? 0 : min(Self.firstDelay * Double(1 << min(count.failuresInARow - 1, 16)), Self.longestDelay)
        if delay > 0, let last = count.lastFailure, last.advanced(seconds: delay) > now { return wake(at: last.advanced(seconds: delay)) }
        let number = min(missing, Self.mostAtOnce)
        guard spec.isIndexed else {
            create = Array(repeating: nil, count: number)
            return
        }
        let taken = count.succeededIndexes.union(count.active.compactMap(\.index))
        create = (0..<(spec.completions ?? 0)).lazy.filter { !taken.contains($0) }.prefix(number).map { $0 }
    }

    private mutating func setCounts(_ count: JobCount, _ spec: JobSpec) {
        func number(_ value: Int) -> JSON? { value == 0 ? nil : .int(Int64(value)) }
        status["active"] = number(count.active.count)
        status["succeeded"] = number(spec.isIndexed ? count.succeededIndexes.count : count.succeeded)
        status["failed"] = number(count.failed)
        if spec.isIndexed { status["completedIndexes"] = count.succeededIndexes.isEmpty ? nil : .string(IndexText.text(count.succeededIndexes)) }
    }

    private func time(_ field: String) -> Timestamp? { status[field]?.stringValue.flatMap(Timestamp.init(rfc3339:)) }

    private mutating func wake(at time: Timestamp) { wake = min(wake ?? time, time) }
}

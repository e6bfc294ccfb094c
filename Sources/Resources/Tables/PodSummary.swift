import Core

/// What a pod's containers come to: how many are ready, what holds the pod up, how often they were started again.
struct PodSummary {
    /// Of the containers that stay: ordinary ones, and init containers that are started again whenever they end.
    private(set) var total: Int
    private(set) var ready = 0
    /// The phase, or the word for what holds it up.
    private(set) var status: String
    private(set) var restarts: Int64 = 0
    /// As the last run before the present one ended, in milliseconds; nil where none did.
    private var lastRestart: Int64?

    /// The part of `restarts` and `lastRestart` that is of init containers which stay.
    private var stayingRestarts: Int64 = 0
    private var stayingLastRestart: Int64?

    init(_ pod: JSON) {
        let initContainers = pod["spec"]?["initContainers"]?.arrayValue ?? []
        let staying = Set(initContainers.filter { $0["restartPolicy"] == "Always" }.compactMap { $0["name"]?.stringValue })
        total = (pod["spec"]?["containers"]?.arrayValue?.count ?? 0) + staying.count
        let reason = Self.word(pod["status"]?["reason"])
        status = reason ?? Self.word(pod["status"]?["phase"]) ?? ""
        if Conditions.find("PodScheduled", in: pod)?["reason"] == "SchedulingGated" { status = "SchedulingGated" }

        let isHeldUp = addInitContainers(pod["status"]?["initContainerStatuses"]?.arrayValue ?? [], staying: staying, of: initContainers.count)
        if !isHeldUp || Conditions.holds("Initialized", in: pod) { addContainers(pod) }

        if let deleted = pod["metadata"]?["deletionTimestamp"], !deleted.isNull {
            let phase = pod["status"]?["phase"]
            if reason == "NodeLost" { status = "Unknown" } else if phase != "Succeeded" && phase != "Failed" { status = "Terminating" }
        }
    }

    /// The number of restarts, with the age of the last one behind: `3 (5m ago)`.
    func restartText(now: Timestamp) -> String {
        guard restarts > 0, let lastRestart else { return "\(restarts)" }
        return "\(restarts) (\(HumanDuration.text(milliseconds: now.milliseconds - lastRestart)) ago)"
    }

    /// - Returns: whether an init container holds the pod up.
    private mutating func addInitContainers(_ statuses: [JSON], staying: Set<String>, of count: Int) -> Bool {
        for (index, container) in statuses.enumerated() {
            let stays = container["name"]?.stringValue.map(staying.contains) ?? false
            add(container, stays: stays)
            let state = container["state"], ended = state?["terminated"]
            if let ended, ended["exitCode"]?.intValue ?? 0 == 0, ended.objectValue != nil { continue }
            if stays, container["started"] == true {
                if container["ready"] == true { ready += 1 }
                continue
            }
            if let ended, ended.objectValue != nil {
                status = "Init:" + Self.ending(ended)
            } else if let waiting = Self.word(state?["waiting"]?["reason"]), waiting != "PodInitializing" {
                status = "Init:" + waiting
            } else {
                status = "Init:\(index)/\(count)"
            }
            return true
        }
        return false
    }

    private mutating func addContainers(_ pod: JSON) {
        restarts = stayingRestarts
        lastRestart = stayingLastRestart
        var hasRunning = false
        // From the last to the first, so that the first one's word stays.
        for container in (pod["status"]?["containerStatuses"]?.arrayValue ?? []).reversed() {
            add(container, stays: false)
            let state = container["state"]
            if let waiting = Self.word(state?["waiting"]?["reason"]) {
                status = waiting
            } else if let ended = state?["terminated"], ended.objectValue != nil {
                status = Self.ending(ended)
            } else if container["ready"] == true, state?["running"]?.objectValue != nil {
                hasRunning = true
                ready += 1
            }
        }
        // One container has ended well and another one runs still.
        if status == "Completed" && hasRunning { status = Conditions.holds("Ready", in: pod) ? "Running" : "NotReady" }
    }

    private mutating func add(_ container: JSON, stays: Bool) {
        let number = max(container["restartCount"]?.intValue ?? 0, 0)
        let end = container["lastState"]?["terminated"]?["finishedAt"]?.stringValue.flatMap(TimeText.milliseconds)
        restarts = restarts &+ number
        lastRestart = Self.later(lastRestart, end)
        guard stays else { return }
        stayingRestarts = stayingRestarts &+ number
        stayingLastRestart = Self.later(stayingLastRestart, end)
    }

    private static func later(_ a: Int64?, _ b: Int64?) -> Int64? {
        guard let a, let b else { return a ?? b }
        return max(a, b)
    }

    /// The reason, else the signal, else the exit code of a container that has ended.
    private static func ending(_ ended: JSON) -> String {
        if let reason = word(ended["reason"]) { return reason }
        if let signal = ended["signal"]?.intValue, signal != 0 { return "Signal:\(signal)" }
        return "ExitCode:\(ended["exitCode"]?.intValue ?? 0)"
    }

    private static func word(_ value: JSON?) -> String? { value?.stringValue.flatMap { $0.isEmpty ? nil : $0 } }
}

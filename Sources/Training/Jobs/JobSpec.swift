import Core

/// What a job's spec says of how many pods there shall be.
struct JobSpec: Sendable {
    var parallelism: Int
    var completions: Int?
    var backoffLimit: Int
    var deadlineSeconds: Double?
    /// That it is kept for after its end; nil is for ever.
    var lifeSeconds: Double?
    var isSuspended: Bool
    var isIndexed: Bool

    init(_ spec: JSON) {
        parallelism = spec["parallelism"]?.intValue.map { Int(clamping: $0) } ?? 1
        completions = spec["completions"]?.intValue.map { Int(clamping: $0) }
        backoffLimit = spec["backoffLimit"]?.intValue.map { Int(clamping: $0) } ?? 6
        deadlineSeconds = spec["activeDeadlineSeconds"]?.doubleValue
        lifeSeconds = spec["ttlSecondsAfterFinished"]?.doubleValue
        isSuspended = spec["suspend"]?.boolValue ?? false
        isIndexed = spec["completionMode"]?.stringValue == "Indexed"
    }

    /// Without a number of completions any one success will do, once the others have ended.
    func isComplete(_ count: JobCount) -> Bool {
        guard let completions else { return count.succeeded > 0 && count.active.isEmpty }
        return (isIndexed ? count.succeededIndexes.count : count.succeeded) >= completions
    }

    func wantedActive(_ count: JobCount) -> Int {
        guard let completions else { return count.succeeded > 0 ? count.active.count : parallelism }
        return min(parallelism, completions - (isIndexed ? count.succeededIndexes.count : count.succeeded))
    }
}

/// What has become of a job's pods.
struct JobCount: Sendable {
    /// Oldest first.
    var active: [JobPod] = []
    var succeeded = 0
    var failed = 0
    var succeededIndexes: Set<Int> = []
    /// Since the last success.
    var failuresInARow = 0
    var lastFailure: Timestamp?

    init(_ pods: [JobPod]) {
        var lastSuccess: Timestamp?
        for pod in pods {
            switch pod.outcome {
            case nil: active.append(pod)
            case .succeeded:
                succeeded += 1
                if let index = pod.index { succeededIndexes.insert(index) }
                if let end = pod.finishedAt { lastSuccess = max(lastSuccess ?? end, end) }
            case .failed: failed += 1
            case .released: break
            }
        }
        for pod in pods where pod.outcome == .failed {
            guard let end = pod.finishedAt, lastSuccess.map({ end > $0 }) ?? true else { continue }
            failuresInARow += 1
            lastFailure = max(lastFailure ?? end, end)
        }
    }
}

/// Indexes as a job's status writes them: `1,3-5`.
enum IndexText {
    static func text(_ indexes: Set<Int>) -> String {
        var parts: [String] = [], first: Int?, last = 0
        func close() {
            guard let start = first else { return }
            parts.append(start == last ? "\(start)" : last == start + 1 ? "\(start),\(last)" : "\(start)-\(last)")
        }
        for index in indexes.sorted() {
            if first != nil, index == last + 1 {
                last = index
            } else {
                close()
                first = index
                last = index
            }
        }
        close()
        return parts.joined(separator: ",")
    }
}

/// Conditions of a job.
enum JobStatus {
    static func condition(_ type: String, _ status: JSON) -> JSON? { status["conditions"]?.arrayValue?.first { $0["type"]?.stringValue == type } }

    static func holds(_ type: String, _ status: JSON) -> Bool { condition(type, status)?["status"] == "True" }

    static func isFinished(_ status: JSON) -> Bool { holds("Complete", status) || holds("Failed", status) }

    static func endTime(_ status: JSON) -> Timestamp? {
        for type in ["Complete", "Failed"] {
            guard let condition = condition(type, status), condition["status"] == "True" else { continue }
            return condition["lastTransitionTime"]?.stringValue.flatMap(Timestamp.init(rfc3339:))
        }
        return nil
    }

    static func set(_ status: inout JSON, _ type: String, _ holds: Bool, _ reason: String, _ message: String, _ now: Timestamp) {
        var conditions = status["conditions"]?.arrayValue ?? []
        conditions.removeAll { $0["type"]?.stringValue == type }
        conditions.append([
            "type": .string(type), "status": .string(holds ? "True" : "False"), "lastProbeTime": .string(now.rfc3339()),
            "lastTransitionTime": .string(now.rfc3339()), "reason": .string(reason), "message": .string(message),
        ])
        status["conditions"] = .array(conditions)
    }
}

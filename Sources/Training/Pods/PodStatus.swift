import Core
import Tasks

/// A pod's `status` as it follows from its task. Pure.
enum PodStatus {
    /// This machine, as pods name their node.
    static let node = "monoflow"
    static let address = "127.0.0.1"

    static func phase(_ pod: JSON) -> String { pod["status"]?["phase"]?.stringValue ?? "Pending" }

    static func hasEnded(_ pod: JSON) -> Bool { ["Succeeded", "Failed"].contains(phase(pod)) }

    /// Of a new pod: it waits for room, or is being prepared.
    static func pending(_ pod: JSON, now: Timestamp) -> JSON {
        [
            "phase": "Pending", "conditions": conditions(isReady: false, "", now, old: nil), "startTime": .string(now.rfc3339()), "hostIP": .string(address),
            "qosClass": .string(quality(pod)),
            "containerStatuses": [container(pod, ["waiting": ["reason": "ContainerCreating"]], isReady: false)],
        ]
    }

    /// It cannot start on this machine.
    static func waiting(_ pod: JSON, reason: String, now: Timestamp) -> JSON {
        var status = pod["status"] ?? [:]
        status["conditions"] = [[
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": .string(reason), "lastTransitionTime": .string(now.rfc3339()),
        ]]
        return status
    }

    static func running(_ pod: JSON, at start: Timestamp) -> JSON {
        var status = pod["status"] ?? [:]
        status["phase"] = "Running"
        status["podIP"] = .string(address)
        status["podIPs"] = [["ip": .string(address)]]
        status["conditions"] = conditions(isReady: true, "", start, old: pod["status"]?["conditions"])
        status["containerStatuses"] = [container(pod, ["running": ["startedAt": .string(start.rfc3339())]], isReady: true)]
        return status
    }

    static func ended(_ pod: JSON, _ exit: TaskExit) -> JSON {
        var status = pod["status"] ?? [:]
        let succeeded = exit.succeeded, reason = reason(exit)
        status["phase"] = succeeded ? "Succeeded" : "Failed"
        if exit.reason == .deadline {
            status["reason"] = "DeadlineExceeded"
            status["message"] = "Pod was active on the node longer than the specified deadline"
        }
        status["conditions"] = conditions(isReady: false, succeeded ? "PodCompleted" : "PodFailed", exit.finishedAt, old: pod["status"]?["conditions"])
        let terminated = JSON.make([
            "exitCode": .int(Int64(exit.code ?? (succeeded ? 0 : code(exit)))), "reason": .string(reason),
            "message": succeeded || exit.reason == .exited && reason == "Error" ? nil : .string(exit.message),
            "startedAt": .string((exit.startedAt ?? exit.finishedAt).rfc3339()), "finishedAt": .string(exit.finishedAt.rfc3339()),
            "containerID": .string("task://" + (pod["metadata"]?["uid"]?.stringValue ?? "")),
        ])
        status["containerStatuses"] = [container(pod, ["terminated": terminated], isReady: false)]
        return status
    }

    private static func reason(_ exit: TaskExit) -> String {
        switch exit.reason {
        case _ where exit.message.hasPrefix("out of memory"): "OOMKilled"
        case .exited: exit.code == 0 ? "Completed" : "Error"
        case .signaled, .deadline, .stopped: "Error"
        case .startFailed: "StartError"
        case .lost: "ContainerStatusUnknown"
        }
    }

    /// Where the process left none.
    private static func code(_ exit: TaskExit) -> Int32 {
        switch exit.reason {
        case .startFailed: 128
        case .stopped: 143
        default: 137
        }
    }

    private static func container(_ pod: JSON, _ state: JSON, isReady: Bool) -> JSON {
        let container = pod["spec"]?["containers"]?[0] ?? [:], image = container["image"] ?? ""
        return .make([
            "name": container["name"] ?? "", "state": state, "lastState": [:], "ready": .bool(isReady), "started": .bool(isReady), "restartCount": 0, "image": image,
            "imageID": image,
        ])
    }

    /// A condition keeps the time at which its status last changed.
    private static func conditions(isReady: Bool, _ reason: String, _ now: Timestamp, old: JSON?) -> JSON {
        let states = [("PodReadyToStartContainers", isReady), ("Initialized", true), ("Ready", isReady), ("ContainersReady", isReady), ("PodScheduled", true)]
        return .array(states.map { type, holds in
            let word = JSON.string(holds ? "True" : "False")
            let before = old?.arrayValue?.first { $0["type"]?.stringValue == type }
            let since = before?["status"] == word ? before?["lastTransitionTime"] : nil
            return .make([
                "type": .string(type), "status": word, "reason": holds || reason.isEmpty ? nil : .string(reason), "lastProbeTime": nil,
                "lastTransitionTime": since ?? .string(now.rfc3339()),
            ])
        })
    }

    private static func quality(_ pod: JSON) -> String {
        let resources = pod["spec"]?["containers"]?[0]?["resources"] ?? [:]
        let limits = resources["limits"]?.objectValue ?? [:], requests = resources["requests"]?.objectValue ?? [:]
        let names = ["cpu", "memory"]
        if names.allSatisfy({ limits[$0] != nil && (requests[$0] == nil || requests[$0] == limits[$0]) }) { return "Guaranteed" }
        return names.contains { limits[$0] != nil || requests[$0] != nil } ? "Burstable" : "BestEffort"
    }
}

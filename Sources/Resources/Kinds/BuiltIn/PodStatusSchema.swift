import Core

/// The schema of a pod's `status`, which the server alone writes.
enum PodStatusSchema {
    static let status = Schema.openObject([
        "phase": .string("Pending, Running, Succeeded, Failed or Unknown."),
        "conditions": .keyedList(["type"], .condition, "What is known of the pod."),
        "message": .string("A sentence for people."),
        "reason": .string("One word for why."),
        "nominatedNodeName": .string("The node that is being made free for it."),
        "hostIP": .string("Address of the host."),
        "hostIPs": .patchedList(by: "ip", .object(["ip": .string()], required: ["ip"]), "Addresses of the host."),
        "podIP": .string("Address of the pod."),
        "podIPs": .keyedList(["ip"], .object(["ip": .string()], required: ["ip"]), "Addresses of the pod."),
        "startTime": .time("When the pod was taken up."),
        "qosClass": .string("Guaranteed, Burstable or BestEffort."),
        "initContainerStatuses": .atomicList(containerStatus, "One for each init container."),
        "containerStatuses": .atomicList(containerStatus, "One for each container."),
        "ephemeralContainerStatuses": .atomicList(containerStatus, "One for each ephemeral container."),
    ], "The state at present.")

    private static let containerStatus = Schema.openObject([
        "name": .string("The container."),
        "ready": .boolean("Whether it can be asked."),
        "started": .boolean("Whether it has come up."),
        "restartCount": .integer("How often it was started again."),
        "image": .string("What it runs in."),
        "imageID": .string("Digest of the image."),
        "containerID": .string("Which run of the container."),
        "state": state("What it does now."),
        "lastState": state("How the run before ended."),
    ], required: ["name"])

    private static func state(_ description: String) -> Schema {
        .openObject([
            "waiting": .openObject(["reason": .string(), "message": .string()], "Not started."),
            "running": .openObject(["startedAt": .time()], "Runs."),
            "terminated": .openObject([
                "exitCode": .integer(), "signal": .integer(), "reason": .string(), "message": .string(), "startedAt": .time(), "finishedAt": .time(),
                "containerID": .string(),
            ], required: ["exitCode"], "Has ended."),
        ], description)
    }
}

import Core
import OrderedCollections

/// The schema of a container, which pods and everything with a pod template share. What is not listed is kept as it is.
enum ContainerSchema {
    /// Containers and init containers, by name.
    static func list(_ description: String) -> Schema { .keyedList(["name"], container, description) }

    static let container = Schema.openObject([
        "name": .string("Name, unique in the pod."),
        "image": .string("What to run in: an image reference, which the server maps to an environment."),
        "command": .atomicList(.string(), "The program with its first arguments, in place of the image's entry point."),
        "args": .atomicList(.string(), "The arguments, in place of the image's."),
        "workingDir": .string("Directory to start in."),
        "env": env,
        "envFrom": .atomicList(.openObject([
            "prefix": .string("Put before every name."),
            "configMapRef": .atomicObject(["name": .string(), "optional": .boolean()], "A ConfigMap all of whose keys become variables."),
            "secretRef": .atomicObject(["name": .string(), "optional": .boolean()], "A Secret all of whose keys become variables."),
        ]), "Where further variables come from."),
        "ports": .keyedList(["containerPort", "protocol"], .openObject([
            "name": .string("Name of the port, unique in the pod."),
            "containerPort": .integer("The port that the container listens on.", minimum: 1, maximum: 65_535),
            "protocol": .string("TCP, UDP or SCTP.", fallback: "TCP", allowed: ["TCP", "UDP", "SCTP"]),
            "hostPort": .integer("The port of the host.", minimum: 0, maximum: 65_535),
            "hostIP": .string("The address of the host."),
        ], required: ["containerPort"]), patchKey: "containerPort", "Ports that the container listens on."),
        "resources": resources,
        "volumeMounts": .keyedList(["mountPath"], .openObject([
            "name": .string("The volume."),
            "mountPath": .string("Where the container sees it."),
            "subPath": .string("The part of the volume."),
            "subPathExpr": .string("The part of the volume, with variables in $(NAME)."),
            "readOnly": .boolean("Whether the container may only read it."),
            "mountPropagation": .string("How mounts spread between host and container."),
        ], required: ["name", "mountPath"]), "Volumes that the container sees."),
        "volumeDevices": .keyedList(["devicePath"], .openObject([
            "name": .string("The claim."), "devicePath": .string("Where the container sees the device."),
        ], required: ["name", "devicePath"]), "Raw devices that the container sees."),
        "livenessProbe": probe("Restarts the container when it fails."),
        "readinessProbe": probe("Whether the container can be asked."),
        "startupProbe": probe("Until it succeeds the other probes do not begin."),
        "lifecycle": .anyObject("What to do after the start and before the end."),
        "imagePullPolicy": .string("When to pull the image.", allowed: ["Always", "Never", "IfNotPresent"]),
        "securityContext": .anyObject("User, capabilities and the like."),
        "terminationMessagePath": .string("File whose content is shown when the container has ended.", fallback: "/dev/termination-log"),
        "terminationMessagePolicy": .string("Where that message comes from.", fallback: "File", allowed: ["File", "FallbackToLogsOnError"]),
        "restartPolicy": .string("Of an init container: Always makes it run beside the others."),
        "stdin": .boolean("Whether there is standard input."),
        "stdinOnce": .boolean("Whether standard input ends with the first who attaches."),
        "tty": .boolean("Whether there is a terminal."),
    ], required: ["name"], "A program with what it needs.")

    static let env = Schema.keyedList(["name"], .openObject([
        "name": .string("Name of the variable."),
        "value": .string("Its value, with other variables in $(NAME)."),
        "valueFrom": .openObject([
            "configMapKeyRef": keyReference("A key of a ConfigMap."),
            "secretKeyRef": keyReference("A key of a Secret."),
            "fieldRef": .atomicObject(["apiVersion": .string(fallback: "v1"), "fieldPath": .string("Such as metadata.name.")], required: ["fieldPath"]),
            "resourceFieldRef": .atomicObject(
                ["containerName": .string(), "resource": .string("Such as limits.cpu."), "divisor": .quantity()], required: ["resource"]),
        ], "Where the value comes from, in place of `value`."),
    ], required: ["name"]), "Environment variables.")

    private static func keyReference(_ description: String) -> Schema {
        .atomicObject([
            "name": .string("Name of the object."), "key": .string("The key."), "optional": .boolean("Whether the object or the key may be missing."),
        ], required: ["key"], description)
    }

    static let resources = Schema.openObject([
        "limits": .quantities("What the container may use at most."),
        "requests": .quantities("What the container is sure to get; its limits where left out."),
        "claims": .keyedList(["name"], .openObject(["name": .string()], required: ["name"]), "Devices that are claimed."),
    ], "CPU, memory and accelerators.")

    private static func probe(_ description: String) -> Schema {
        .openObject([
            "exec": .openObject(["command": .atomicList(.string())], "A command that ends with 0."),
            "httpGet": .openObject([
                "path": .string(), "port": .intOrString("Number or name of a port."), "host": .string(), "scheme": .string(fallback: "HTTP"),
                "httpHeaders": .atomicList(.object(["name": .string(), "value": .string()], required: ["name", "value"])),
            ], required: ["port"], "A request that is answered with 2xx or 3xx."),
            "tcpSocket": .openObject(["port": .intOrString(), "host": .string()], required: ["port"], "A connection that is accepted."),
            "grpc": .openObject(["port": .integer(), "service": .string(fallback: "")], required: ["port"], "A health check by gRPC."),
            "initialDelaySeconds": .integer("Before the first one."),
            "timeoutSeconds": .integer("For each one.", fallback: 1),
            "periodSeconds": .integer("Between two.", fallback: 10),
            "successThreshold": .integer("Successes in a row that count.", fallback: 1),
            "failureThreshold": .integer("Failures in a row that count.", fallback: 3),
            "terminationGracePeriodSeconds": .integer("For the end after a failure.", format: "int64"),
        ], description)
    }
}

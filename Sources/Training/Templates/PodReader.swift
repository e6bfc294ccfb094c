import Core
import Resources
import Tasks

/// Reads a pod, or a pod's template, as a task. What a task cannot be is told with its place, never left out in silence; what only says where a pod would
/// run in a cluster is accepted and stays in the object.
public struct PodReader: Sendable {
    /// What the machine has: what `resourceFieldRef` shows where a container names no limit.
    public struct Capacity: Sendable {
        public var cpuMillis: Int
        public var memoryBytes: Int64
        public init(cpuMillis: Int, memoryBytes: Int64) {
            self.cpuMillis = cpuMillis
            self.memoryBytes = memoryBytes
        }
    }

    let capacity: Capacity
    /// Whether a failed pod is followed by another one, which a `restartPolicy` of `OnFailure` needs.
    let isTemplate: Bool
    /// The place of the pod's own fields, `metadata` and `spec`.
    let root: FieldPath

    var pod: JSON = .null
    var spec: JSON = .null
    var container: JSON = .null
    var task = TaskSpec(image: "")
    var references = TaskReferences()
    var errors: [FieldError] = []

    /// - Parameters:
    ///   - isTemplate: the pod is one of a job's.
    ///   - root: where the pod lies in the document that errors are told of, e.g. `spec.template`.
    public init(capacity: Capacity, isTemplate: Bool = false, root: FieldPath = FieldPath()) {
        self.capacity = capacity
        self.isTemplate = isTemplate
        self.root = root
    }

    var specPath: FieldPath { root.field("spec") }
    var containerPath: FieldPath { specPath.field("containers").index(0) }

    /// - Parameter pod: an object that its kind's schema has accepted.
    /// - Throws: `FieldErrors`.
    public func read(_ pod: JSON) throws(FieldErrors) -> TaskSpec {
        var reader = self
        reader.pod = pod
        reader.spec = pod["spec"] ?? [:]
        reader.readSpec()
        guard reader.errors.isEmpty else { throw FieldErrors(reader.errors) }
        reader.task.references = reader.references == TaskReferences() ? nil : reader.references
        return reader.task
    }

    /// What is wrong with the pod; empty where it can run.
    public func errors(of pod: JSON) -> [FieldError] {
        do {
            _ = try read(pod)
            return []
        } catch { return error.list }
    }

    private mutating func readSpec() {
        refuse(PodFields.refusedInSpec, PodFields.knownInSpec, in: spec, at: specPath)
        readRestartPolicy()
        task.deadlineSeconds = spec["activeDeadlineSeconds"]?.doubleValue
        task.graceSeconds = spec["terminationGracePeriodSeconds"]?.doubleValue ?? 30
        references.withoutToken = spec["automountServiceAccountToken"]?.boolValue == false
        let containers = spec["containers"]?.arrayValue ?? []
        guard let first = containers.first else { return errors.append(.required(specPath.field("containers"), "a pod has a container")) }
        if containers.count > 1 {
            refuse(specPath.field("containers").index(1), "a pod has one container here: sidecars are not supported")
        }
        container = first
        readContainer()
    }

    private mutating func readRestartPolicy() {
        let path = specPath.field("restartPolicy")
        switch spec["restartPolicy"]?.stringValue ?? "Always" {
        case "Never": break
        case "OnFailure" where isTemplate: break
        case "Always" where isTemplate: errors.append(.notSupported(path, "Always", ["OnFailure", "Never"]))
        case let policy:
            errors.append(.invalid(path, .string(policy), "a pod is not restarted here: use Never (kubectl run --restart=Never), or a Job"))
        }
    }

    private mutating func readContainer() {
        refuse(PodFields.refusedInContainer, PodFields.knownInContainer, in: container, at: containerPath)
        if container["securityContext"]?["privileged"]?.boolValue == true {
            refuse(containerPath.field("securityContext").field("privileged"), "tasks have no privileges")
        }
        let image = container["image"]?.stringValue ?? ""
        if image.isEmpty { errors.append(.required(containerPath.field("image"))) }
        let name = container["name"]?.stringValue ?? ""
        for problem in Names.label(name) { errors.append(.invalid(containerPath.field("name"), .string(name), problem)) }
        task.image = image
        task.command = texts(container["command"])
        task.args = texts(container["args"])
        references.expandsVariables = ((task.command ?? []) + (task.args ?? [])).contains { $0.contains("$") }
        if let directory = container["workingDir"]?.stringValue, !directory.isEmpty {
            if !MountPath.isGood(directory) {
                errors.append(.invalid(containerPath.field("workingDir"), .string(directory), "must be an absolute path without `..`"))
            }
            task.workingDirectory = directory
        }
        readResources()
        readEnvironment()
        readVolumes()
    }

    private func texts(_ list: JSON?) -> [String]? {
        guard let items = list?.arrayValue, !items.isEmpty else { return nil }
        return items.compactMap(\.stringValue)
    }

    // MARK: Errors

    mutating func refuse(_ path: FieldPath, _ why: String) { errors.append(FieldError(path, .notSupported, "Unsupported value: \(why)")) }

    /// Tells of the fields that a task cannot have, where they are set to something.
    private mutating func refuse(_ refused: [String: String], _ known: Set<String>, in object: JSON, at path: FieldPath) {
        for (name, value) in object.objectValue ?? [:] where !PodFields.isUnset(value) {
            if let why = refused[name] { refuse(path.field(name), why) } else if !known.contains(name) { refuse(path.field(name), "this field is not supported") }
        }
    }
}

/// What becomes of the fields of a pod's spec.
enum PodFields {
    /// Read, or only of meaning in a cluster.
    static let knownInSpec: Set<String> = [
        "containers", "volumes", "restartPolicy", "activeDeadlineSeconds", "terminationGracePeriodSeconds", "automountServiceAccountToken",
        "serviceAccountName", "serviceAccount", "imagePullSecrets", "nodeName", "nodeSelector", "affinity", "tolerations", "topologySpreadConstraints",
        "schedulerName", "priorityClassName", "priority", "preemptionPolicy", "runtimeClassName", "securityContext", "hostNetwork", "hostUsers",
        "shareProcessNamespace", "hostname", "subdomain", "setHostnameAsFQDN", "dnsPolicy", "dnsConfig", "enableServiceLinks", "readinessGates", "overhead", "os",
    ]
    static let refusedInSpec = [
        "initContainers": "init containers are not supported: do their work in the container's command",
        "ephemeralContainers": "ephemeral containers are not supported",
        "hostPID": "tasks do not see the host's processes",
        "hostIPC": "tasks do not see the host's shared memory",
        "hostAliases": "lines of /etc/hosts cannot be added",
        "schedulingGates": "gates are not supported: create the pod when it may start, or suspend its job",
        "resourceClaims": "devices are asked for by resources.limits",
    ]
    static let knownInContainer: Set<String> = [
        "name", "image", "command", "args", "workingDir", "env", "envFrom", "resources", "volumeMounts", "ports", "imagePullPolicy", "securityContext",
        "terminationMessagePath", "terminationMessagePolicy", "resizePolicy",
    ]
    static let refusedInContainer = [
        "livenessProbe": "probes are not supported", "readinessProbe": "probes are not supported", "startupProbe": "probes are not supported",
        "lifecycle": "hooks are not supported", "volumeDevices": "raw devices are not supported", "stdin": "nobody can attach to a task",
        "stdinOnce": "nobody can attach to a task", "tty": "tasks have no terminal", "restartPolicy": "a single container is not restarted",
    ]

    /// Absent, or what a default says.
    static func isUnset(_ value: JSON) -> Bool {
        switch value {
        case .null, .bool(false), .string(""): true
        case .array(let items): items.isEmpty
        case .object(let members): members.isEmpty
        default: false
        }
    }
}

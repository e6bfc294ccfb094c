import Core

/// A driver that runs tasks somewhere: local processes, Podman, Slurm, Kubernetes. Every method may be called
/// again after a server restart with the same task; none starts a task twice.
public protocol Executor: Sendable {
    /// `process`, `podman`, …
    var name: String { get }

    /// What this executor can give, and how strongly it isolates.
    func capabilities() -> ExecutorCapabilities

    /// Everything slow before the start: the environment (built on first need, its build log goes to the task's
    /// log), the private root and the input files. May be run again. Where its Swift task is cancelled it ends soon, by
    /// throwing; what other tasks wait for too goes on.
    /// - Throws: `failedPrecondition` where the image maps to no environment (the hint says how to map it).
    func prepare(_ task: TaskLaunch) async throws

    /// Starts the task once, whatever the number of calls: a second call finds the first's process.
    func start(_ task: TaskLaunch) async throws -> TaskHandle

    /// The handle of a task that an earlier server process started; nil where it was never started.
    func recover(taskID: String) throws -> TaskHandle?

    /// Returns when the task has ended, at once where it already has. `lost` where no trace of its end can exist.
    func wait(_ handle: TaskHandle) async -> TaskExit

    /// Asks the task to end (SIGTERM), and ends it after the spec's grace time. Returns at once.
    func stop(_ handle: TaskHandle)

    /// Reads the declared outputs of an ended task.
    /// - Throws: `failedPrecondition` naming the output whose file is missing; `payloadTooLarge` for a parameter over the limit.
    func collect(_ task: TaskLaunch) async throws -> [String: CollectedOutput]

    /// Removes the private root; the log stays.
    func cleanUp(taskID: String)

    /// The file that holds the task's log; it may not exist yet.
    func logPath(taskID: String) -> String

    /// The weight of a namespace's tasks, running ones too, among those of the others: 1 where never set. Returns at once.
    func setWeight(_ weight: Int, namespace: String)

    /// Starts a further process in the sandbox of a task that runs, with no more rights than the task itself.
    /// - Throws: `failedPrecondition` where the task does not run; `invalidArgument` for a command that is too long; `resourceExhausted` where
    ///   too many sessions are open; `unimplemented` where the executor has none.
    func openSession(taskID: String, _ request: SessionRequest) async throws -> any TaskSession
}

extension Executor {
    public func setWeight(_ weight: Int, namespace: String) {}

    public func openSession(taskID: String, _ request: SessionRequest) async throws -> any TaskSession {
        throw MonoflowError(.unimplemented, "open session", taskID, "the executor \(name) starts no further processes in a task")
    }
}

/// One start of a task: the durable spec and what only this start knows.
public struct TaskLaunch: Sendable {
    public var id: String
    public var namespace: String
    public var spec: TaskSpec
    /// Bearer token of the task's service account, placed at the Kubernetes in-cluster path and never stored.
    public var serviceToken: String?
    /// Base URL of this server as the task reaches it, e.g. `http://127.0.0.1:8080`.
    public var serverURL: String?
    /// Whether its namespace lets it reach what is outside the namespace's own network.
    public var allowsEgress: Bool
    public init(id: String, namespace: String, spec: TaskSpec, serviceToken: String? = nil, serverURL: String? = nil, allowsEgress: Bool = true) {
        self.id = id
        self.namespace = namespace
        self.spec = spec
        self.serviceToken = serviceToken
        self.serverURL = serverURL
        self.allowsEgress = allowsEgress
    }
}

/// Names a started task for this and later server processes.
public struct TaskHandle: Codable, Sendable, Equatable {
    public var taskID: String
    /// Linux boot id: a different one now means that the task ended with that boot.
    public var bootID: String
    /// The supervisor's process id and its start time in clock ticks since boot (field 22 of /proc/PID/stat).
    public var pid: Int32
    public var startTicks: UInt64
    public init(taskID: String, bootID: String, pid: Int32, startTicks: UInt64) {
        self.taskID = taskID
        self.bootID = bootID
        self.pid = pid
        self.startTicks = startTicks
    }
}

public struct ExecutorCapabilities: Sendable, Equatable {
    public var cpuMillis: Int
    public var memoryBytes: Int64
    public var gpus: Int
    public var isolation: IsolationLevel
    public var control: ResourceControl
    public init(cpuMillis: Int, memoryBytes: Int64, gpus: Int, isolation: IsolationLevel, control: ResourceControl = .init()) {
        self.cpuMillis = cpuMillis
        self.memoryBytes = memoryBytes
        self.gpus = gpus
        self.isolation = isolation
        self.control = control
    }
}

/// What an executor holds tasks to while they run, beside what admission counts.
public struct ResourceControl: Sendable, Equatable {
    /// The version of Linux' control groups that serve for it; nil where none can be made.
    public var cgroupVersion: Int?
    /// Running tasks share the cores by the weights of their namespaces.
    public var cpuWeights: Bool
    /// `cpuLimitMillis` is held.
    public var cpuLimits: Bool
    /// `memoryLimitBytes` is held for a task as a whole; else for each of its processes' data.
    public var memoryLimits: Bool
    public init(cgroupVersion: Int? = nil, cpuWeights: Bool = false, cpuLimits: Bool = false, memoryLimits: Bool = false) {
        self.cgroupVersion = cgroupVersion
        self.cpuWeights = cpuWeights
        self.cpuLimits = cpuLimits
        self.memoryLimits = memoryLimits
    }
}

/// The isolation ladder of docs/THREAT-MODEL.md, strongest first.
public enum IsolationLevel: String, Codable, Sendable, CaseIterable {
    /// Bubblewrap, and a Unix user per Monoflow namespace (the server is root).
    case sandboxWithUserPerNamespace
    /// Bubblewrap in an unprivileged user namespace, as the server's own user.
    case sandbox
    /// Landlock and a filter of system calls instead of a sandbox, and a Unix user per Monoflow namespace: the server is root where neither
    /// mounts nor user namespaces are allowed, as in many containers.
    case restricted
    /// Plain processes of the server's user.
    case none

    /// One line for the start message and the dashboard.
    public var summary: String {
        switch self {
        case .sandboxWithUserPerNamespace: "1: bubblewrap sandbox, one Unix user per namespace"
        case .sandbox: "2: bubblewrap sandbox, unprivileged"
        case .restricted: "3: access to files restricted by Landlock, one Unix user per namespace; processes of others are seen"
        case .none: "none: plain processes without a sandbox"
        }
    }
}

public enum CollectedOutput: Sendable, Equatable {
    case parameter(String)
    case artifact(digest: String, bytes: Int64, isDirectory: Bool)
}

import Artifacts
import Core
import Dispatch
import Foundation
import Logging
import Processes
import Synchronization
import Tasks

/// How the process executor is set up; `App` fills it in.
public struct ProcessExecutorOptions: Sendable {
    /// The server's data directory. Tasks lie in `tasks/`, environments in `environments/`.
    public var dataDirectory: String
    /// Absolute path of `monoflow-step`.
    public var stepProgram: String
    /// The image table's YAML file; it need not exist.
    public var environmentsFile: String?
    /// Run tasks without a sandbox where none works. Never by default.
    public var allowWeakIsolation = false
    /// Leaves out what is stronger than this; nil takes the strongest that works.
    public var strongestIsolation: IsolationLevel?
    /// Which network tasks get.
    public var network = StepNetwork.host
    /// The first of the Unix user ids that namespaces get. The host should know none from there on.
    public var firstUserID: UInt32 = 200_000
    /// The server's own variables: PATH and HOME to find tools, proxies and package indexes for builds.
    public var hostEnvironment: [String: String] = ProcessInfo.processInfo.environment

    public init(dataDirectory: String, stepProgram: String, environmentsFile: String? = nil, allowWeakIsolation: Bool = false) {
        self.dataDirectory = dataDirectory
        self.stepProgram = stepProgram
        self.environmentsFile = environmentsFile
        self.allowWeakIsolation = allowWeakIsolation
    }
}

/// Runs tasks as sandboxed processes of this machine. Each has a supervisor that outlives the server; what it knows
/// is in the task's directory: `claim` before the start, `log` meanwhile, `exit` after the end, `root` the files.
public final class ProcessExecutor: Executor {
    public let name = "process"
    /// What images mean here.
    public let table: EnvironmentTable
    /// How tasks are isolated, and why not more strongly, for the start message.
    public let mode: SandboxMode
    public let isolationNotes: [String]

    let options: ProcessExecutorOptions
    let host: HostView
    let users: NamespaceUsers
    let supervisor: Supervisor
    let environments: ManagedEnvironments
    let planner: EnvironmentPlanner
    let cgroups: Cgroups
    /// Of namespaces; 1 for those that are not here.
    private let weights = Mutex<[String: Int]>([:])
    let networks: NamespaceNetworks
    let canOverlay: Bool
    let blobs: BlobStore
    let clock: WallClock
    /// As the machine was at the start; routes that are answered on event loops ask for it.
    private let machine: ExecutorCapabilities
    let removal: TreeRemoval
    let roots: RootPool
    let files: BlockingQueue
    let sessions = OpenSessions()
    private let live = Mutex<[String: (handle: TaskHandle, end: ProcessEnd)]>([:])

    /// Finds out how this machine isolates, by trying.
    /// - Throws: `failedPrecondition` where no sandbox works and weak isolation is not allowed; `invalidArgument` for
    ///   an image table that cannot be read.
    public static func open(
        _ options: ProcessExecutorOptions, blobs: BlobStore, clock: WallClock = .system, logger: Logger
    ) async throws -> ProcessExecutor {
        var options = options
        // Sandboxes and environments hold the path, so it must be the one and only.
        try Files.makeDirectory(options.dataDirectory)
        options.dataDirectory = Executables.realPath(options.dataDirectory) ?? options.dataDirectory
        guard Executables.isNativeProgram(options.stepProgram) else {
            throw MonoflowError(
                .failedPrecondition, "start process executor", options.stepProgram, "monoflow-step is not there", hint: "it is built beside the server: `swift build`")
        }
        let data = options.dataDirectory
        for part in ["tasks", "probe", "environments"] { try Files.makeDirectory("\(data)/\(part)") }
        let queue = DispatchQueue(label: "monoflow.tasks")
        let supervisor = try Supervisor(program: options.stepProgram, queue: queue)
        let host = HostView(
            etc: try HostEtc(parent: data + "/host"), nameServers: options.network == .host ? "/etc/resolv.conf" : NameServers.file)
        options.firstUserID = UserRange.first(preferred: options.firstUserID)
        let users = try NamespaceUsers(path: data + "/namespace-users.json", first: options.firstUserID)
        let bubblewrap = Executables.find("bwrap", path: (options.hostEnvironment["PATH"] ?? "") + ":/usr/local/bin:/usr/bin:/bin")
        let finding = try await SandboxProbe(
            supervisor: supervisor, host: host, directory: data + "/probe", bubblewrap: bubblewrap, builder: users.builder
        ).run(strongest: options.strongestIsolation)
        guard finding.mode.level != .none || options.allowWeakIsolation else {
            throw MonoflowError(
                .failedPrecondition, "start process executor", "sandbox", finding.reasons.joined(separator: "; "),
                hint: "install bubblewrap (apt-get install bubblewrap), allow user namespaces, or start with --allow-weak-isolation")
        }
        if finding.mode.level == .restricted { for part in ["", "/tasks", "/environments"] { try PathAccess.allow(data + part) } }
        let files = BlockingQueue(label: "monoflow.tasks.files", width: 8)
        let networks = try await files.run { [options] in
            try NamespaceNetworks.open(
                options.network, mode: finding.mode, dataDirectory: data, searchPath: options.hostEnvironment["PATH"] ?? "",
                supervisor: supervisor, files: files)
        }
        return try ProcessExecutor(
            options, finding: finding, supervisor: supervisor, host: host, users: users, networks: networks, files: files, blobs: blobs, clock: clock, logger: logger)
    }

    private init(
        _ options: ProcessExecutorOptions, finding: SandboxProbe.Finding, supervisor: Supervisor, host: HostView, users: NamespaceUsers,
        networks: NamespaceNetworks, files: BlockingQueue, blobs: BlobStore, clock: WallClock, logger: Logger
    ) throws {
        self.options = options
        self.supervisor = supervisor
        self.host = host
        self.users = users
        self.blobs = blobs
        self.clock = clock
        mode = finding.mode
        cgroups = Cgroups.detect()
        machine = Self.machine(finding.mode.level, cgroups.control)
        isolationNotes = finding.reasons + networks.reasons
        self.networks = networks
        // The overlay's options are one text with commas and colons in it.
        canOverlay = finding.canOverlay && !options.dataDirectory.contains { ",:\\".contains($0) }
        self.files = files
        table = try EnvironmentTable.load(file: options.environmentsFile)
        let environmentsDirectory = options.dataDirectory + "/environments"
        planner = EnvironmentPlanner(
            table: table,
            // At level 3 nothing is mounted: the task's user opens the interpreter where it is.
            interpreters: PythonInterpreters(
                searchPath: options.hostEnvironment["PATH"] ?? "", home: options.hostEnvironment["HOME"] ?? "/root", forEveryone: mode.level == .restricted),
            directory: environmentsDirectory)
        environments = try ManagedEnvironments(
            .init(directory: environmentsDirectory, mode: mode, canOverlay: canOverlay, builder: users.builder, hostEnvironment: options.hostEnvironment),
            supervisor: supervisor, host: host, files: files, logger: logger)
        removal = try TreeRemoval(trash: options.dataDirectory + "/tasks/.trash")
        // What an earlier process kept is not known to be clean.
        removal.discard(options.dataDirectory + "/tasks/.roots")
        roots = try RootPool(directory: options.dataDirectory + "/tasks/.roots")
        files.later { [removal] in removal.empty() }
    }

    public func capabilities() -> ExecutorCapabilities { machine }

    public func setWeight(_ weight: Int, namespace: String) {
        weights.withLock { $0[namespace] = weight == 1 ? nil : weight }
        cgroups.setWeight(weight, namespace: namespace)
    }

    func weight(of namespace: String) -> Int { weights.withLock { $0[namespace] ?? 1 } }

    /// Which network tasks have on this machine.
    public var network: NetworkMode { networks.mode }

    /// Lets the network of a namespace that was deleted go: it ends with the last of its tasks.
    public func releaseNetwork(of namespace: String) async { await networks.release(namespace) }

    // ---- places ----

    /// - Throws: `invalidArgument` for an id that is no file name.
    func directory(_ taskID: String) throws(MonoflowError) -> String {
        guard taskID.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,127}/) != nil else {
            throw MonoflowError(.invalidArgument, "find task", taskID, "not a task id")
        }
        return options.dataDirectory + "/tasks/" + taskID
    }

    public func logPath(taskID: String) -> String { options.dataDirectory + "/tasks/\(taskID)/log" }

    // ---- start ----

    public func start(_ task: TaskLaunch) async throws -> TaskHandle {
        let directory = try directory(task.id)
        if let known = live.withLock({ $0[task.id]?.handle }) { return known }
        if let earlier = try recover(taskID: task.id) { return earlier }
        let launch = try launch(task, directory: directory, network: try await network(of: task))
        let (identity, end) = try supervisor.start(launch)
        let handle = TaskHandle(taskID: task.id, identity)
        live.withLock { $0[task.id] = (handle, end) }
        return handle
    }

    public func recover(taskID: String) throws -> TaskHandle? {
        try supervisor.claimed(try directory(taskID)).map { TaskHandle(taskID: taskID, $0) }
    }

    /// Of a task that was started, also one whose supervisor has not claimed it yet.
    func handle(of taskID: String) throws -> TaskHandle? { try live.withLock { $0[taskID]?.handle } ?? recover(taskID: taskID) }

    // ---- end ----

    public func wait(_ handle: TaskHandle) async -> TaskExit {
        guard let directory = try? directory(handle.taskID) else { return lost("not a task id") }
        var handle = handle
        // A supervisor that came second ends at once; the one that holds the claim is the one to wait for.
        while true {
            if let exit = readExit(directory) { return exit }
            guard handle.bootID == supervisor.bootID else { return lost("the machine was restarted while the task ran") }
            do {
                if let end = try watch(handle) { await end.wait() }
            } catch {
                // No descriptor is free; the process may well be alive.
                try? await Task.sleep(for: .seconds(1))
                continue
            }
            live.withLock { if $0[handle.taskID]?.handle == handle { $0[handle.taskID] = nil } }
            if let exit = readExit(directory) { return exit }
            guard let claim = try? recover(taskID: handle.taskID), claim != handle else {
                return lost("the task's supervisor was ended and left no exit status")
            }
            handle = claim
        }
    }

    public func stop(_ handle: TaskHandle) {
        let claimed = (try? recover(taskID: handle.taskID)) ?? handle
        for candidate in claimed == handle ? [handle] : [handle, claimed] { (try? watch(candidate))?.signal(SIGTERM) }
    }

    /// nil where the process is gone.
    private func watch(_ handle: TaskHandle) throws(MonoflowError) -> ProcessEnd? {
        if let known = live.withLock({ $0[handle.taskID] }), known.handle == handle { return known.end }
        guard let end = try supervisor.watch(handle.identity) else { return nil }
        return live.withLock { live in
            // Somebody else may have come first: one watcher a process is enough.
            if let known = live[handle.taskID], known.handle == handle { return known.end }
            live[handle.taskID] = (handle, end)
            return end
        }
    }

    private func readExit(_ directory: String) -> TaskExit? {
        (try? StepRecord(path: directory + "/exit"))?.flatMap { $0.exit }
    }

    private func lost(_ message: String) -> TaskExit {
        TaskExit(reason: .lost, code: nil, startedAt: nil, finishedAt: clock.now(), message: message)
    }

    public func collect(_ task: TaskLaunch) async throws -> [String: CollectedOutput] {
        let collector = OutputCollector(root: try directory(task.id) + "/root", blobs: blobs)
        let outputs = task.spec.outputs
        return outputs.isEmpty ? [:] : try await files.run { try collector.collect(outputs) }
    }

    /// Removes the private roots that a crash has left: of every task but those that are alive.
    public func discardRoots(except alive: Set<String>) {
        for id in (try? FileManager.default.contentsOfDirectory(atPath: options.dataDirectory + "/tasks")) ?? [] where !alive.contains(id) && !id.hasPrefix(".") {
            cleanUp(taskID: id)
        }
    }

    public func cleanUp(taskID: String) {
        guard let directory = try? directory(taskID) else { return }
        let parts = roots.giveBack(taskID: taskID, path: directory + "/root") ? ["overlay"] : ["root", "overlay"]
        let removed = parts.map { removal.discard(directory + "/" + $0) }
        if removed.contains(true) { files.later { [removal] in removal.empty() } }
    }

    /// Throws away what an earlier, unfinished preparation left.
    func discardRoot(_ directory: String) { for part in ["root", "overlay"] { removal.discard(directory + "/" + part) } }
}

extension TaskHandle {
    init(taskID: String, _ identity: ProcessIdentity) {
        self.init(taskID: taskID, bootID: identity.bootID, pid: identity.pid, startTicks: identity.startTicks)
    }

    var identity: ProcessIdentity { ProcessIdentity(bootID: bootID, pid: pid, startTicks: startTicks) }
}

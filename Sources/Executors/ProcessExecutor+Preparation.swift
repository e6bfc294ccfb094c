import Artifacts
import Core
import Foundation
import Tasks

extension ProcessExecutor {
    public func prepare(_ task: TaskLaunch) async throws {
        let directory = try directory(task.id)
        let plan = try await files.run { try self.planner.plan(task.spec) }
        // What runs, or ran, is not touched.
        if try recover(taskID: task.id) != nil { return }
        try Files.makeDirectory(directory)
        if mode.level == .restricted { try PathAccess.allow(directory) }
        let log = logPath(taskID: task.id)
        truncate(log, 0)
        if let notice = plan.notice { try LogFollower.append(notice + "\n", to: log) }
        if let python = plan.python { try await environments.ensure(python, log: log) }
        let sandbox = try sandbox(task, plan, directory: directory)
        try await files.run { try self.fillRoot(task, plan, sandbox, directory: directory) }
    }

    private func fillRoot(_ task: TaskLaunch, _ plan: EnvironmentPlan, _ sandbox: Sandbox, directory: String) throws {
        discardRoot(directory)
        let root = try emptyRoot(task, sandbox)
        let blocked = mode.hasOwnRoot ? sandbox.readOnlyTargets : []
        try placeVolumes(task, root, sandbox)
        for input in task.spec.inputs { try root.place(input, blobs: blobs, blocked: blocked) }
        for output in task.spec.outputs {
            let path = try SandboxPath.normalize(output.path, "output \(output.name)")
            if let shown = blocked.first(where: { SandboxPath.isInside(path, $0) }) {
                throw MonoflowError(.failedPrecondition, "place output", "\(output.name) at \(path)", "\(shown) shows the host's files read-only in a task")
            }
            try root.makeDirectory(SandboxPath.parent(path))
        }
        if let token = task.serviceToken {
            try root.write(Array(token.utf8), to: RootTemplate.serviceAccount + "/token", mode: 0o600)
            try root.write(Array(task.namespace.utf8), to: RootTemplate.serviceAccount + "/namespace")
        }
        // An image's working directory may be one that only the image has.
        if !blocked.contains(where: { SandboxPath.isInside(sandbox.workingDirectory, $0) }) { try root.makeDirectory(sandbox.workingDirectory) }
        guard layer(plan) != nil else { return }
        for part in ["upper", "work"] { try Files.makeDirectory("\(directory)/overlay/\(part)", mode: 0o755) }
        // The layer's own root is the environment's as the task sees it.
        guard chmod(directory + "/overlay/upper", 0o777) == 0 else { throw Files.failure("change mode", directory) }
    }

    /// A clean root that another task of the namespace gave back, else a new one.
    private func emptyRoot(_ task: TaskLaunch, _ sandbox: Sandbox) throws -> TaskRoot {
        // Without a sandbox a process of the last task may still be there.
        guard mode.hasOwnRoot else { return try RootTemplate(host: host, mode: mode).make(path: sandbox.root, sandbox: sandbox) }
        let kind = RootPool.Kind(namespace: task.namespace, owner: sandbox.owner.uid, mountPoints: sandbox.mountPoints, stamps: Self.nameResolutionStamps())
        if roots.take(kind, for: task.id, to: sandbox.root) { return try TaskRoot(path: sandbox.root, owner: sandbox.owner) }
        let root = try RootTemplate(host: host, mode: mode).make(path: sandbox.root, sandbox: sandbox)
        roots.made(kind, for: task.id, at: sandbox.root)
        return root
    }

    /// A root made before the network changed has the old name servers.
    private static func nameResolutionStamps() -> [Int] {
        ["/etc/resolv.conf", "/etc/hosts"].flatMap { path -> [Int] in
            var info = stat()
            return stat(path, &info) == 0 ? [info.st_mtim.tv_sec, info.st_mtim.tv_nsec] : [0, 0]
        }
    }

    /// The directory that a task gets a writable layer over, so that its own `pip install` works.
    private func layer(_ plan: EnvironmentPlan) -> String? { canOverlay ? plan.python?.venv : nil }

    private func sandbox(_ task: TaskLaunch, _ plan: EnvironmentPlan, directory: String) throws(MonoflowError) -> Sandbox {
        var sandbox = Sandbox(mode: mode, program: options.stepProgram, root: directory + "/root", host: host)
        sandbox.owner = mode.hasOwnUser ? try users.user(of: task.namespace) : .own
        do { sandbox.etc = try host.etc?.snapshot() } catch { throw MonoflowError.wrap(error, "start task", task.id) }
        sandbox.binds = plan.binds
        if let python = plan.python { sandbox.binds.append(.init(python.venv, isWritable: canOverlay)) }
        sandbox.hidden = [options.dataDirectory]
        sandbox.binds += try volumeBinds(task)
        sandbox.network = task.spec.network
        sandbox.devices = task.spec.resources.gpus > 0 ? Self.gpuDevices() : []
        if let path = task.spec.workingDirectory ?? plan.workingDirectory, path != "/" {
            sandbox.workingDirectory = try SandboxPath.normalize(path, "working directory")
        }
        let limit = task.spec.resources.memoryLimitBytes
        if limit > 0 && !cgroups.holdsMemory { sandbox.dataLimit = limit }
        return sandbox
    }

    /// The network that a task enters; nil where it has the host's, or one for itself alone.
    /// - Throws: `failedPrecondition` where its namespace asks for what this machine does not have: never weaker in silence.
    func network(of task: TaskLaunch) async throws -> NetworkJoin? {
        guard task.spec.network else {
            guard mode.hasOwnRoot else { throw withoutNetwork(task, "steps have no sandbox here, so their network cannot be switched off") }
            return nil
        }
        guard networks.mode.kind == .namespace || !task.allowsEgress else { return nil }
        guard networks.mode.canSeparate else { throw withoutNetwork(task, "network namespaces cannot be made here, so the way outside cannot be closed") }
        let port = task.serverURL.flatMap { URL(string: $0)?.port } ?? 8080
        let index = try users.user(of: task.namespace).uid - options.firstUserID
        return try await networks.join(task.namespace, index: index, port: port, egress: task.allowsEgress)
    }

    private func withoutNetwork(_ task: TaskLaunch, _ why: String) -> MonoflowError {
        MonoflowError(.failedPrecondition, "start task", task.id, why, hint: "change the network setting of the namespace \(task.namespace)")
    }

    /// - Parameter network: what `network(of:)` found.
    func launch(_ task: TaskLaunch, directory: String, network: NetworkJoin? = nil) throws(MonoflowError) -> Supervisor.Launch {
        let plan = try planner.plan(task.spec)
        let sandbox = try sandbox(task, plan, directory: directory)
        var line = plan.commandLine
        var variables = variables(task, plan, serverURL: network?.serverURL ?? task.serverURL)
        if !mode.hasOwnRoot {
            if !variables.contains(where: { $0.name == "TMPDIR" }) { variables.append(.init("TMPDIR", sandbox.root + "/tmp")) }
            let paths = task.spec.inputs.map(\.path) + (task.spec.references?.mounts ?? []).map(\.path) + task.spec.outputs.map(\.path) + [RootTemplate.serviceAccount, "/root"]
            line = line.map { SandboxPath.redirect($0, paths: paths, root: sandbox.root) }
            variables = variables.map { .init($0.name, $0.name == "PATH" ? $0.value : SandboxPath.redirect($0.value, paths: paths, root: sandbox.root)) }
        }
        return Supervisor.Launch(
            directory: directory, log: logPath(taskID: task.id), deadlineSeconds: task.spec.deadlineSeconds, graceSeconds: task.spec.graceSeconds,
            cgroups: cgroups.make(taskID: task.id, namespace: task.namespace, weight: weight(of: task.namespace), resources: task.spec.resources),
            overlay: layer(plan), network: network, command: sandbox.commandLine(line), environment: variables)
    }

    /// The image's, then the server's, then the task's: a later one of the same name wins.
    private func variables(_ task: TaskLaunch, _ plan: EnvironmentPlan, serverURL: String?) -> [EnvironmentVariable] {
        var all = plan.variables
        if let url = serverURL { all += [.init("MONOFLOW_SERVER", url), .init("KF_PIPELINES_ENDPOINT", url)] }
        if task.serviceToken != nil { all.append(.init("KF_PIPELINES_SA_TOKEN_PATH", RootTemplate.serviceAccount + "/token")) }
        all += task.spec.env
        var last: [String: Int] = [:]
        for (index, variable) in all.enumerated() { last[variable.name] = index }
        return all.enumerated().filter { last[$0.element.name] == $0.offset }.map(\.element)
    }

    static func gpuDevices() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/dev")) ?? []
        return names.filter { $0.wholeMatch(of: /nvidia([0-9]+|ctl|-uvm|-uvm-tools|-modeset)/) != nil }.sorted().map { "/dev/" + $0 }
    }

    /// Looks at the machine, which takes milliseconds.
    static func machine(_ isolation: IsolationLevel, _ control: ResourceControl) -> ExecutorCapabilities {
        let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let memory = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
        let gpus = Self.gpuDevices().filter { $0.wholeMatch(of: /\/dev\/nvidia[0-9]+/) != nil }.count
        return ExecutorCapabilities(cpuMillis: cores * 1000, memoryBytes: memory, gpus: gpus, isolation: isolation, control: control)
    }
}

import Artifacts
import Core
import Foundation
import Logging
import Processes
import Synchronization
import Tasks

/// Managed Python environments under one directory: each is built once, then shared read-only by every task that
/// asks for the same packages. Only one with the `ready` file is whole.
final class ManagedEnvironments: Sendable {
    struct Configuration: Sendable {
        var directory: String
        var mode: SandboxMode
        var canOverlay: Bool
        var builder: FileOwner
        var hostEnvironment: [String: String]
        /// A build that takes longer is ended.
        var timeoutSeconds: Double = 1800
    }

    private let configuration: Configuration
    private let supervisor: Supervisor
    private let host: HostView
    private let files: BlockingQueue
    private let logger: Logger
    private let builds = Mutex<[String: Task<Void, any Error>]>([:])

    init(_ configuration: Configuration, supervisor: Supervisor, host: HostView, files: BlockingQueue, logger: Logger) throws(MonoflowError) {
        self.configuration = configuration
        self.supervisor = supervisor
        self.host = host
        self.files = files
        self.logger = logger
        // Environments are open to writing for their layers; this keeps the host's other users out.
        try Files.makeDirectory(configuration.directory, mode: 0o700)
    }

    static func isReady(_ plan: PythonPlan) -> Bool { Files.exists(plan.ready) && Files.exists(plan.venv + "/bin/python") }

    /// Builds the environment unless it is there; a build that runs already is joined.
    /// - Parameter log: the file that the build's output is added to while this waits.
    /// - Throws: `failedPrecondition` with the last lines of the build's log.
    func ensure(_ plan: PythonPlan, log: String) async throws {
        if Self.isReady(plan) { return }
        let build = builds.withLock { builds in
            if let running = builds[plan.key] { return running }
            let task = Task { try await self.buildOnce(plan) }
            builds[plan.key] = task
            return task
        }
        try LogFollower.append("monoflow: building the environment \(plan.key): \(plan.summary)\n", to: log)
        let follower = LogFollower(from: plan.buildLog, to: log)
        do {
            try await follower.follow { try await SharedWork.value(of: build) }
        } catch is CancellationError {
            try LogFollower.append("monoflow: stopped while the environment was being built; the build goes on for later steps\n", to: log)
            throw CancellationError()
        } catch {
            try LogFollower.append("monoflow: \(MonoflowError.wrap(error, "build environment", plan.key))\n", to: log)
            throw error
        }
        try LogFollower.append("monoflow: the environment is ready\n", to: log)
    }

    private func buildOnce(_ plan: PythonPlan) async throws {
        defer { builds.withLock { $0[plan.key] = nil } }
        if Self.isReady(plan) { return }
        var exit = try await runningBuild(plan)
        if exit == nil { exit = try await startBuild(plan) }
        guard let exit, exit.succeeded else {
            let text = (try? Self.tail(plan.buildLog)) ?? ""
            throw MonoflowError(
                .failedPrecondition, "build environment", plan.summary, (exit?.message ?? "") + (text.isEmpty ? "" : ": " + text), hint: "the whole log is \(plan.buildLog)")
        }
        try await files.run { try Self.publish(plan) }
        logger.info("environment ready", metadata: ["key": "\(plan.key)", "packages": "\(plan.summary)"])
    }

    /// The end of a build that an earlier server process started and that still runs; nil where there is none.
    private func runningBuild(_ plan: PythonPlan) async throws -> TaskExit? {
        guard let claim = try supervisor.claimed(plan.directory), let end = try supervisor.watch(claim) else { return nil }
        await end.wait()
        return try StepRecord(path: plan.directory + "/exit")?.exit
    }

    private func startBuild(_ plan: PythonPlan) async throws -> TaskExit {
        let launch = try await files.run { try self.launch(plan) }
        logger.info("building environment", metadata: ["key": "\(plan.key)", "packages": "\(plan.summary)"])
        await (try supervisor.start(launch)).1.wait()
        guard let exit = try StepRecord(path: plan.directory + "/exit")?.exit else {
            throw MonoflowError(.unavailable, "build environment", plan.summary, "the build was ended from outside")
        }
        return exit
    }

    private func launch(_ plan: PythonPlan) throws -> Supervisor.Launch {
        let removal = try TreeRemoval(trash: configuration.directory + "/trash")
        removal.discard(plan.directory)
        removal.empty()
        try Files.makeDirectory(plan.directory, mode: 0o755)
        let cache = configuration.directory + "/cache"
        for path in [plan.venv, cache, cache + "/uv", cache + "/pip"] {
            try Files.makeDirectory(path, mode: 0o755)
            chmod(path, 0o755)
            if configuration.mode.hasOwnUser { chown(path, configuration.builder.uid, configuration.builder.gid) }
        }
        let isUserPerNamespace = configuration.mode.hasOwnUser
        // A user of the namespace's own may not get into the home directory of whom tools were installed for.
        let uv = findUV(plan.interpreter).flatMap { configuration.mode.level != .restricted || SandboxPath.isInside($0, "/usr") ? $0 : nil }
        let hasPathInside = !configuration.mode.hasOwnRoot || (uv.map { SandboxPath.isInside($0, "/usr") } ?? true)
        let build = EnvironmentBuild(
            plan: plan, uv: hasPathInside ? uv : uv.map { _ in "/opt/uv" }, cache: cache, opensDirectories: configuration.canOverlay,
            root: configuration.mode.hasOwnRoot ? "" : plan.directory + "/root", hostEnvironment: configuration.hostEnvironment)
        var sandbox = Sandbox(
            mode: configuration.mode, program: supervisor.program, root: plan.directory + "/root", host: host,
            owner: isUserPerNamespace ? configuration.builder : .own)
        sandbox.etc = try host.etc?.snapshot()
        sandbox.binds = [.init(plan.venv, isWritable: true), .init(cache, isWritable: true)] + build.packageDirectories.map { .init($0) }
        if let uv, !hasPathInside { sandbox.binds.append(.init(uv, "/opt/uv")) }
        if !SandboxPath.isInside(plan.interpreter.basePrefix, "/usr") { sandbox.binds.append(.init(plan.interpreter.basePrefix)) }
        _ = try RootTemplate(host: host, mode: configuration.mode).make(path: sandbox.root, sandbox: sandbox)
        return Supervisor.Launch(
            directory: plan.directory, log: plan.buildLog, logLimit: 16 << 20, deadlineSeconds: configuration.timeoutSeconds, graceSeconds: 1,
            command: sandbox.commandLine(build.commandLine), environment: build.variables)
    }

    private func findUV(_ interpreter: PythonInterpreter) -> String? {
        let home = configuration.hostEnvironment["HOME"] ?? "/root"
        let path = (configuration.hostEnvironment["PATH"] ?? "") + ":\(interpreter.basePrefix)/bin:\(home)/.local/bin:\(home)/.cargo/bin"
        return Executables.all("uv", path: path).compactMap(Executables.realPath).first(where: Executables.isNativeProgram)
    }

    /// The build has synced its files, so everything is on disk before the mark that says so.
    private static func publish(_ plan: PythonPlan) throws {
        let removal = try TreeRemoval(trash: SandboxPath.parent(plan.directory) + "/trash")
        removal.discard(plan.directory + "/root")
        removal.empty()
        try Files.writeAtomically(Array((plan.summary + "\n").utf8), to: plan.ready, mode: 0o644)
        for name in ["claim", "exit"] { unlink(plan.directory + "/" + name) }
    }

    private static func tail(_ path: String) throws -> String {
        let lines = String(decoding: try Files.read(path, limit: 32 << 20), as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.suffix(8).map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " | ")
    }
}

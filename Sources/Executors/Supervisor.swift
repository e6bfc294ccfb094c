import CLinux
import Core
import Dispatch
import Foundation
import Processes
import Tasks

/// Starts and finds again the `monoflow-step` processes that watch tasks and environment builds. All state is in the
/// directory that each was given.
struct Supervisor: Sendable {
    /// Absolute path of `monoflow-step`.
    let program: String
    let bootID: String
    let queue: DispatchQueue

    struct Launch {
        var directory: String
        var log: String
        var logLimit = TaskLimits.logBytes
        var deadlineSeconds: Double?
        var graceSeconds: Double = 10
        var cgroups: [String] = []
        /// A directory that the command may write to, with what it writes kept apart under `directory/overlay`.
        var overlay: String?
        /// The network that the command enters; nil leaves it in the server's.
        var network: NetworkJoin?
        /// The sandbox's command line, which ends in `monoflow-step init`.
        var command: [String]
        var environment: [EnvironmentVariable]
    }

    init(program: String, queue: DispatchQueue) throws(MonoflowError) {
        self.program = program
        self.queue = queue
        bootID = try ProcessIdentity.currentBootID()
    }

    /// Returns as soon as the supervisor runs. It ends at once where the directory was claimed before.
    func start(_ launch: Launch) throws(MonoflowError) -> (ProcessIdentity, ProcessEnd) {
        var arguments = [program, "run", "--dir", launch.directory, "--log", launch.log, "--log-limit", "\(launch.logLimit)"]
        if let deadline = launch.deadlineSeconds { arguments += ["--deadline", "\(deadline)"] }
        arguments += ["--grace", "\(launch.graceSeconds)"]
        for group in launch.cgroups { arguments += ["--cgroup", group] }
        if let overlay = launch.overlay { arguments += ["--overlay", overlay] }
        if let network = launch.network { arguments += ["--network", network.place, "--network-lock", network.lock] }
        arguments += ["--"] + launch.command

        let environment = try Self.environmentFile(launch.environment)
        defer { close(environment) }
        let pid = try Spawn.start(arguments, descriptors: [3: environment], ownSession: true, blocking: [SIGTERM, SIGINT])
        // The child is not reaped before it is watched, so it has its entry in /proc even if it has ended.
        guard let identity = ProcessIdentity.of(pid: pid, bootID: bootID), let end = try ProcessEnd(identity, queue: queue) else {
            throw MonoflowError(.internalError, "start task", launch.directory, "the supervisor's process cannot be seen in /proc")
        }
        return (identity, end)
    }

    /// The supervisor that claimed the directory, whether or not it lives; nil where none has.
    func claimed(_ directory: String) throws(MonoflowError) -> ProcessIdentity? {
        guard let record = try StepRecord(path: directory + "/claim") else { return nil }
        guard let claim = record.claim else { throw MonoflowError(.dataLoss, "recover task", directory, "the claim file cannot be read") }
        return claim
    }

    func isAlive(_ identity: ProcessIdentity) -> Bool {
        identity.bootID == bootID && ProcessIdentity.of(pid: identity.pid, bootID: bootID) == identity
    }

    /// nil where the process is gone.
    func watch(_ identity: ProcessIdentity) throws(MonoflowError) -> ProcessEnd? {
        identity.bootID == bootID ? try ProcessEnd(identity, queue: queue) : nil
    }

    /// In memory, because it may hold secrets and must not become the environment of a helper that runs as root.
    private static func environmentFile(_ variables: [EnvironmentVariable]) throws(MonoflowError) -> Int32 {
        var bytes: [UInt8] = []
        for variable in variables {
            guard !variable.name.isEmpty, !variable.name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "=") }), !variable.value.utf8.contains(0) else {
                throw MonoflowError(.invalidArgument, "start task", "environment variable \(variable.name)", "its name or value is not usable")
            }
            bytes += Array("\(variable.name)=\(variable.value)".utf8) + [0]
        }
        let fd = clinux_memfd("environment")
        guard fd >= 0 else { throw Files.failure("start task", "environment") }
        do { try Files.write(bytes, descriptor: fd, path: "environment") } catch {
            close(fd)
            throw error
        }
        return fd
    }
}

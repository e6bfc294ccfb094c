import Core
import Foundation
import Processes

/// The `monoflow-step network` process that holds a Monoflow namespace's network namespace. All state is in its directory: `claim`
/// and `network` say which process it is and what it holds, `lock` is held shared by whoever uses it. It ends by itself soon after the last
/// of them, so a killed server leaves nothing behind, and tasks that run keep it.
struct NetworkHolder: Sendable, Equatable {
    let identity: ProcessIdentity
    /// Inodes of its namespaces; `user` is 0 where it has the server's user namespace.
    let net: UInt64
    let user: UInt64
    /// Where the server's API is on its loopback.
    let port: Int

    private static let readyMilliseconds: Int32 = 10_000

    var place: String { "\(identity.pid):\(net):\(user)" }

    /// The one that lives; nil where there is none.
    static func find(_ directory: String, _ supervisor: Supervisor) throws(MonoflowError) -> NetworkHolder? {
        guard let identity = try supervisor.claimed(directory), supervisor.isAlive(identity) else { return nil }
        guard let (net, user, port) = try StepRecord(path: directory + "/network")?.network else { return nil }
        return NetworkHolder(identity: identity, net: net, user: user, port: port)
    }

    /// The one that lives, else a new one.
    static func get(_ directory: String, port: Int, _ supervisor: Supervisor) throws(MonoflowError) -> (holder: NetworkHolder, isNew: Bool) {
        if let found = try find(directory, supervisor) { return (found, false) }
        return (try start(directory, port: port, supervisor), true)
    }

    /// Starts a new one, whose predecessor has ended. Blocks for some milliseconds, at most for ten seconds.
    /// - Throws: `failedPrecondition` with the reason where this machine does not permit it.
    static func start(_ directory: String, port: Int, _ supervisor: Supervisor) throws(MonoflowError) -> NetworkHolder {
        for name in ["claim", "network"] { unlink(directory + "/" + name) }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Files.failure("make network namespace", directory) }
        ends.forEach { _ = fcntl($0, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        let pid: Int32
        do {
            defer { close(ends[1]) }
            pid = try Spawn.start([supervisor.program, "network", "--dir", directory, "--port", "\(port)"], descriptors: [3: ends[1]], ownSession: true)
        }
        // It is reaped when it ends, whenever that is.
        if let identity = ProcessIdentity.of(pid: pid, bootID: supervisor.bootID) { _ = try supervisor.watch(identity) }
        let told = answer(ends[0])
        guard told == "ready", let holder = try find(directory, supervisor) else {
            kill(pid, SIGKILL)
            throw MonoflowError(.failedPrecondition, "make network namespace", directory, told.isEmpty ? "the process that holds it ended" : told)
        }
        return holder
    }

    private static func answer(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 512), ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, readyMilliseconds) > 0 else { return "no answer within ten seconds" }
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// A shared lock on a network's `lock` file, for as long as it lives.
final class NetworkLock: Sendable {
    private let descriptor: Int32

    /// Waits for a holder that is just ending.
    init(_ path: String) throws(MonoflowError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Files.failure("lock network", path) }
        while flock(descriptor, LOCK_SH) != 0 {
            guard errno == EINTR else {
                defer { close(descriptor) }
                throw Files.failure("lock network", path)
            }
        }
    }

    deinit { close(descriptor) }
}

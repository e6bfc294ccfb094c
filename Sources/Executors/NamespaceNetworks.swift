import Core
import Foundation
import Logging
import Processes

/// One network namespace for each Monoflow namespace whose tasks need it, made on first need and found again after a restart.
actor NamespaceNetworks {
    private struct Joined {
        var holder: NetworkHolder
        var hasEgress: Bool
        var join: NetworkJoin
    }

    nonisolated let mode: NetworkMode
    /// Why it is not more, one line each.
    nonisolated let reasons: [String]
    private let directory: String
    private let supervisor: Supervisor
    private let egress: VethEgress?
    private let files: BlockingQueue
    private var locks: [String: NetworkLock] = [:]
    private var joined: [String: Joined] = [:]
    /// The last change of a namespace's network; the next waits for it.
    private var changing: [String: Task<Joined, any Error>] = [:]

    private init(mode: NetworkMode, reasons: [String], directory: String, supervisor: Supervisor, egress: VethEgress?, files: BlockingQueue) {
        self.mode = mode
        self.reasons = reasons
        self.directory = directory
        self.supervisor = supervisor
        self.egress = egress
        self.files = files
    }

    /// Finds out what this machine permits, by trying.
    /// - Parameters:
    ///   - wanted: what the operator asks for.
    ///   - mode: where tasks are plain processes a network of their own would not keep them apart.
    ///   - searchPath: where tools are looked for.
    /// - Throws: `failedPrecondition` where `namespace` is wanted and cannot be had.
    static func open(
        _ wanted: StepNetwork, mode sandbox: SandboxMode, dataDirectory: String, searchPath: String, supervisor: Supervisor, files: BlockingQueue
    ) throws -> NamespaceNetworks {
        let directory = dataDirectory + "/net"
        try Files.makeDirectory(directory)
        var reasons: [String] = [], egress: VethEgress?, canSeparate = false
        do {
            guard sandbox.level != .none else { throw MonoflowError(.failedPrecondition, "make network namespace", "", "steps are not isolated") }
            egress = try probe(directory + "/.probe", wanted, sandbox, supervisor, searchPath, &reasons)
            canSeparate = true
        } catch {
            reasons.append("network: \((error as? MonoflowError)?.message ?? "\(error)")")
            if wanted == .namespace {
                throw MonoflowError(
                    .failedPrecondition, "start process executor", "network", reasons.joined(separator: "; "), hint: "start with --step-network host")
            }
        }
        let own = wanted == .namespace || (wanted == .automatic && egress != nil)
        let mode = NetworkMode(kind: own ? .namespace : .host, canSeparate: canSeparate, hasEgress: egress != nil)
        return NamespaceNetworks(mode: mode, reasons: reasons, directory: directory, supervisor: supervisor, egress: egress, files: files)
    }

    /// - Returns: the way outside; nil where there is none, or none is wanted.
    private static func probe(
        _ directory: String, _ wanted: StepNetwork, _ mode: SandboxMode, _ supervisor: Supervisor, _ searchPath: String, _ reasons: inout [String]
    ) throws(MonoflowError) -> VethEgress? {
        try Files.makeDirectory(directory)
        let lock = try NetworkLock(directory + "/lock")
        let (holder, _) = try NetworkHolder.get(directory, port: 8080, supervisor)
        defer {
            kill(holder.identity.pid, SIGTERM)
            withExtendedLifetime(lock) {}
        }
        guard holder.user == 0 || !mode.hasOwnUser else {
            throw MonoflowError(.failedPrecondition, "make network namespace", "", "network namespaces need user namespaces here, which do not have the users of steps")
        }
        try enter(holder, directory, supervisor)
        guard wanted != .host else { return nil }
        do {
            let egress = try VethEgress(directory: directory, searchPath: searchPath)
            try egress.prepare()
            try egress.attach(0, pid: holder.identity.pid)
            egress.detach(0)
            return egress
        } catch {
            reasons.append("no way outside for networks of namespaces: \(error.message)")
            return nil
        }
    }

    /// Some containers let network namespaces be made and not entered.
    private static func enter(_ holder: NetworkHolder, _ directory: String, _ supervisor: Supervisor) throws(MonoflowError) {
        let place = directory + "/" + Identifiers.random()
        try Files.makeDirectory(place)
        defer { for name in ["/claim", "/log", "/exit", ""] { remove(place + name) } }
        _ = try Command([
            supervisor.program, "run", "--dir", place, "--log", place + "/log", "--network", holder.place, "--network-lock", directory + "/lock", "--", "/bin/sh", "-c", "echo entered",
        ]).run()
        guard (try? Files.read(place + "/log", limit: 4096)) == Array("entered\n".utf8) else {
            throw MonoflowError(.failedPrecondition, "enter network namespace", "", "network namespaces can be made here, but not entered")
        }
    }

    /// The network of a namespace, with or without a way outside; its tasks that run are changed with it.
    /// - Parameters:
    ///   - index: a small number that is this namespace's own.
    ///   - port: where the server's API should be on its loopback; a network that exists keeps its own.
    func join(_ namespace: String, index: UInt32, port: Int, egress wanted: Bool) async throws -> NetworkJoin {
        let hasEgress = wanted && egress != nil
        if changing[namespace] == nil, let known = joined[namespace], known.hasEgress == hasEgress, supervisor.isAlive(known.holder.identity) { return known.join }
        let place = directory + "/" + namespace
        try Files.makeDirectory(place)
        let before = changing[namespace]
        let work = Task { [files, supervisor, egress] in
            _ = await before?.result
            if self.locks[namespace] == nil { self.locks[namespace] = try await files.run { try NetworkLock(place + "/lock") } }
            let made = try await files.run { try Self.make(place, index: index, port: port, hasEgress: hasEgress, egress, supervisor) }
            self.joined[namespace] = made
            return made
        }
        changing[namespace] = work
        defer { if changing[namespace] == work { changing[namespace] = nil } }
        return try await work.value.join
    }

    /// Lets a namespace's network go: it ends with the last of its tasks.
    func release(_ namespace: String) {
        joined[namespace] = nil
        locks[namespace] = nil
    }

    private static func make(
        _ directory: String, index: UInt32, port: Int, hasEgress: Bool, _ egress: VethEgress?, _ supervisor: Supervisor
    ) throws(MonoflowError) -> Joined {
        let (holder, isNew) = try NetworkHolder.get(directory, port: port, supervisor)
        // Its predecessor's way outside may still be there, with tasks that it left behind.
        if isNew { egress?.detach(index) }
        if hasEgress { try egress?.attach(index, pid: holder.identity.pid) } else { egress?.detach(index) }
        let join = NetworkJoin(place: holder.place, lock: directory + "/lock", serverURL: "http://127.0.0.1:\(holder.port)")
        return Joined(holder: holder, hasEgress: hasEgress, join: join)
    }
}

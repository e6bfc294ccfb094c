import Artifacts
import Core
import Foundation
import Processes
import Tasks

/// Finds the strongest isolation of this machine by trying it: kernels, containers and distributions forbid different
/// parts of it, and only a run tells.
struct SandboxProbe {
    struct Finding: Sendable {
        var mode: SandboxMode
        /// Whether a task may have a writable layer over its environment.
        var canOverlay: Bool
        /// Why stronger levels were left out, one line each.
        var reasons: [String]
    }

    let supervisor: Supervisor
    let host: HostView
    /// Scratch directory on the file system that roots will lie on.
    let directory: String
    let bubblewrap: String?
    let builder: FileOwner

    /// - Parameter strongest: leaves out what is stronger; nil leaves out nothing.
    func run(strongest: IsolationLevel?) async throws -> Finding {
        var reasons: [String] = []
        for mode in candidates(strongest, &reasons) {
            if let reason = try await failure(mode, overlay: false) {
                reasons.append("\(mode.level.rawValue)\(mode.mapsRoot || !mode.hasOwnRoot ? "" : " without a root look-alike"): \(reason)")
                continue
            }
            let overlay = mode.level == .sandboxWithUserPerNamespace ? try await failure(mode, overlay: true) == nil : false
            return Finding(mode: mode, canOverlay: overlay, reasons: reasons)
        }
        return Finding(mode: SandboxMode(level: .none), canOverlay: false, reasons: reasons)
    }

    private func candidates(_ strongest: IsolationLevel?, _ reasons: inout [String]) -> [SandboxMode] {
        if bubblewrap == nil { reasons.append("bubblewrap (bwrap) was not found on PATH") }
        let levels = IsolationLevel.allCases.drop { $0 != strongest ?? .sandboxWithUserPerNamespace }
        return levels.flatMap { level -> [SandboxMode] in
            if level == .none || (level != .sandbox && geteuid() != 0) { return [] }
            if level == .restricted { return [SandboxMode(level: level)] }
            guard let bubblewrap else { return [] }
            return [true, false].map { SandboxMode(level: level, mapsRoot: $0, bubblewrap: bubblewrap) }
        }
    }

    /// nil where a command ran and its file arrived.
    private func failure(_ mode: SandboxMode, overlay: Bool) async throws -> String? {
        let base = directory + "/" + Identifiers.random()
        let removal = try TreeRemoval(trash: directory + "/trash")
        defer {
            removal.discard(base)
            removal.empty()
        }
        try Files.makeDirectory(base)
        let owner = mode.hasOwnUser ? builder : .own
        var sandbox = Sandbox(mode: mode, program: supervisor.program, root: base + "/root", host: host, owner: owner)
        sandbox.etc = try host.etc?.snapshot()
        var script = "echo seen > /probe"
        if mode.level == .restricted {
            // Where the task's user may go by path, and what it may not open there.
            try Files.writeAtomically(Array("secret".utf8), to: base + "/secret", mode: 0o644)
            for part in [SandboxPath.parent(directory), directory, base] { try PathAccess.allow(part) }
            script = "if cat \(base)/secret; then echo 'files are not kept apart' >&2; exit 1; fi; echo seen > probe"
        }
        defer { if mode.level == .restricted { PathAccess.close(SandboxPath.parent(directory)) } }
        if overlay {
            for part in ["layer", "overlay/upper", "overlay/work"] { try Files.makeDirectory("\(base)/\(part)", mode: 0o755) }
            chmod(base + "/overlay/upper", 0o777)
            sandbox.binds = [.init(base + "/layer", "/layer", isWritable: true)]
            script += " && echo seen > /layer/probe"
        }
        _ = try RootTemplate(host: host, mode: mode).make(path: sandbox.root, sandbox: sandbox)
        let launch = Supervisor.Launch(
            directory: base, log: base + "/log", logLimit: 64 << 10, deadlineSeconds: 10, graceSeconds: 0, overlay: overlay ? base + "/layer" : nil,
            command: sandbox.commandLine(["/bin/sh", "-c", script]), environment: [])
        await (try supervisor.start(launch)).1.wait()
        let exit = try StepRecord(path: base + "/exit")?.exit
        if exit?.succeeded == true, Files.exists(base + "/root/probe"), !overlay || (Files.exists(base + "/overlay/upper/probe") && !Files.exists(base + "/layer/probe")) {
            return nil
        }
        let log = (try? Files.read(base + "/log", limit: 64 << 10)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return log.split(separator: "\n").last.map(String.init) ?? exit?.message ?? "the supervisor did not run"
    }
}

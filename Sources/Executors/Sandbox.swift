import Artifacts
import Core
import Foundation
import Tasks

/// How this machine isolates, as the probe found it.
public struct SandboxMode: Sendable, Equatable {
    public var level: IsolationLevel
    /// The task's user sees itself as root of a user namespace, as container users expect.
    public var mapsRoot: Bool
    /// Absolute path of bubblewrap; nil at level none.
    public var bubblewrap: String?
    /// System calls that tasks have no use for are refused.
    public var filtersCalls: Bool { level != .none }
    /// The task's files are at `/`; else they are below its directory, and paths in its command and environment are changed.
    public var hasOwnRoot: Bool { level == .sandboxWithUserPerNamespace || level == .sandbox }
    /// Its Monoflow namespace's Unix user, not the server's.
    public var hasOwnUser: Bool { level == .sandboxWithUserPerNamespace || level == .restricted }
    public init(level: IsolationLevel, mapsRoot: Bool = false, bubblewrap: String? = nil) {
        self.level = level
        self.mapsRoot = mapsRoot
        self.bubblewrap = bubblewrap
    }
}

/// One sandbox's command line; pure, so that tests can read it.
struct Sandbox {
    struct Bind: Equatable {
        var source: String
        var target: String
        var isWritable = false
        init(_ source: String, _ target: String? = nil, isWritable: Bool = false) {
            self.source = source
            self.target = target ?? source
            self.isWritable = isWritable
        }
    }

    var mode: SandboxMode
    /// `monoflow-step`, used by path only where there is no sandbox.
    var program: String
    /// The private root on disk, bound as `/`.
    var root: String
    var host: HostView
    /// The copy of the host's /etc to show, see `HostEtc`.
    var etc: String?
    var binds: [Bind] = []
    /// Hidden under an empty directory where a bound host directory would show it.
    var hidden: [String] = []
    var network = true
    var devices: [String] = []
    var owner = FileOwner.own
    var workingDirectory = "/"
    /// Bytes of data segment a process may have; for memory limits where no control group can hold them.
    var dataLimit: Int64?

    /// Everything that is visible below these is the host's: files cannot be placed there.
    var readOnlyTargets: [String] {
        host.directories + host.links.map(\.path) + binds.filter { !$0.isWritable }.map(\.target) + ["/proc", "/dev", HostEtc.target]
    }

    /// Directories to make in the root before the start, so that they belong to the task and not to root.
    var mountPoints: [String] { ["/proc", "/dev"] + (etc == nil ? [] : [HostEtc.target]) + host.directories + binds.map(\.target) }

    func commandLine(_ command: [String]) -> [String] {
        let initArguments = initLine + ["--"] + command
        guard let bubblewrap = mode.bubblewrap, mode.hasOwnRoot else { return [program] + initArguments }
        var line = [bubblewrap, "--bind", root, "/"]
        for directory in host.directories { line += ["--ro-bind", directory, directory] }
        if let etc { line += ["--ro-bind", etc, HostEtc.target] }
        for path in hidden where host.directories.contains(where: { SandboxPath.isInside(path, $0) }) { line += ["--tmpfs", path] }
        line += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm"]
        for device in devices { line += ["--dev-bind", device, device] }
        for bind in binds { line += [bind.isWritable ? "--bind" : "--ro-bind", bind.source, bind.target] }
        if mode.level == .sandbox { line += ["--unshare-user", "--uid", mode.mapsRoot ? "0" : "\(geteuid())", "--gid", mode.mapsRoot ? "0" : "\(getegid())"] }
        line += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        if !network { line.append("--unshare-net") }
        // Inside, the program's path does not exist; its open descriptor does.
        return line + ["--die-with-parent", "--as-pid-1", "--", "/proc/self/fd/4"] + initArguments
    }

    private var initLine: [String] {
        var line = ["init", "--supervised", "--nofile", "65536"]
        if mode.hasOwnUser {
            line += ["--uid", "\(owner.uid)", "--gid", "\(owner.gid)", "--nproc", "16384"]
            if mode.mapsRoot { line.append("--map-root") }
        }
        if mode.filtersCalls { line.append("--filter") }
        if mode.level == .restricted { line += restriction }
        if let dataLimit { line += ["--data", "\(dataLimit)"] }
        return line + ["--chdir", mode.hasOwnRoot ? workingDirectory : workingDirectory == "/" ? root : root + workingDirectory]
    }

    /// What may be opened where nothing is mounted: what the sandbox would show, at the host's own paths.
    private var restriction: [String] {
        let etc = ((host.etc?.names ?? []) + ["resolv.conf", "hosts", "passwd", "group"]).map { "/etc/" + $0 }
        let readable = host.directories + host.links.map(\.path).filter { !$0.hasPrefix("/etc/") } + etc + ["/proc"] + binds.filter { !$0.isWritable }.map(\.source)
        let nodes = ["null", "zero", "full", "random", "urandom", "tty"].map { "/dev/" + $0 } + devices
        let writable = [root] + nodes + binds.filter(\.isWritable).map(\.source)
        return readable.flatMap { ["--read", $0] } + writable.flatMap { ["--write", $0] }
    }
}

extension FileOwner {
    /// The server's own user.
    static var own: FileOwner { FileOwner(uid: geteuid(), gid: getegid()) }
}

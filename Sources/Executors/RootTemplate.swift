import Artifacts
import Core
import Foundation

/// Fills a private root with what every container image has: the usual directories, users, name resolution, links.
struct RootTemplate: Sendable {
    let host: HostView
    let mode: SandboxMode

    /// Where a task finds its token, as in a Kubernetes pod.
    static let serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// Makes the root and everything that the sandbox mounts into it.
    func make(path: String, sandbox: Sandbox) throws -> TaskRoot {
        let root = try TaskRoot(path: path, owner: sandbox.owner)
        for directory in ["/tmp", "/var/tmp"] { try root.makeDirectory(directory, exactMode: 0o1777) }
        for directory in ["/etc", "/home", "/mnt", "/opt", "/root", "/run", "/srv", "/var/run"] { try root.makeDirectory(directory) }
        guard mode.hasOwnRoot else { return root }
        for link in host.links { try root.link(link.path, to: link.target) }
        try root.makeDirectory(Self.serviceAccount)
        for directory in sandbox.mountPoints where !Self.isFile(sandbox, directory) { try root.makeDirectory(directory) }
        for file in host.ownFiles() { try root.write(file.bytes, to: file.path) }
        try root.write(Array(users(sandbox.owner).utf8), to: "/etc/passwd")
        try root.write(Array(groups(sandbox.owner).utf8), to: "/etc/group")
        return root
    }

    private func users(_ owner: FileOwner) -> String {
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
            + (mode.mapsRoot ? "" : "task:x:\(owner.uid):\(owner.gid):task:/root:/bin/sh\n")
    }

    private func groups(_ owner: FileOwner) -> String {
        "root:x:0:\nnogroup:x:65534:\n" + (mode.mapsRoot ? "" : "task:x:\(owner.gid):\n")
    }

    /// Bubblewrap makes the mount point of a file itself.
    private static func isFile(_ sandbox: Sandbox, _ target: String) -> Bool {
        guard let bind = sandbox.binds.first(where: { $0.target == target }) else { return false }
        var info = stat()
        return stat(bind.source, &info) == 0 && info.st_mode & S_IFMT != S_IFDIR
    }
}

import Artifacts
import Core
import Foundation
import Tasks

/// Persistent volume claims: directories of the data directory, `volumes/NAMESPACE/CLAIM`, which belong to the namespace's user.
extension ProcessExecutor {
    /// Where a volume is seen whole of which a task mounts a part. The part itself is a link to there: followed inside the sandbox, it leads nowhere else,
    /// whatever links other tasks have left in the volume.
    private static let wholeVolumes = "/run/volumes"

    /// Makes the claim's directory; an existing one stays as it is.
    public func makeVolume(namespace: String, claim: String) throws {
        let path = try volume(namespace, claim)
        if Files.exists(path) { return }
        try Files.makeDirectory(options.dataDirectory + "/volumes", mode: 0o755)
        try Files.makeDirectory(SandboxPath.parent(path), mode: 0o755)
        let owner = try volumeOwner(namespace), fresh = path + ".new"
        try Files.makeDirectory(fresh, mode: 0o700)
        guard chown(fresh, owner.uid, owner.gid) == 0, rename(fresh, path) == 0 else { throw Files.failure("make volume", path) }
    }

    /// Removes the claim's directory with all that it holds.
    public func removeVolume(namespace: String, claim: String) throws {
        guard removal.discard(try volume(namespace, claim)) else { return }
        files.later { [removal] in removal.empty() }
    }

    private func volume(_ namespace: String, _ claim: String) throws(MonoflowError) -> String {
        for name in [namespace, claim] where name.wholeMatch(of: /[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/) == nil || name.contains("..") {
            throw MonoflowError(.invalidArgument, "find volume", name, "not the name of a namespace or a claim")
        }
        return "\(options.dataDirectory)/volumes/\(namespace)/\(claim)"
    }

    private func volumeOwner(_ namespace: String) throws(MonoflowError) -> FileOwner {
        mode.hasOwnUser ? try users.user(of: namespace) : .own
    }

    func volumeBinds(_ task: TaskLaunch) throws(MonoflowError) -> [Sandbox.Bind] {
        var binds: [Sandbox.Bind] = []
        for mount in task.spec.references?.mounts ?? [] {
            let source = try volume(task.namespace, mount.claim)
            let target = mount.subPath == nil ? try SandboxPath.normalize(mount.path, "volume \(mount.claim)") : Self.whole(mount)
            if !binds.contains(where: { $0.target == target }) { binds.append(.init(source, target, isWritable: !mount.isReadOnly)) }
        }
        return binds
    }

    private static func whole(_ mount: ClaimMount) -> String { "\(wholeVolumes)/\(mount.isReadOnly ? "read-only" : "writable")/\(mount.claim)" }

    /// Makes the directories of volumes, and the links to their parts.
    func placeVolumes(_ task: TaskLaunch, _ root: TaskRoot, _ sandbox: Sandbox) throws {
        for mount in task.spec.references?.mounts ?? [] {
            try makeVolume(namespace: task.namespace, claim: mount.claim)
            let source = try volume(task.namespace, mount.claim), path = try SandboxPath.normalize(mount.path, "volume \(mount.claim)")
            if let part = mount.subPath {
                // Resolved inside the volume.
                try TaskRoot(sharing: source, owner: sandbox.owner).makeDirectory("/" + part)
                try root.makeDirectory(SandboxPath.parent(path))
                try root.link(path, to: (mode.hasOwnRoot ? Self.whole(mount) : source) + "/" + part)
            } else if !mode.hasOwnRoot {
                try root.makeDirectory(SandboxPath.parent(path))
                try root.link(path, to: source)
            }
        }
    }
}

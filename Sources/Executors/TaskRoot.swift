import Artifacts
import CLinux
import Core
import Foundation
import Tasks

/// A task's private root while it is filled, before the task runs. Paths are resolved by the kernel inside the root,
/// so that a link in one input cannot lead the next input elsewhere.
final class TaskRoot {
    let path: String
    private let descriptor: Int32
    private let owner: FileOwner

    /// Makes an empty root that belongs to the owner.
    init(path: String, owner: FileOwner) throws(MonoflowError) {
        self.path = path
        self.owner = owner
        try Files.makeDirectory(path, mode: 0o755)
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Files.failure("open", path) }
        guard fchmod(descriptor, 0o755) == 0, fchown(descriptor, owner.uid, owner.gid) == 0 else { throw Files.failure("change owner", path) }
    }

    /// A directory that is there already, and keeps its owner and its mode.
    init(sharing path: String, owner: FileOwner) throws(MonoflowError) {
        self.path = path
        self.owner = owner
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw Files.failure("open", path) }
    }

    deinit { close(descriptor) }

    private static let inRoot = UInt64(CLINUX_RESOLVE_IN_ROOT | CLINUX_RESOLVE_NO_MAGICLINKS)

    /// An open descriptor of the directory, which is made with its parents where missing.
    private func openDirectory(_ path: String, mode: mode_t = 0o755) throws(MonoflowError) -> Int32 {
        let fd = clinux_openat2(descriptor, path, O_RDONLY | O_DIRECTORY, 0, Self.inRoot)
        if fd >= 0 { return fd }
        guard errno == ENOENT, path != "/" else { throw Files.failure("create directory", path) }
        let parent = try openDirectory(SandboxPath.parent(path))
        defer { close(parent) }
        let leaf = String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...])
        if mkdirat(parent, leaf, mode) == 0 {
            try owner.take(leaf, in: parent, name: path)
        } else if errno != EEXIST {
            throw Files.failure("create directory", path)
        }
        let made = clinux_openat2(descriptor, path, O_RDONLY | O_DIRECTORY, 0, Self.inRoot)
        guard made >= 0 else { throw Files.failure("create directory", path) }
        return made
    }

    /// - Parameter exactMode: also for a directory that exists, whatever the umask.
    func makeDirectory(_ path: String, exactMode: mode_t? = nil) throws(MonoflowError) {
        let fd = try openDirectory(path)
        defer { close(fd) }
        if let exactMode, fchmod(fd, exactMode) != 0 { throw Files.failure("change mode", path) }
    }

    /// Runs the body with a new, empty file that belongs to the task; an existing one is replaced.
    func withFile(_ path: String, mode: mode_t = 0o644, _ body: (Int32) throws -> Void) throws {
        let parent = try openDirectory(SandboxPath.parent(path))
        defer { close(parent) }
        let leaf = String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...])
        unlinkat(parent, leaf, 0)
        let fd = openat(parent, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard fd >= 0 else { throw Files.failure("create", path) }
        defer { close(fd) }
        try body(fd)
        try owner.take(leaf, in: parent, name: path)
    }

    func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws {
        try withFile(path, mode: mode) { try Files.write(bytes, descriptor: $0, path: path) }
    }

    func link(_ path: String, to target: String) throws(MonoflowError) {
        let parent = try openDirectory(SandboxPath.parent(path))
        defer { close(parent) }
        let leaf = String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...])
        guard symlinkat(target, parent, leaf) == 0 else { throw Files.failure("create link", path) }
    }

    /// - Parameter blocked: paths that show the host, where nothing can be placed.
    func place(_ input: InputFile, blobs: BlobStore, blocked: [String]) throws {
        let path = try SandboxPath.normalize(input.path, "input")
        if let host = blocked.first(where: { SandboxPath.isInside(path, $0) }) {
            throw MonoflowError(
                .failedPrecondition, "place input", path, "\(host) shows the host's files read-only in a task", hint: "use a path outside \(host)")
        }
        switch input.source {
        case .text(let text): try write(Array(text.utf8), to: path)
        case .bytes(let bytes, let mode): try write(bytes, to: path, mode: mode_t(mode & 0o777))
        case .directory: try makeDirectory(path)
        case .blob(let digest) where blobs.isTree(digest: digest):
            let fd = try openDirectory(path)
            defer { close(fd) }
            try blobs.materialize(tree: digest, in: fd, owner: owner)
        case .blob(let digest): try withFile(path) { try blobs.copy(digest: digest, to: $0) }
        }
    }
}

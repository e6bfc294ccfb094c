import CLinux
import Core
import Foundation

/// Bounds of one directory kept as an artifact.
public struct TreeLimits: Sendable {
    public var entries: Int
    public var bytes: Int64
    public var depth: Int
    public init(entries: Int = 100_000, bytes: Int64 = 64 << 30, depth: Int = 64) {
        self.entries = entries
        self.bytes = bytes
        self.depth = depth
    }
}

/// One line of a stored directory. `path` is relative, with no `.` or `..` in it.
public struct TreeEntry: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable { case file, directory, link }
    public var path: String
    public var kind: Kind
    /// Permission bits of a file or directory.
    public var mode: UInt32?
    /// Of a file: its size and the blob that holds it.
    public var bytes: Int64?
    public var digest: String?
    /// Of a link: what it points to, relative, inside the tree.
    public var target: String?
}

/// A directory as it stands in the store: parents before their children, names in byte order, so that equal
/// directories have equal digests.
public struct BlobTree: Codable, Sendable, Equatable {
    public var entries: [TreeEntry]
    /// Sum of the files' sizes.
    public var bytes: Int64 { entries.reduce(0) { $0 + ($1.bytes ?? 0) } }
}

/// What a directory became in the store.
public struct StoredTree: Sendable, Equatable {
    public var digest: String
    /// Sum of the files' sizes.
    public var bytes: Int64
    public var entries: Int
}

extension BlobStore {
    /// Marks the digests that are trees. Without it a step could write a file that reads like a tree and have the
    /// server fetch any object whose digest it knows.
    private func treeMarker(_ digest: String) throws -> String { try path(digest: digest) + ".tree" }

    /// Whether the object is a directory stored by `putTree`.
    public func isTree(digest: String) -> Bool { (try? treeMarker(digest)).map(Files.exists) ?? false }

    /// Stores everything below an open directory.
    /// - Parameter name: what errors call the directory.
    /// - Throws: `failedPrecondition` naming a symbolic link that leads outside, a special file or a name that is
    ///   not UTF-8; `payloadTooLarge` past a limit.
    public func putTree(descriptor: Int32, name: String, limits: TreeLimits = TreeLimits()) throws -> StoredTree {
        var writer = TreeWriter(store: self, root: descriptor, name: name, limits: limits)
        try writer.directory(descriptor, prefix: "", depth: 0)
        let tree = BlobTree(entries: writer.entries)
        let blob = try put(Array(try JSONText.encode(tree).utf8))
        let marker = Foundation.open(try treeMarker(blob.digest), O_WRONLY | O_CREAT | O_CLOEXEC, 0o444)
        guard marker >= 0 else { throw Files.failure("store artifact", name) }
        defer { close(marker) }
        guard fsync(marker) == 0 else { throw Files.failure("store artifact", name) }
        return StoredTree(digest: blob.digest, bytes: tree.bytes, entries: tree.entries.count)
    }

    /// - Throws: `notFound` where the object is no tree, `dataLoss` where it cannot be read as one.
    public func tree(digest: String) throws -> BlobTree {
        guard isTree(digest: digest) else { throw MonoflowError(.notFound, "open artifact", digest, "not a directory of the store") }
        let text = String(decoding: try read(digest: digest, limit: 256 << 20), as: UTF8.self)
        guard let tree = try? JSONText.decode(BlobTree.self, from: text), tree.entries.allSatisfy(\.isContained) else {
            throw MonoflowError(.dataLoss, "open artifact", digest, "the stored directory cannot be read")
        }
        return tree
    }

    /// Writes a file's bytes into an open descriptor, copied inside the kernel.
    public func copy(digest: String, to target: Int32) throws {
        let source = try open(digest: digest)
        defer { close(source) }
        var info = stat()
        guard fstat(source, &info) == 0 else { throw Files.failure("read artifact", digest) }
        var offset: Int64 = 0
        while offset < Int64(info.st_size) {
            let count = clinux_sendfile(target, source, &offset, 1 << 30)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Files.failure("read artifact", digest) }
        }
    }

    /// Makes the tree's content in an open, empty directory.
    /// - Parameter owner: whom the new entries are given to; nil leaves them the caller's.
    public func materialize(tree digest: String, in directory: Int32, owner: FileOwner? = nil) throws {
        for entry in try tree(digest: digest).entries {
            let (parent, leaf) = try TreeEntry.openParent(of: entry.path, in: directory)
            defer { close(parent) }
            switch entry.kind {
            case .directory:
                guard mkdirat(parent, leaf, mode_t(entry.mode ?? 0o755) | 0o700) == 0 else { throw Files.failure("write", entry.path) }
            case .link:
                guard symlinkat(entry.target ?? "", parent, leaf) == 0 else { throw Files.failure("write", entry.path) }
            case .file:
                let file = openat(parent, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(entry.mode ?? 0o644))
                guard file >= 0 else { throw Files.failure("write", entry.path) }
                defer { close(file) }
                try copy(digest: entry.digest ?? "", to: file)
            }
            if let owner { try owner.take(leaf, in: parent, name: entry.path) }
        }
    }
}

/// The Unix user that a new file is given to.
public struct FileOwner: Sendable, Equatable {
    public var uid: UInt32
    public var gid: UInt32
    public init(uid: UInt32, gid: UInt32) {
        self.uid = uid
        self.gid = gid
    }

    /// Never follows a link.
    public func take(_ leaf: String, in directory: Int32, name: String) throws(MonoflowError) {
        guard fchownat(directory, leaf, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 else { throw Files.failure("change owner", name) }
    }
}

extension TreeEntry {
    /// Whether the path stays in its directory, whatever wrote it.
    var isContained: Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return !parts.isEmpty && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }
    }

    static func openParent(of path: String, in directory: Int32) throws(MonoflowError) -> (Int32, String) {
        let cut = path.lastIndex(of: "/")
        let parent = cut.map { String(path[..<$0]) } ?? "."
        let fd = clinux_openat2(directory, parent, O_RDONLY | O_DIRECTORY, 0, UInt64(CLINUX_RESOLVE_BENEATH | CLINUX_RESOLVE_NO_SYMLINKS))
        guard fd >= 0 else { throw Files.failure("write", path) }
        return (fd, cut.map { String(path[path.index(after: $0)...]) } ?? path)
    }
}

import CLinux
import Core
import Foundation

/// Walks one directory by descriptors, never by a path from its root: what a step made there cannot lead elsewhere.
struct TreeWriter {
    /// O_PATH, which the Glibc module does not show.
    private static let pathOnly: Int32 = 0o10000000

    let store: BlobStore
    let root: Int32
    let name: String
    let limits: TreeLimits
    private(set) var entries: [TreeEntry] = []
    private var bytes: Int64 = 0

    init(store: BlobStore, root: Int32, name: String, limits: TreeLimits) {
        self.store = store
        self.root = root
        self.name = name
        self.limits = limits
    }

    mutating func directory(_ descriptor: Int32, prefix: String, depth: Int) throws {
        guard depth <= limits.depth else { throw tooLarge("directories nested deeper than \(limits.depth)") }
        for leaf in try Self.names(in: descriptor, called: name + "/" + prefix) {
            guard entries.count < limits.entries else { throw tooLarge("more than \(limits.entries) entries") }
            try entry(leaf, in: descriptor, path: prefix + leaf, depth: depth)
        }
    }

    private mutating func entry(_ leaf: String, in parent: Int32, path: String, depth: Int) throws {
        var info = stat()
        guard fstatat(parent, leaf, &info, AT_SYMLINK_NOFOLLOW) == 0 else { throw Files.failure("read", name + "/" + path) }
        let mode = UInt32(info.st_mode & 0o777)
        switch info.st_mode & S_IFMT {
        case S_IFDIR:
            let child = openat(parent, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard child >= 0 else { throw Files.failure("read", name + "/" + path) }
            defer { close(child) }
            entries.append(TreeEntry(path: path, kind: .directory, mode: mode))
            try directory(child, prefix: path + "/", depth: depth + 1)
        case S_IFREG:
            bytes += Int64(info.st_size)
            guard bytes <= limits.bytes else { throw tooLarge("more than \(limits.bytes) bytes") }
            let file = openat(parent, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard file >= 0 else { throw Files.failure("read", name + "/" + path) }
            defer { close(file) }
            let blob = try store.put(descriptor: file)
            entries.append(TreeEntry(path: path, kind: .file, mode: mode, bytes: blob.bytes, digest: blob.digest))
        case S_IFLNK:
            entries.append(TreeEntry(path: path, kind: .link, target: try link(leaf, in: parent, path: path)))
        default:
            throw MonoflowError(.failedPrecondition, "store directory", name, "\(path) is neither a file nor a directory")
        }
    }

    private func link(_ leaf: String, in parent: Int32, path: String) throws -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { readlinkat(parent, leaf, $0.baseAddress!, $0.count) }
        guard count > 0, count < buffer.count, let target = String(validating: buffer[..<count], as: UTF8.self) else {
            throw Files.failure("read", name + "/" + path)
        }
        // Resolved from the tree's own root: an absolute target, or one above it, is refused by the kernel.
        let end = clinux_openat2(root, path, Self.pathOnly, 0, UInt64(CLINUX_RESOLVE_BENEATH | CLINUX_RESOLVE_NO_MAGICLINKS))
        guard end >= 0 else {
            throw MonoflowError(
                .failedPrecondition, "store directory", name, "the symbolic link \(path) → \(target) does not lead to anything inside it",
                hint: "copy the file instead, or link to it by a relative path")
        }
        close(end)
        return target
    }

    /// In byte order, without `.` and `..`.
    static func names(in directory: Int32, called name: String) throws(MonoflowError) -> [String] {
        // The stream owns the descriptor it is given.
        let copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else { throw Files.failure("read", name) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let leaf = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
            }
            guard let leaf else {
                throw MonoflowError(.failedPrecondition, "store directory", name, "it holds a file name that is not UTF-8")
            }
            if leaf != "." && leaf != ".." { names.append(leaf) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private func tooLarge(_ what: String) -> MonoflowError {
        MonoflowError(.payloadTooLarge, "store directory", name, what)
    }
}

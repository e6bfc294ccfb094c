import Core
import Foundation

/// Removes what tasks left behind. A directory is first renamed into the trash, so that it is gone at once, and
/// emptied there; directories too deep to descend into are moved up to the trash as well.
struct TreeRemoval: Sendable {
    let trash: String
    private static let depth = 64

    init(trash: String) throws(MonoflowError) {
        self.trash = trash
        try Files.makeDirectory(trash)
    }

    /// Returns whether there was something to remove.
    @discardableResult
    func discard(_ path: String) -> Bool { rename(path, trash + "/" + Identifiers.random()) == 0 }

    /// Empties the trash, with everything that is put there meanwhile. Blocks.
    func empty() {
        let fd = open(trash, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard fd >= 0 else { return }
        defer { close(fd) }
        // Each round may move deeper parts up; a round that removes nothing is the last.
        var before = Int.max
        while true {
            let names = Self.names(fd)
            if names.isEmpty { return }
            names.forEach { remove($0, in: fd, trash: fd, depth: 0) }
            let left = Self.names(fd).count
            if left == before && names.count == left { return }
            before = left
        }
    }

    private func remove(_ name: [CChar], in parent: Int32, trash: Int32, depth: Int) {
        if unlinkat(parent, name, 0) == 0 { return }
        if depth >= Self.depth {
            _ = renameat(parent, name, trash, Identifiers.random())
            return
        }
        var fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if fd < 0 && errno == EACCES {
            fchmodat(parent, name, 0o700, 0)
            fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
        guard fd >= 0 else { return }
        let children = Self.names(fd)
        if !children.isEmpty {
            fchmod(fd, 0o700)
            children.forEach { remove($0, in: fd, trash: trash, depth: depth + 1) }
        }
        close(fd)
        unlinkat(parent, name, AT_REMOVEDIR)
    }

    /// As bytes: a task may use names that are not UTF-8.
    private static func names(_ directory: Int32) -> [[CChar]] {
        let copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else { return [] }
        defer { closedir(stream) }
        var names: [[CChar]] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1)) }
            }
            if name != [46, 0] && name != [46, 46, 0] { names.append(name) }
        }
        return names
    }
}

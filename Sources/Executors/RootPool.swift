import CLinux
import Core
import Foundation
import Synchronization

/// Clean private roots, handed on to the next task of the same kind. Making and removing a root's directories costs
/// more than all else in a short step, and a step that only ran a command leaves its root as it found it.
///
/// A root goes on only within its namespace (same Unix user) and only where every directory, file and link of the
/// template is the one that was made, unchanged; files that the task left beside them are removed first.
final class RootPool: Sendable {
    /// What tells two templates apart.
    struct Kind: Hashable {
        var namespace: String
        var owner: UInt32
        var mountPoints: [String]
        /// Times of change of the host's files that the template copies.
        var stamps: [Int]
    }

    /// One entry of a template as it was made. A file's or link's time of change, and a directory's time of making, cannot be set back by
    /// its owner; the number alone may be that of a removed directory which the file system has given out again.
    private struct Entry: Equatable {
        var inode: UInt64
        var mode: UInt32
        var uid: UInt32
        var gid: UInt32
        var time: [Int]
    }

    private struct Root {
        var path: String
        var template: [String: Entry]
    }

    private struct State {
        var clean: [Kind: [Root]] = [:]
        var count = 0
        var lent: [String: (kind: Kind, template: [String: Entry])] = [:]
    }

    private static let most = 32
    private static let mostExtras = 16
    private let directory: String
    private let state = Mutex(State())

    /// - Parameter directory: where clean roots lie; emptied by the caller at start.
    init(directory: String) throws(MonoflowError) {
        self.directory = directory
        try Files.makeDirectory(directory)
    }

    /// Moves a clean root to `path`. - Returns: false where there is none.
    func take(_ kind: Kind, for taskID: String, to path: String) -> Bool {
        let root = state.withLock { state -> Root? in
            guard let root = state.clean[kind]?.popLast() else { return nil }
            state.count -= 1
            state.lent[taskID] = (kind, root.template)
            return root
        }
        guard let root else { return false }
        if rename(root.path, path) == 0 { return true }
        state.withLock { _ = $0.lent.removeValue(forKey: taskID) }
        return false
    }

    /// Remembers a root just made from its template, before the task's own files are placed.
    func made(_ kind: Kind, for taskID: String, at path: String) {
        guard let template = Self.scan(path, removing: nil) else { return }
        state.withLock { $0.lent[taskID] = (kind, template) }
    }

    /// Takes an ended task's root back. - Returns: false where it is not clean and is the caller's to remove.
    func giveBack(taskID: String, path: String) -> Bool {
        guard let lent = state.withLock({ $0.lent.removeValue(forKey: taskID) }) else { return false }
        guard state.withLock({ $0.count < Self.most }), Self.scan(path, removing: lent.template) == lent.template else { return false }
        let target = directory + "/" + Identifiers.random()
        guard rename(path, target) == 0 else { return false }
        state.withLock { state in
            state.clean[lent.kind, default: []].append(Root(path: target, template: lent.template))
            state.count += 1
        }
        return true
    }

    /// Everything below a root by relative path; nil where it is more than a template with a few files beside it.
    /// - Parameter template: files that it does not hold are removed on the way.
    private static func scan(_ path: String, removing template: [String: Entry]?) -> [String: Entry]? {
        let fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard fd >= 0 else { return nil }
        var found: [String: Entry] = [:], extras = 0
        return scan(fd, "", template, &found, &extras) ? found : nil
    }

    /// Takes over the descriptor.
    private static func scan(_ fd: Int32, _ prefix: String, _ template: [String: Entry]?, _ found: inout [String: Entry], _ extras: inout Int) -> Bool {
        guard let stream = fdopendir(fd) else {
            close(fd)
            return false
        }
        defer { closedir(stream) }
        var own = stat()
        guard fstat(fd, &own) == 0 else { return false }
        found[prefix] = Entry(inode: UInt64(own.st_ino), mode: own.st_mode, uid: own.st_uid, gid: own.st_gid, time: [Int(clinux_birth_time(fd))])
        while let next = readdir(stream) {
            let name = withUnsafePointer(to: &next.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) } }
            guard let name else { return false }
            if name == "." || name == ".." { continue }
            let path = prefix + "/" + name
            if next.pointee.d_type == UInt8(DT_DIR) {
                if let template, template[path] == nil { return false }
                let child = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                guard child >= 0, scan(child, path, template, &found, &extras) else { return false }
                continue
            }
            if let template, template[path] == nil {
                extras += 1
                guard extras <= mostExtras, unlinkat(fd, name, 0) == 0 else { return false }
                continue
            }
            var info = stat()
            guard fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
            found[path] = Entry(
                inode: UInt64(info.st_ino), mode: info.st_mode, uid: info.st_uid, gid: info.st_gid, time: [info.st_ctim.tv_sec, info.st_ctim.tv_nsec])
        }
        return true
    }
}

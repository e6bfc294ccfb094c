import Foundation

/// Small file operations whose failure names the path.
public enum Files {
    public static func failure(_ operation: String, _ path: String) -> MonoflowError {
        let number = errno
        let code: MonoflowError.Code = number == ENOENT ? .notFound : number == ENOSPC ? .resourceExhausted : .internalError
        return MonoflowError(code, operation, path, String(cString: strerror(number)))
    }

    /// Makes the directory and its parents; an existing one keeps its mode.
    public static func makeDirectory(_ path: String, mode: mode_t = 0o700) throws(MonoflowError) {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let cut = path.lastIndex(of: "/"), cut != path.startIndex else {
            throw failure("create directory", path)
        }
        try makeDirectory(String(path[..<cut]), mode: mode)
        if mkdir(path, mode) != 0 && errno != EEXIST { throw failure("create directory", path) }
    }

    /// - Parameter limit: more bytes than this is `payloadTooLarge`.
    public static func read(_ path: String, limit: Int = 64 << 20) throws(MonoflowError) -> [UInt8] {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { throw failure("read", path) }
        defer { close(fd) }
        return try read(descriptor: fd, path: path, limit: limit)
    }

    public static func read(descriptor fd: Int32, path: String, limit: Int) throws(MonoflowError) -> [UInt8] {
        var out: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Foundation.read(fd, &chunk, chunk.count)
            if count < 0 { if errno == EINTR { continue } else { throw failure("read", path) } }
            if count == 0 { return out }
            guard out.count + count <= limit else {
                throw MonoflowError(.payloadTooLarge, "read", path, "larger than \(limit) bytes")
            }
            out.append(contentsOf: chunk[..<count])
        }
    }

    /// Replaces the file in one step: a reader sees the old or the new text, also after a power cut.
    public static func writeAtomically(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) throws(MonoflowError) {
        let temporary = path + ".tmp"
        let fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard fd >= 0 else { throw failure("create", temporary) }
        defer { close(fd) }
        try write(bytes, descriptor: fd, path: temporary)
        guard fdatasync(fd) == 0 else { throw failure("sync", temporary) }
        guard rename(temporary, path) == 0 else { throw failure("replace", path) }
    }

    public static func write(_ bytes: [UInt8], descriptor fd: Int32, path: String) throws(MonoflowError) {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Foundation.write(fd, $0.baseAddress, $0.count) }
            if count < 0 { if errno == EINTR { continue } else { throw failure("write", path) } }
            done += count
        }
    }

    /// Makes the names in a directory durable: of files made, renamed or removed in it.
    public static func syncDirectory(_ path: String) throws(MonoflowError) {
        let fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard fd >= 0 else { throw failure("sync", path) }
        defer { close(fd) }
        guard fsync(fd) == 0 else { throw failure("sync", path) }
    }

    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}

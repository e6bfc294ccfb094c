import Core
import Foundation

/// An open regular file to be sent, whole or in part. It closes its descriptor when nothing holds it any more.
public final class HTTPFile: Sendable {
    let descriptor: Int32
    /// Bytes, when it was opened.
    public let size: Int64
    public let modified: Timestamp
    /// A strong validator made of inode, time of change and size.
    public let entityTag: String

    /// - Throws: `notFound` where it is missing or not a regular file.
    public convenience init(path: String) throws(MonoflowError) {
        // Non-blocking, so that opening a named pipe does not wait for its writer.
        let fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard fd >= 0 else { throw Files.failure("open file", path) }
        try self.init(descriptor: fd, name: path)
    }

    /// Takes over the descriptor, also when it throws. - Parameter name: for the error.
    public init(descriptor: Int32, name: String = "") throws(MonoflowError) {
        var info = stat()
        guard fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw MonoflowError(.notFound, "open file", name, "not a regular file")
        }
        self.descriptor = descriptor
        size = Int64(info.st_size)
        modified = Timestamp(milliseconds: Int64(info.st_mtim.tv_sec) * 1000 + Int64(info.st_mtim.tv_nsec) / 1_000_000)
        let parts = [UInt64(info.st_ino), UInt64(bitPattern: Int64(info.st_mtim.tv_sec)) &* 1_000_000_000
            &+ UInt64(info.st_mtim.tv_nsec), UInt64(info.st_size)]
        entityTag = "\"" + parts.map { String($0, radix: 36) }.joined(separator: "-") + "\""
    }

    deinit { close(descriptor) }
}

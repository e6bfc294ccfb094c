import Artifacts
import CLinux
import Core
import Foundation
import Tasks

/// Reads an ended task's outputs out of its private root. The task may have left anything there: links are resolved
/// by the kernel as if the root were `/`, and nothing but files and directories is opened for reading.
struct OutputCollector {
    let root: String
    let blobs: BlobStore
    var treeLimits = TreeLimits()

    func collect(_ outputs: [OutputFile]) throws -> [String: CollectedOutput] {
        guard !outputs.isEmpty else { return [:] }
        let descriptor = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Files.failure("collect outputs", root) }
        defer { close(descriptor) }
        var result: [String: CollectedOutput] = [:]
        for output in outputs { result[output.name] = try collect(output, in: descriptor) }
        return result
    }

    /// nil where an optional output is missing.
    private func collect(_ output: OutputFile, in root: Int32) throws -> CollectedOutput? {
        let path = try SandboxPath.normalize(output.path, "output \(output.name)")
        let subject = "output \(output.name) at \(path)"
        // A named pipe without a writer would block an ordinary open.
        let fd = clinux_openat2(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, UInt64(CLINUX_RESOLVE_IN_ROOT | CLINUX_RESOLVE_NO_MAGICLINKS))
        guard fd >= 0 else {
            let number = errno
            guard number == ENOENT || number == ENOTDIR else {
                throw MonoflowError(.failedPrecondition, "collect", subject, String(cString: strerror(number)))
            }
            if output.isOptional { return nil }
            throw MonoflowError(.failedPrecondition, "collect", subject, "the task ended without writing this file")
        }
        defer { close(fd) }
        var info = stat()
        guard fstat(fd, &info) == 0 else { throw Files.failure("collect", subject) }
        switch (info.st_mode & S_IFMT, output.kind) {
        case (S_IFREG, .parameter): return .parameter(try text(fd, subject))
        case (S_IFREG, .artifact):
            let blob = try blobs.put(descriptor: fd)
            return .artifact(digest: blob.digest, bytes: blob.bytes, isDirectory: false)
        case (S_IFDIR, .artifact):
            let tree = try blobs.putTree(descriptor: fd, name: subject, limits: treeLimits)
            return .artifact(digest: tree.digest, bytes: tree.bytes, isDirectory: true)
        case (S_IFDIR, .parameter): throw MonoflowError(.failedPrecondition, "collect", subject, "a parameter is read from a file, and this is a directory")
        default: throw MonoflowError(.failedPrecondition, "collect", subject, "it is neither a file nor a directory")
        }
    }

    private func text(_ fd: Int32, _ subject: String) throws(MonoflowError) -> String {
        let bytes: [UInt8]
        do { bytes = try Files.read(descriptor: fd, path: subject, limit: TaskLimits.parameterBytes) } catch {
            throw MonoflowError(
                error.code, "collect", subject, error.code == .payloadTooLarge ? "a parameter holds at most \(TaskLimits.parameterBytes) bytes" : error.message,
                hint: error.code == .payloadTooLarge ? "pass large values as an artifact" : nil)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MonoflowError(.failedPrecondition, "collect", subject, "a parameter is UTF-8 text, and this is not")
        }
        return text
    }
}

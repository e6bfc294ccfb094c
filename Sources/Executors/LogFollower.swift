import Core
import Foundation

/// Copies what is added to one log into another while something is waited for.
struct LogFollower: Sendable {
    let from: String
    let to: String

    init(from: String, to: String) {
        self.from = from
        self.to = to
    }

    /// Returns or throws what the body does, after the last byte was copied.
    func follow(_ body: @escaping @Sendable () async throws -> Void) async throws {
        // The first copy may start before the build has emptied the log of an earlier, failed one.
        let copier = Task { [self] () -> Int64 in
            var offset: Int64 = 0
            while !Task.isCancelled {
                do { try await Task.sleep(for: .milliseconds(200)) } catch { break }
                offset = copy(after: offset)
            }
            return offset
        }
        do {
            try await body()
        } catch {
            copier.cancel()
            _ = copy(after: await copier.value)
            throw error
        }
        copier.cancel()
        _ = copy(after: await copier.value)
    }

    /// - Returns: where the copy ended.
    private func copy(after offset: Int64) -> Int64 {
        let source = open(from, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { return offset }
        defer { close(source) }
        var at = offset
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = pread(source, &chunk, chunk.count, off_t(at))
            guard count > 0, (try? Self.append(Array(chunk[..<count]), to: to)) != nil else { return at }
            at += Int64(count)
        }
    }

    static func append(_ text: String, to path: String) throws(MonoflowError) { try append(Array(text.utf8), to: path) }

    private static func append(_ bytes: [UInt8], to path: String) throws(MonoflowError) {
        let fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard fd >= 0 else { throw Files.failure("write", path) }
        defer { close(fd) }
        try Files.write(bytes, descriptor: fd, path: path)
    }
}

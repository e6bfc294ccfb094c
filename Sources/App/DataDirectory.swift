import Core
import Foundation

/// The data directory, held by one server at a time.
final class DataDirectory: Sendable {
    let path: String
    private let lock: Int32

    /// - Throws: `failedPrecondition` where another server holds it.
    init(_ path: String) throws {
        try Files.makeDirectory(path, mode: 0o700)
        self.path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let file = self.path + "/lock"
        lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Files.failure("lock data directory", file) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw MonoflowError(.failedPrecondition, "lock data directory", self.path, "another server uses it", hint: "stop that server, or give another --data")
        }
        for part in ["artifacts", "tasks", "environments", "models", "volumes"] { try Files.makeDirectory("\(self.path)/\(part)") }
    }

    deinit { close(lock) }

    /// `server.json`: how the command line and the tests find the running server.
    /// - Parameters:
    ///   - tlsURL: nil without TLS.
    ///   - authority: the path of the certificate that clients are to trust; nil where certificates were given.
    func writeServerFile(url: String, tlsURL: String?, authority: String?, version: String) throws {
        var object: JSONObject = ["url": .string(url)]
        if let tlsURL { object["tls_url"] = .string(tlsURL) }
        if let authority { object["ca"] = .string(authority) }
        object["pid"] = .int(Int64(getpid()))
        object["version"] = .string(version)
        let text = JSON.object(object).text() + "\n"
        try Files.writeAtomically(Array(text.utf8), to: path + "/server.json", mode: 0o644)
    }

    /// Where steps in a network of their own reach this server: a Unix socket, by a path that fits into its address.
    func stepSocket() throws -> String {
        let folder = path + "/net", name = "/api.sock"
        try Files.makeDirectory(folder)
        guard (folder + name).utf8.count > 100 else { return folder + name }
        // Open as long as the server runs.
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Files.failure("open", folder) }
        return "/proc/self/fd/\(descriptor)\(name)"
    }

    /// Removes a deleted task's log.
    @Sendable func removeTask(_ id: String) {
        guard !id.isEmpty, !id.contains("/"), !id.hasPrefix(".") else { return }
        try? FileManager.default.removeItem(atPath: "\(path)/tasks/\(id)")
    }

    func removeServerFile() { unlink(path + "/server.json") }
}

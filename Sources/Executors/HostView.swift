import Core
import Foundation

/// What a sandbox shows of the host, apart from its tools: never the whole of /etc, which holds secrets.
struct HostView: Sendable {
    /// Directories that appear read-only at their own path. Few: each mount costs a start a quarter of a millisecond.
    let directories: [String]
    /// Top-level links such as /bin → usr/bin, and the links that lead from /etc into the copy.
    let links: [(path: String, target: String)]
    /// The copy of the parts of /etc that a task sees; nil in tests that only read command lines.
    let etc: HostEtc?

    private static let topLevel = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]
    /// CPU and memory layout, which numeric libraries read; the rest of /sys tells about the host's network and devices.
    private static let system = "/sys/devices/system"
    /// Changes with the network while the server runs, and tasks may want to write to it: a file of its own in each root.
    private let networkFiles: [(path: String, source: String)]

    /// - Parameter nameServers: what is shown as `/etc/resolv.conf`.
    init(etc: HostEtc? = nil, nameServers: String = "/etc/resolv.conf") {
        networkFiles = [("/etc/resolv.conf", nameServers), ("/etc/hosts", "/etc/hosts")]
        var directories = ["/usr"], links: [(String, String)] = []
        for path in Self.topLevel {
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) { links.append((path, target)) }
            else if Files.exists(path) { directories.append(path) }
        }
        if Files.exists(Self.system) { directories.append(Self.system) }
        for name in etc?.names ?? [] {
            let up = String(repeating: "../", count: name.filter { $0 == "/" }.count)
            links.append(("/etc/" + name, "\(up)\(HostEtc.mountName)/\(name)"))
        }
        self.directories = directories
        self.links = links
        self.etc = etc
    }

    /// Path and content of every file that each root has for itself.
    func ownFiles() -> [(path: String, bytes: [UInt8])] {
        networkFiles.compactMap { path, source in (try? Files.read(source, limit: 1 << 20)).map { (path, $0) } }
    }
}

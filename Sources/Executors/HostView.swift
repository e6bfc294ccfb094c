import Core
import Foundation
import Processes

/// What a sandbox shows of the host, apart from its tools: never the whole of /etc, which holds secrets.
struct HostView: Sendable {
    /// Directories that appear read-only at their own path.
    let directories: [String]
    /// Top-level links such as /bin → usr/bin.
    let links: [(path: String, target: String)]
    /// Small files of /etc that are copied into each root.
    private let files: [(path: String, bytes: [UInt8])]

    private static let topLevel = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"]
    private static let etcFiles = [
        "host.conf", "nsswitch.conf", "ld.so.cache", "ld.so.conf", "services", "protocols", "rpc", "networks", "gai.conf", "mime.types", "magic",
        "timezone", "localtime", "os-release", "debian_version", "bash.bashrc", "profile", "inputrc", "ssl/openssl.cnf", "pip.conf", "locale.alias",
    ]
    /// Changes with the network while the server runs.
    private static let networkFiles = ["resolv.conf", "hosts"]
    private static let etcDirectories = [
        "alternatives", "ssl/certs", "pki/tls/certs", "pki/ca-trust/extracted", "fonts", "python3", "perl", "terminfo", "ImageMagick-6",
    ]
    /// CPU and memory layout, which numeric libraries read; the rest of /sys tells about the host's network and devices.
    private static let system = ["/sys/devices/system/cpu", "/sys/devices/system/node"]

    init() {
        var directories = ["/usr"], links: [(String, String)] = []
        for path in Self.topLevel {
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) { links.append((path, target)) }
            else if Files.exists(path) { directories.append(path) }
        }
        let versioned = ((try? FileManager.default.contentsOfDirectory(atPath: "/etc")) ?? [])
            .filter { $0.wholeMatch(of: /python3\.[0-9]+|java-[0-9]+-openjdk/) != nil }
        directories += (Self.etcDirectories + versioned).map { "/etc/" + $0 }.filter(Self.isDirectory)
        directories += Self.system.filter(Self.isDirectory)
        self.directories = directories
        self.links = links
        files = Self.etcFiles.compactMap { name in
            guard let bytes = try? Files.read("/etc/" + name, limit: 1 << 20) else { return nil }
            // An index address may carry a password.
            if name == "pip.conf", String(decoding: bytes, as: UTF8.self).firstMatch(of: /:\/\/[^\s\/]*@/) != nil { return nil }
            return ("/etc/" + name, bytes)
        }
    }

    /// Path and content of every file to copy, the changing ones as they are now.
    func etcFiles() -> [(path: String, bytes: [UInt8])] {
        files + Self.networkFiles.compactMap { name in (try? Files.read("/etc/" + name, limit: 1 << 20)).map { ("/etc/" + name, $0) } }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }
}

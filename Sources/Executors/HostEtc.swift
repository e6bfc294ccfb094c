import Core
import Foundation
import Synchronization

/// A copy of the harmless parts of the host's /etc, made once and shown read-only to every task by one mount at
/// `/etc/.host`; each root has links into it. A changed host gets a new copy; old ones stay, because tasks that run
/// see them.
final class HostEtc: Sendable {
    static let mountName = ".host"
    static let target = "/etc/" + mountName

    /// What of /etc is shown, relative to it.
    let names: [String]
    private let parent: String
    private let source: String
    private let known = Mutex<(stamp: String, path: String)?>(nil)

    private static let files = [
        "host.conf", "nsswitch.conf", "ld.so.cache", "ld.so.conf", "services", "protocols", "rpc", "networks", "gai.conf", "mime.types", "magic",
        "timezone", "localtime", "os-release", "debian_version", "bash.bashrc", "profile", "inputrc", "ssl/openssl.cnf", "pip.conf", "locale.alias",
    ]
    private static let directories = [
        "alternatives", "ssl/certs", "pki/tls/certs", "pki/ca-trust/extracted", "fonts", "python3", "perl", "terminfo", "ImageMagick-6",
    ]
    private static let sizeLimit = 8 << 20
    private static let depthLimit = 16

    /// - Parameters:
    ///   - parent: where the copies lie.
    ///   - source: `/etc`, but for tests.
    init(parent: String, source: String = "/etc") throws(MonoflowError) {
        self.parent = parent
        self.source = source
        try Files.makeDirectory(parent)
        let versioned = ((try? FileManager.default.contentsOfDirectory(atPath: source)) ?? [])
            .filter { $0.wholeMatch(of: /python3\.[0-9]+|java-[0-9]+-openjdk/) != nil }.sorted()
        names = Self.files.filter { name in (try? Self.content(source + "/" + name)).flatMap { $0 } != nil }
            + (Self.directories + versioned).filter { Self.info(source + "/" + $0).map(Self.isDirectory) == true }
    }

    /// The current copy's directory.
    func snapshot() throws -> String {
        let stamp = names.map { name in Self.info(source + "/" + name).map { "\(name):\($0.st_mtim.tv_sec).\($0.st_mtim.tv_nsec):\($0.st_size)" } ?? name }
            .joined(separator: "\n")
        return try known.withLock { known in
            if let known, known.stamp == stamp { return known.path }
            let path = parent + "/etc-" + Hashing.sha256Hex(source + "\n" + stamp).prefix(16)
            if !Files.exists(path) { try copyAll(to: path) }
            known = (stamp, path)
            return path
        }
    }

    private func copyAll(to path: String) throws {
        let temporary = path + "." + Identifiers.random()
        try Self.makeDirectory(temporary)
        for name in names {
            if name.contains("/") { try Self.makeDirectory(SandboxPath.parent(temporary + "/" + name)) }
            let from = source + "/" + name
            if let content = try Self.content(from) { try Self.write(content, to: temporary + "/" + name) }
            else { try copyDirectory(from, to: temporary + "/" + name, depth: 0) }
        }
        guard rename(temporary, path) == 0 || errno == EEXIST || errno == ENOTEMPTY else { throw Files.failure("copy /etc", path) }
    }

    /// Links and files that everybody may read; a private key beside a certificate stays where it is.
    private func copyDirectory(_ from: String, to target: String, depth: Int) throws {
        guard depth < Self.depthLimit else { return }
        try Self.makeDirectory(target)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: from)) ?? [] {
            let path = from + "/" + name, copy = target + "/" + name
            var info = stat()
            guard lstat(path, &info) == 0 else { continue }
            switch info.st_mode & S_IFMT {
            case S_IFLNK:
                guard let link = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { continue }
                // One that climbs would lead elsewhere from the copy's place.
                symlink(link.hasPrefix("..") ? from + "/" + link : link, copy)
            case S_IFDIR where info.st_mode & 0o005 == 0o005: try copyDirectory(path, to: copy, depth: depth + 1)
            case S_IFREG: if let content = try Self.content(path) { try Self.write(content, to: copy) }
            default: continue
            }
        }
    }

    /// nil for what is no file, not for everybody, too large, or a package index address with a password in it.
    private static func content(_ path: String) throws(MonoflowError) -> [UInt8]? {
        guard let info = info(path), info.st_mode & S_IFMT == S_IFREG, info.st_mode & 0o004 != 0, info.st_size <= sizeLimit else { return nil }
        let bytes = try Files.read(path, limit: sizeLimit)
        if path.hasSuffix("/pip.conf"), String(decoding: bytes, as: UTF8.self).firstMatch(of: /:\/\/[^\s\/]*@/) != nil { return nil }
        return bytes
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(MonoflowError) {
        let fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard fd >= 0 else { throw Files.failure("copy /etc", path) }
        defer { close(fd) }
        try Files.write(bytes, descriptor: fd, path: path)
        guard fchmod(fd, 0o644) == 0 else { throw Files.failure("copy /etc", path) }
    }

    /// Whatever the server's umask is, tasks have to read it.
    private static func makeDirectory(_ path: String) throws(MonoflowError) {
        try Files.makeDirectory(path)
        guard chmod(path, 0o755) == 0 else { throw Files.failure("copy /etc", path) }
    }

    private static func info(_ path: String) -> stat? {
        var info = stat()
        return stat(path, &info) == 0 ? info : nil
    }

    private static func isDirectory(_ info: stat) -> Bool { info.st_mode & S_IFMT == S_IFDIR }
}

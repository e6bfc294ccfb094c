import Core
import Foundation
import Processes
import Synchronization

/// One Python of the host.
public struct PythonInterpreter: Sendable, Equatable {
    /// The real program, not a shim, a link or a virtual environment's.
    public var path: String
    /// E.g. `3.11.7`.
    public var fullVersion: String
    /// `sys.base_prefix`: what a sandbox needs to see of it.
    public var basePrefix: String

    /// E.g. `3.11`.
    public var version: String { fullVersion.split(separator: ".").prefix(2).joined(separator: ".") }
    var minor: Int { Int(fullVersion.split(separator: ".").dropFirst().first ?? "") ?? 0 }
}

/// Finds the host's Pythons: PATH, /usr/bin, pyenv's and uv's directories.
public final class PythonInterpreters: Sendable {
    private let searchPath: String
    private let home: String
    private let forEveryone: Bool
    private let known = Mutex<[String: PythonInterpreter?]>([:])

    /// - Parameter forEveryone: leaves out those that other Unix users cannot reach, below a closed home directory for one.
    public init(searchPath: String, home: String, forEveryone: Bool = false) {
        self.forEveryone = forEveryone
        self.searchPath = searchPath + ":/usr/local/bin:/usr/bin:/bin"
        self.home = home
    }

    /// The Python of that version (`3.11`), else the nearest; nil asks for the default one. Runs programs: blocks for
    /// some milliseconds at the first call.
    /// - Throws: `failedPrecondition` where the host has no Python 3.
    public func find(version: String?) throws(MonoflowError) -> PythonInterpreter {
        if let version, version != "3" {
            if let exact = first(named: "python\(version)") { return exact }
            let wanted = Int(version.split(separator: ".").dropFirst().first ?? "") ?? 11
            // Newer before older at the same distance: packages drop old versions first.
            for distance in 1...12 {
                for minor in [wanted + distance, wanted - distance] where (7...30).contains(minor) {
                    if let near = first(named: "python3.\(minor)") { return near }
                }
            }
        }
        if let any = first(named: "python3") { return any }
        for minor in [11, 12, 13, 10, 14, 9, 8] { if let some = first(named: "python3.\(minor)") { return some } }
        throw MonoflowError(
            .failedPrecondition, "find Python", version ?? "3", "this machine has no Python 3", hint: "install python3 with the system's packages, or uv")
    }

    private func first(named name: String) -> PythonInterpreter? {
        if let answer = known.withLock({ $0[name] }) { return answer }
        let found = candidates(name).lazy.compactMap(inspect).first { name == "python3" || "python\($0.version)" == name }
        known.withLock { $0[name] = .some(found) }
        return found
    }

    private func candidates(_ name: String) -> [String] {
        var list = Executables.all(name, path: searchPath)
        let version = name.dropFirst("python".count)
        for (parent, prefix) in [(home + "/.pyenv/versions", ""), (home + "/.local/share/uv/python", "cpython-")] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            list += names.filter { $0.hasPrefix("\(prefix)\(version).") || $0 == prefix + version }
                .sorted { $0.compare($1, options: .numeric) == .orderedDescending }
                .map { "\(parent)/\($0)/bin/\(name)" }
        }
        var seen = Set<String>()
        return list.compactMap(Executables.realPath).filter { Executables.isNativeProgram($0) && seen.insert($0).inserted && (!forEveryone || Self.isForEveryone($0)) }
    }

    /// Whether others may run the program: it, and every directory above it.
    static func isForEveryone(_ path: String) -> Bool {
        var part = path
        while true {
            var info = stat()
            guard stat(part, &info) == 0, info.st_mode & S_IXOTH != 0 else { return false }
            if part == "/" { return true }
            part = SandboxPath.parent(part)
        }
    }

    private func inspect(_ path: String) -> PythonInterpreter? {
        let script = "import os, sys, ssl; print(os.path.realpath(sys._base_executable)); print('%d.%d.%d' % sys.version_info[:3]); print(sys.base_prefix)"
        guard let result = try? Command([path, "-I", "-c", script]).run(), result.status == 0 else { return nil }
        let lines = result.output.split(separator: "\n").map(String.init)
        guard lines.count == 3, lines[1].hasPrefix("3.") else { return nil }
        return PythonInterpreter(path: lines[0], fullVersion: lines[1], basePrefix: lines[2])
    }
}

import Core
import Foundation
import Tasks
import Yams

/// Reads the image table's YAML file:
///
///     images:
///       - match: registry.example/trainer:*     # or a list of patterns
///         python: "3.11"                        # `kind: host` for the host's own programs
///         requirements: [scikit-learn==1.5.0]
///         entrypoint: [python3, /app/main.py]
///         command: [--help]                     # default arguments
///         env: {OMP_NUM_THREADS: "2"}
///         workdir: /app
///         mounts: {/app: ./trainer}             # relative to this file
extension EnvironmentTable {
    /// - Parameter file: nil, or a file that does not exist, leaves the built-in entries alone.
    /// - Throws: `invalidArgument` naming the entry and the key.
    public static func load(file: String?) throws(MonoflowError) -> EnvironmentTable {
        guard let file, Files.exists(file) else { return EnvironmentTable(file: file) }
        let text = String(decoding: try Files.read(file, limit: 1 << 20), as: UTF8.self)
        let reader = EnvironmentFile(file: file)
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch {
            throw MonoflowError(.invalidArgument, "read environments", file, "\(error)".replacing("\n", with: " "))
        }
        guard let root else { return EnvironmentTable(file: file) }
        guard let list = root.mapping?["images"]?.sequence, root.mapping?.count == 1 else {
            throw MonoflowError(.invalidArgument, "read environments", file, "expected one key `images:` with a list")
        }
        var entries: [EnvironmentEntry] = []
        for (index, node) in list.enumerated() { entries.append(try reader.entry(node, number: index + 1)) }
        return EnvironmentTable(entries: entries, file: file)
    }
}

private struct EnvironmentFile {
    let file: String
    private static let keys: Set = ["match", "kind", "python", "requirements", "entrypoint", "command", "env", "workdir", "mounts"]

    func entry(_ node: Node, number: Int) throws(MonoflowError) -> EnvironmentEntry {
        guard let map = node.mapping else { throw wrong(number, "", "expected a mapping") }
        var fields: [String: Node] = [:]
        for (key, value) in map {
            guard let name = key.scalar?.string, Self.keys.contains(name) else {
                throw wrong(number, key.scalar?.string ?? "?", "unknown key")
            }
            fields[name] = value
        }
        let match = try strings(fields["match"], "match", number)
        guard !match.isEmpty else { throw wrong(number, "match", "missing") }
        let requirements = try strings(fields["requirements"], "requirements", number)
        // The scalar's own text: as a number, 3.10 would be 3.1.
        let version = fields["python"]?.scalar?.string
        if let version, version.wholeMatch(of: /3(\.\d+)?/) == nil { throw wrong(number, "python", "expected a version such as \"3.11\"") }
        let word = fields["kind"]?.scalar?.string ?? (fields["python"] != nil || !requirements.isEmpty ? "python" : "host")
        let kind: EnvironmentEntry.Kind
        switch word {
        case "host" where version == nil && requirements.isEmpty: kind = .host
        case "python": kind = .python(version: version == "3" ? nil : version, requirements: requirements)
        default: throw wrong(number, "kind", "expected `host` (without python and requirements) or `python`")
        }
        return EnvironmentEntry(
            match: match, kind: kind, entrypoint: try strings(fields["entrypoint"], "entrypoint", number),
            command: try strings(fields["command"], "command", number),
            env: try pairs(fields["env"], "env", number).map { EnvironmentVariable($0.0, $0.1) },
            workingDirectory: fields["workdir"]?.scalar?.string, mounts: try mounts(fields["mounts"], number))
    }

    private func mounts(_ node: Node?, _ number: Int) throws(MonoflowError) -> [String: String] {
        var result: [String: String] = [:]
        let base = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
        for (target, source) in try pairs(node, "mounts", number) {
            guard target.hasPrefix("/"), target != "/" else { throw wrong(number, "mounts", "\(target) is not an absolute path") }
            let path = source.hasPrefix("/") ? source : base + "/" + source
            guard let resolved = realpath(path, nil) else { throw wrong(number, "mounts", "\(path) does not exist") }
            result[target] = String(cString: resolved)
            free(resolved)
        }
        return result
    }

    private func strings(_ node: Node?, _ key: String, _ number: Int) throws(MonoflowError) -> [String] {
        guard let node, node.scalar?.string != "" else { return [] }
        if let one = node.scalar?.string { return [one] }
        var result: [String] = []
        for item in node.sequence ?? [] {
            guard let text = item.scalar?.string else { throw wrong(number, key, "expected texts") }
            result.append(text)
        }
        guard node.sequence != nil else { throw wrong(number, key, "expected a list") }
        return result
    }

    private func pairs(_ node: Node?, _ key: String, _ number: Int) throws(MonoflowError) -> [(String, String)] {
        guard let node else { return [] }
        guard let map = node.mapping else { throw wrong(number, key, "expected a mapping") }
        var result: [(String, String)] = []
        for (name, value) in map {
            guard let name = name.scalar?.string, let value = value.scalar?.string else { throw wrong(number, key, "expected texts") }
            result.append((name, value))
        }
        return result
    }

    private func wrong(_ number: Int, _ key: String, _ message: String) -> MonoflowError {
        MonoflowError(.invalidArgument, "read environments", "\(file), entry \(number)\(key.isEmpty ? "" : ", \(key)")", message)
    }
}

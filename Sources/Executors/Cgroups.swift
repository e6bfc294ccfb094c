import Core
import Foundation

/// Control groups for tasks that name a memory limit, version 1 or 2, where this process may make them.
struct Cgroups: Sendable {
    /// `…/monoflow` directories in which a task's group is made: one for version 2, one per controller for version 1.
    private let parents: [String]
    private let isVersion2: Bool

    var isAvailable: Bool { !parents.isEmpty }

    static func detect() -> Cgroups {
        let own = (try? Files.read("/proc/self/cgroup", limit: 1 << 16)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let mounts = (try? Files.read("/proc/self/mounts", limit: 4 << 20)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        var version1: [String: String] = [:], version2: String?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 3 else { continue }
            if fields[2] == "cgroup2" { version2 = version2 ?? String(fields[1]) }
            if fields[2] == "cgroup" { for option in fields[3].split(separator: ",") { version1[String(option)] = String(fields[1]) } }
        }
        // Lines are `id:controllers:path`; version 2 names no controllers.
        func place(_ controller: String) -> String? {
            for line in own.split(separator: "\n") {
                let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
                guard fields.count == 3 else { continue }
                if fields[1] == controller || fields[1].split(separator: ",").contains(Substring(controller)) { return String(fields[2]) }
            }
            return nil
        }
        var parents: [String] = []
        for controller in ["memory", "pids"] {
            guard let mount = version1[controller], let path = place(controller), let parent = make(mount + path) else { continue }
            parents.append(parent)
        }
        if parents.contains(where: { Files.exists($0 + "/memory.limit_in_bytes") }) { return Cgroups(parents: parents, isVersion2: false) }
        if let mount = version2, let path = place(""), let parent = make(mount + path) {
            // The kernel refuses this while processes sit in the group itself, unless it is the root or was delegated.
            for group in [mount + path, parent] { try? set("+memory +pids", group + "/cgroup.subtree_control") }
            let given = (try? Files.read(parent + "/cgroup.subtree_control", limit: 4096)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            if given.contains("memory") { return Cgroups(parents: [parent], isVersion2: true) }
        }
        return Cgroups(parents: [], isVersion2: false)
    }

    /// Makes the task's groups with their limits. - Returns: their directories, for the supervisor to enter and remove.
    func make(taskID: String, memoryBytes: Int64) -> [String] {
        var made: [String] = []
        for parent in parents {
            let group = parent + "/" + taskID
            guard mkdir(group, 0o755) == 0 || errno == EEXIST else { continue }
            if isVersion2 {
                try? Self.set("\(memoryBytes)", group + "/memory.max")
                try? Self.set("1", group + "/memory.oom.group")
                try? Self.set("0", group + "/memory.swap.max")
            } else {
                try? Self.set("\(memoryBytes)", group + "/memory.limit_in_bytes")
                try? Self.set("\(memoryBytes)", group + "/memory.memsw.limit_in_bytes")
            }
            try? Self.set("16384", group + "/pids.max")
            made.append(group)
        }
        return made
    }

    private static func make(_ own: String) -> String? {
        let path = (own == "/" ? "" : own.hasSuffix("/") ? String(own.dropLast()) : own) + "/monoflow"
        return mkdir(path, 0o755) == 0 || errno == EEXIST ? path : nil
    }

    private static func set(_ value: String, _ path: String) throws(MonoflowError) {
        let fd = open(path, O_WRONLY | O_CLOEXEC)
        guard fd >= 0 else { throw Files.failure("write", path) }
        defer { close(fd) }
        try Files.write(Array(value.utf8), descriptor: fd, path: path)
    }
}

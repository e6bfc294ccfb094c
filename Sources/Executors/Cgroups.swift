import Core
import Foundation
import Tasks

/// Control groups, version 1 or 2, where this process may make them: `monoflow/ns-NAMESPACE/TASK` below its own group. Namespaces share
/// the cores by weight, whatever the number of their processes; within one, so do its tasks, and each keeps its own limits.
struct Cgroups: Sendable {
    /// How groups are made and their files written; tests put plain directories in the kernel's place.
    struct Kernel: Sendable {
        /// Makes the group, or finds it. - Returns: whether it is there.
        var make: @Sendable (_ group: String) -> Bool
        /// What cannot be written is not held, as if there were no group.
        var write: @Sendable (_ value: String, _ path: String) -> Void
    }

    /// `…/monoflow` by controller; in version 2 it is the same directory for each.
    private let parents: [Controller: String]
    let version: Int?
    private let kernel: Kernel

    enum Controller: String, CaseIterable { case cpu, memory, pids }

    var holdsMemory: Bool { parents[.memory] != nil }
    var holdsCPU: Bool { parents[.cpu] != nil }
    var control: ResourceControl { ResourceControl(cgroupVersion: version, cpuWeights: holdsCPU, cpuLimits: holdsCPU, memoryLimits: holdsMemory) }

    static func detect() -> Cgroups {
        func text(_ path: String, _ limit: Int) -> String { (try? Files.read(path, limit: limit)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
        return detect(own: text("/proc/self/cgroup", 1 << 16), mounts: text("/proc/self/mounts", 4 << 20), cores: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// - Parameters:
    ///   - own: `/proc/self/cgroup`: lines `id:controllers:path`; version 2 names no controllers.
    ///   - mounts: `/proc/self/mounts`.
    static func detect(own: String, mounts: String, cores: Int, kernel: Kernel = .linux) -> Cgroups {
        var version1: [String: String] = [:], version2: String?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 3 else { continue }
            if fields[2] == "cgroup2" { version2 = version2 ?? String(fields[1]) }
            if fields[2] == "cgroup" { for option in fields[3].split(separator: ",") { version1[String(option)] = String(fields[1]) } }
        }
        func place(_ controller: String) -> String? {
            for line in own.split(separator: "\n") {
                let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
                guard fields.count == 3 else { continue }
                if fields[1] == controller || fields[1].split(separator: ",").contains(Substring(controller)) { return String(fields[2]) }
            }
            return nil
        }
        /// `monoflow` below this process's own group; nil where it cannot be made.
        func parent(_ mount: String, _ path: String) -> String? {
            let group = mount + (path == "/" ? "" : path) + "/monoflow"
            return kernel.make(group) ? group : nil
        }
        var parents: [Controller: String] = [:]
        for (controller, file) in [(Controller.cpu, "cpu.shares"), (.memory, "memory.limit_in_bytes"), (.pids, "cgroup.procs")] {
            guard let mount = version1[controller.rawValue], let path = place(controller.rawValue), let group = parent(mount, path),
                Files.exists(group + "/" + file)
            else { continue }
            parents[controller] = group
        }
        if parents[.cpu] != nil || parents[.memory] != nil {
            let found = Cgroups(parents: parents, version: 1, kernel: kernel)
            if let cpu = parents[.cpu] {
                // A group counts as one process of its weight on each core; with a core's weight for each it is no worse off than its processes were.
                kernel.write("\(min(1024 * cores, 262_144))", cpu + "/cpu.shares")
            }
            found.sweep()
            return found
        }
        guard let mount = version2, let path = place(""), let group = parent(mount, path) else { return none }
        // The kernel refuses this while processes sit in the group itself, unless it is the root or was delegated.
        enable(mount + (path == "/" ? "" : path), kernel)
        enable(group, kernel)
        let given = enabled(group)
        for controller in Controller.allCases where given.contains(controller.rawValue) { parents[controller] = group }
        guard parents[.cpu] != nil || parents[.memory] != nil else { return none }
        if parents[.cpu] != nil { kernel.write("\(min(100 * cores, 10_000))", group + "/cpu.weight") }
        let found = Cgroups(parents: parents, version: 2, kernel: kernel)
        found.sweep()
        return found
    }

    static let none = Cgroups(parents: [:], version: nil, kernel: .linux)

    // MARK: Groups

    /// Makes the task's groups with their limits. - Returns: their directories, for the supervisor to enter and remove.
    func make(taskID: String, namespace: String, weight: Int, resources: ResourceRequest) -> [String] {
        var wanted: [Controller] = []
        if parents[.cpu] != nil { wanted.append(.cpu) }
        if resources.memoryLimitBytes > 0 { wanted += [.memory, .pids] }
        var made: [String] = []
        for parent in Set(wanted.compactMap { parents[$0] }).sorted() {
            let outer = Self.group(of: namespace, in: parent), group = outer + "/" + taskID
            // Another server may have swept the namespace's group away in between.
            guard (0..<3).contains(where: { _ in kernel.make(outer) && kernel.make(group) }) else { continue }
            if version == 2 { Self.enable(outer, kernel) }
            if parent == parents[.cpu] {
                setWeight(weight, namespace: namespace)
                setCPULimit(resources.cpuLimitMillis, group)
            }
            if parent == parents[.memory], resources.memoryLimitBytes > 0 { setMemoryLimit(resources.memoryLimitBytes, group) }
            if parent == parents[.pids], resources.memoryLimitBytes > 0 { kernel.write("16384", group + "/pids.max") }
            made.append(group)
        }
        return made
    }

    /// The namespace's weight, where it has a group; the next one that is made gets it from `make`.
    func setWeight(_ weight: Int, namespace: String) {
        guard let parent = parents[.cpu] else { return }
        let group = Self.group(of: namespace, in: parent)
        let (file, share) = version == 2 ? ("cpu.weight", min(100 * weight, 10_000)) : ("cpu.shares", min(1024 * weight, 262_144))
        kernel.write("\(share)", group + "/" + file)
    }

    private func setCPULimit(_ millis: Int, _ group: String) {
        guard millis > 0 else { return }
        // Microseconds of each 100 ms; the kernel takes no less than 1 ms.
        let quota = max(1000, min(millis, 1 << 30) * 100)
        if version == 2 { return kernel.write("\(quota) 100000", group + "/cpu.max") }
        kernel.write("100000", group + "/cpu.cfs_period_us")
        kernel.write("\(quota)", group + "/cpu.cfs_quota_us")
    }

    private func setMemoryLimit(_ bytes: Int64, _ group: String) {
        if version == 2 {
            kernel.write("\(bytes)", group + "/memory.max")
            kernel.write("1", group + "/memory.oom.group")
            kernel.write("0", group + "/memory.swap.max")
        } else {
            kernel.write("\(bytes)", group + "/memory.limit_in_bytes")
            kernel.write("\(bytes)", group + "/memory.memsw.limit_in_bytes")
        }
    }

    /// The prefix keeps a namespace apart from the kernel's own files, such as `tasks`.
    private static func group(of namespace: String, in parent: String) -> String { parent + "/ns-" + namespace }

    /// Removes the groups of namespaces that have no task left. The kernel refuses the others.
    private func sweep() {
        for parent in Set(parents.values) {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            for name in names where name.hasPrefix("ns-") { rmdir(parent + "/" + name) }
        }
    }

    private static func enabled(_ group: String) -> Set<String> {
        let text = (try? Files.read(group + "/cgroup.subtree_control", limit: 4096)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return Set(text.split { $0 == " " || $0 == "\n" }.map(String.init))
    }

    /// One at a time: a controller that the machine lacks must not take the others along.
    private static func enable(_ group: String, _ kernel: Kernel) {
        for controller in Controller.allCases { kernel.write("+" + controller.rawValue, group + "/cgroup.subtree_control") }
    }
}

extension Cgroups.Kernel {
    static let linux = Cgroups.Kernel(
        make: { mkdir($0, 0o755) == 0 || errno == EEXIST },
        write: { value, path in
            let fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
            guard fd >= 0 else { return }
            defer { close(fd) }
            try? Files.write(Array(value.utf8), descriptor: fd, path: path)
        })
}

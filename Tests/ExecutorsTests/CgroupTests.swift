import Core
import Foundation
import Tasks
import Testing

@testable import Executors

/// A directory that looks like a machine's control groups: making a group makes its files, as the kernel does.
private final class FakeHierarchy: Sendable {
    let root: String
    let isVersion2: Bool
    let controllers: [String]

    init(version2: Bool, controllers: [String] = ["cpu", "memory", "pids"]) throws {
        root = "/tmp/monoflow-cgroups-" + Identifiers.random()
        isVersion2 = version2
        self.controllers = controllers
        for directory in version2 ? [""] : controllers.map({ "/" + $0 }) { try Files.makeDirectory(root + directory + "/own") }
        if version2 { for directory in ["", "/own"] { fill(root + directory) } }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    var own: String { isVersion2 ? "0::/own\n" : controllers.enumerated().map { "\($0.offset + 1):\($0.element):/own\n" }.joined() }
    var mounts: String {
        isVersion2 ? "cgroup2 \(root) cgroup2 rw 0 0\n" : controllers.map { "cgroup \(root)/\($0) cgroup rw,\($0) 0 0\n" }.joined()
    }

    func detect(cores: Int = 4) -> Cgroups {
        let kernel = Cgroups.Kernel(
            make: { [self] path in
                if Files.exists(path) { return true }
                guard mkdir(path, 0o755) == 0 else { return false }
                fill(path)
                return true
            },
            write: { [self] value, path in
                guard Files.exists(path) else { return }
                var text = value
                if path.hasSuffix("/cgroup.subtree_control") {
                    let given = (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
                    guard controllers.contains(String(value.dropFirst())), !given.contains(value.dropFirst()) else { return }
                    text = given + value.dropFirst() + " "
                }
                try? Files.writeAtomically(Array(text.utf8), to: path)
            })
        return Cgroups.detect(own: own, mounts: mounts, cores: cores, kernel: kernel)
    }

    private func fill(_ path: String) {
        let files: [String]
        if isVersion2 {
            files = ["cgroup.procs", "cgroup.subtree_control", "cpu.weight", "cpu.max", "memory.max", "memory.oom.group", "memory.swap.max", "pids.max"]
        } else {
            let all = [
                "cpu": ["cpu.shares", "cpu.cfs_period_us", "cpu.cfs_quota_us"], "memory": ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"],
                "pids": ["pids.max"],
            ]
            files = ["cgroup.procs"] + (controllers.first { path.hasPrefix("\(root)/\($0)/") }.flatMap { all[$0] } ?? [])
        }
        for file in files { try? Files.writeAtomically([], to: path + "/" + file) }
    }

    func text(_ path: String) -> String? { (try? Files.read(root + "/" + path)).map { String(decoding: $0, as: UTF8.self) } }
}

@Suite struct CgroupTests {
    private let limited = ResourceRequest(cpuLimitMillis: 1500, memoryLimitBytes: 1 << 20)

    @Test func version1() throws {
        let fake = try FakeHierarchy(version2: false), groups = fake.detect()
        #expect(groups.control == ResourceControl(cgroupVersion: 1, cpuWeights: true, cpuLimits: true, memoryLimits: true))
        #expect(fake.text("cpu/own/monoflow/cpu.shares") == "4096")
        let plain = groups.make(taskID: "t1", namespace: "tasks", weight: 3, resources: ResourceRequest())
        #expect(plain == [fake.root + "/cpu/own/monoflow/ns-tasks/t1"], "no limit, no group for it; and no kernel file's name")
        #expect(fake.text("cpu/own/monoflow/ns-tasks/cpu.shares") == "3072")
        #expect(fake.text("cpu/own/monoflow/ns-tasks/t1/cpu.cfs_quota_us") == "")
        let made = groups.make(taskID: "t2", namespace: "a", weight: 1, resources: limited)
        #expect(made == ["cpu", "memory", "pids"].map { fake.root + "/\($0)/own/monoflow/ns-a/t2" })
        #expect(fake.text("cpu/own/monoflow/ns-a/cpu.shares") == "1024")
        #expect(fake.text("cpu/own/monoflow/ns-a/t2/cpu.cfs_period_us") == "100000")
        #expect(fake.text("cpu/own/monoflow/ns-a/t2/cpu.cfs_quota_us") == "150000")
        #expect(fake.text("memory/own/monoflow/ns-a/t2/memory.limit_in_bytes") == "1048576")
        #expect(fake.text("memory/own/monoflow/ns-a/t2/memory.memsw.limit_in_bytes") == "1048576")
        #expect(fake.text("pids/own/monoflow/ns-a/t2/pids.max") == "16384")
        groups.setWeight(100, namespace: "a")
        #expect(fake.text("cpu/own/monoflow/ns-a/cpu.shares") == "102400")
        groups.setWeight(7, namespace: "absent")
        #expect(fake.text("cpu/own/monoflow/ns-absent/cpu.shares") == nil)
    }

    @Test func version2() throws {
        let fake = try FakeHierarchy(version2: true), groups = fake.detect()
        #expect(groups.control == ResourceControl(cgroupVersion: 2, cpuWeights: true, cpuLimits: true, memoryLimits: true))
        #expect(fake.text("own/monoflow/cpu.weight") == "400")
        let made = groups.make(taskID: "t1", namespace: "a", weight: 2, resources: limited)
        #expect(made == [fake.root + "/own/monoflow/ns-a/t1"])
        #expect(fake.text("own/monoflow/ns-a/cpu.weight") == "200" && fake.text("own/monoflow/ns-a/cgroup.subtree_control") == "cpu memory pids ")
        #expect(fake.text("own/monoflow/ns-a/t1/cpu.max") == "150000 100000")
        #expect(fake.text("own/monoflow/ns-a/t1/memory.max") == "1048576")
        #expect(fake.text("own/monoflow/ns-a/t1/memory.swap.max") == "0" && fake.text("own/monoflow/ns-a/t1/pids.max") == "16384")
        groups.setWeight(100, namespace: "a")
        #expect(fake.text("own/monoflow/ns-a/cpu.weight") == "10000")
        // The kernel takes no quota below 1 ms.
        _ = groups.make(taskID: "t2", namespace: "a", weight: 1, resources: ResourceRequest(cpuLimitMillis: 1))
        #expect(fake.text("own/monoflow/ns-a/t2/cpu.max") == "1000 100000" && fake.text("own/monoflow/ns-a/t2/memory.max") == "")
    }

    @Test(arguments: [false, true]) func withoutTheControllerOfCores(version2: Bool) throws {
        let fake = try FakeHierarchy(version2: version2, controllers: ["memory", "pids"]), groups = fake.detect()
        #expect(groups.control == ResourceControl(cgroupVersion: version2 ? 2 : 1, memoryLimits: true))
        #expect(groups.make(taskID: "t", namespace: "a", weight: 2, resources: ResourceRequest(cpuLimitMillis: 100)) == [])
        #expect(groups.make(taskID: "t", namespace: "a", weight: 2, resources: limited).count == (version2 ? 1 : 2))
    }

    @Test func whereNothingCanBeMadeNothingIsSaid() throws {
        for version2 in [false, true] {
            let fake = try FakeHierarchy(version2: version2)
            let groups = Cgroups.detect(own: fake.own, mounts: fake.mounts, cores: 1, kernel: .init(make: { _ in false }, write: { _, _ in }))
            #expect(groups.control == ResourceControl())
            #expect(groups.make(taskID: "t", namespace: "a", weight: 1, resources: limited) == [])
        }
        #expect(Cgroups.detect(own: "", mounts: "", cores: 1).control == ResourceControl())
    }

    @Test func groupsThatAreEmptyAreSweptAtTheStart() throws {
        let fake = try FakeHierarchy(version2: false), parent = fake.root + "/cpu/own/monoflow"
        _ = fake.detect()
        // On a real hierarchy the files of a group do not keep it from being removed; here there are none.
        for name in ["ns-gone", "ns-used", "other"] { try Files.makeDirectory("\(parent)/\(name)") }
        try Files.makeDirectory(parent + "/ns-used/task")
        _ = fake.detect()
        #expect(!Files.exists(parent + "/ns-gone") && Files.exists(parent + "/ns-used/task") && Files.exists(parent + "/other"))
    }

    // MARK: On this machine

    @Test func aTaskRunsInItsNamespacesGroup() async throws {
        guard let level = Workbench.sandboxed.first else { return }
        let bench = try await Workbench(level)
        guard bench.executor.cgroups.holdsCPU else { return print("skipped: no control group with cpu can be made here") }
        let namespace = "cg" + Identifiers.random().prefix(8).lowercased()
        bench.executor.setWeight(2, namespace: namespace)
        let task = bench.task("echo ready > /signal; cat /signal", namespace: namespace) { $0.resources.cpuLimitMillis = 500 }
        try await bench.executor.prepare(task)
        try bench.makeSignal(task)
        let handle = try await bench.executor.start(task)
        #expect(try await bench.signal(task) == "ready")
        let group = try #require(bench.executor.cgroups.make(taskID: task.id, namespace: namespace, weight: 2, resources: task.spec.resources).first)
        func text(_ path: String) -> String { (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .newlines) } ?? "" }
        let inside = text(group + "/cgroup.procs").split(separator: "\n")
        #expect(inside.count >= 2, "the sandbox and the command are in the task's group")
        let outer = (group as NSString).deletingLastPathComponent
        if bench.executor.cgroups.version == 2 {
            #expect(text(outer + "/cpu.weight") == "200" && text(group + "/cpu.max") == "50000 100000")
        } else {
            #expect(text(outer + "/cpu.shares") == "2048" && text(group + "/cpu.cfs_quota_us") == "50000")
        }
        bench.executor.stop(handle)
        _ = await bench.executor.wait(handle)
        #expect(!Files.exists(group), "it went with the task")
        rmdir(outer)
    }

    /// Two cores' worth of work within half a core: the kernel makes it wait.
    @Test func aLimitOfCoresHolds() async throws {
        guard let level = Workbench.sandboxed.first else { return }
        let bench = try await Workbench(level)
        guard bench.executor.cgroups.holdsCPU else { return print("skipped: no control group with cpu can be made here") }
        let task = bench.task("for i in 1 2; do timeout 1 sh -c 'while :; do :; done' & done; wait") { $0.resources.cpuLimitMillis = 100 }
        let exit = try await bench.run(task)
        let seconds = try #require(exit.cpuSeconds)
        #expect(exit.succeeded && seconds < 0.7, "\(seconds) s of CPU in about a second; without the limit it is 1 or more")
    }

    /// Six busy tasks of one namespace and one of another, all on one core, which they get by weight and not by number.
    @Test(.serialized, arguments: [(1, 1), (1, 4)]) func namespacesShareTheCores(weightOfMany: Int, weightOfOne: Int) async throws {
        guard let level = Workbench.sandboxed.first else { return }
        let bench = try await Workbench(level)
        guard bench.executor.cgroups.holdsCPU else { return print("skipped: no control group with cpu can be made here") }
        let suffix = Identifiers.random().prefix(8).lowercased(), many = "many-" + suffix, one = "one-" + suffix
        bench.executor.setWeight(weightOfMany, namespace: many)
        bench.executor.setWeight(weightOfOne, namespace: one)
        let core = try #require(Self.firstCore())
        let loop = "taskset -c \(core) sh -c 'echo runs > /signal; while :; do :; done'"
        let tasks = (0..<6).map { _ in bench.task(loop, namespace: many) } + [bench.task(loop, namespace: one)]
        var handles: [TaskHandle] = []
        for task in tasks {
            try await bench.executor.prepare(task)
            try bench.makeSignal(task)
            handles.append(try await bench.executor.start(task))
            #expect(try await bench.signal(task) == "runs")
        }
        let groups = try tasks.map { task in
            let weight = bench.executor.weight(of: task.namespace)
            return try #require(bench.executor.cgroups.make(taskID: task.id, namespace: task.namespace, weight: weight, resources: .init()).first)
        }
        let before = groups.map(Self.ticks)
        var used: [Int] = []
        // Until there is enough to compare; the machine may be busy with other things.
        for _ in 0..<100 {
            try await Task.sleep(for: .milliseconds(200))
            used = zip(groups.map(Self.ticks), before).map { $0.0 - $0.1 }
            if used.reduce(0, +) >= 150 { break }
        }
        for handle in handles { bench.executor.stop(handle) }
        for handle in handles { _ = await bench.executor.wait(handle) }
        let ofMany = used.dropLast().reduce(0, +), ratio = Double(ofMany) / Double(max(used[6], 1)), due = Double(weightOfMany) / Double(weightOfOne)
        #expect(ofMany > 5 && ratio > due / 2.5 && ratio < due * 2.5, "\(used) ticks; without weights the first six have six times as much")
        for namespace in [many, one] {
            for group in bench.executor.cgroups.make(taskID: "x", namespace: namespace, weight: 1, resources: .init()) {
                rmdir(group)
                rmdir((group as NSString).deletingLastPathComponent)
            }
        }
    }

    /// Clock ticks of CPU that the group's live processes have used.
    private static func ticks(_ group: String) -> Int {
        func text(_ path: String) -> String { (try? Files.read(path)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
        return text(group + "/cgroup.procs").split(separator: "\n").reduce(0) { sum, pid in
            // After the name in parentheses: state is the first field, user and system time the twelfth and thirteenth.
            let fields = (text("/proc/\(pid)/stat").split(separator: ")").last ?? "").split(separator: " ")
            return fields.count > 12 ? sum + (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0) : sum
        }
    }

    /// The first core that this process may use.
    private static func firstCore() -> Int? {
        let status = (try? Files.read("/proc/self/status")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return status.firstMatch(of: /Cpus_allowed_list:\s*([0-9]+)/).flatMap { Int($0.1) }
    }
}

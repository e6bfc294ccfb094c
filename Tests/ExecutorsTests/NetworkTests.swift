import Core
import Foundation
import Tasks
import Testing

@testable import Executors

/// Networks of namespaces; what needs a whole server is in the end-to-end tests.
@Suite struct NetworkTests {
    /// A task that tells its network namespace.
    private let show = "readlink /proc/self/ns/net"

    @Test(arguments: Workbench.sandboxed) func aNamespaceHasOneNetwork(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level, network: .namespace)
        #expect(bench.executor.network.kind == .namespace && bench.executor.network.canSeparate)
        var seen: [String] = []
        for namespace in ["one", "one", "two"] {
            let task = bench.task(show, namespace: namespace)
            #expect(try await bench.run(task).succeeded, "\(bench.log(task))")
            seen.append(bench.log(task))
        }
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net") + "\n"
        #expect(seen[0] == seen[1] && Set(seen + [own]).count == 3, "\(seen) \(own)")
        // As a restarted server finds it.
        let restarted = try await bench.restarted()
        let again = bench.task(show, namespace: "one")
        try await restarted.prepare(again)
        #expect(await restarted.wait(try await restarted.start(again)).succeeded)
        #expect(bench.log(again) == seen[0])
    }

    @Test(arguments: Workbench.sandboxed) func withoutEgressTheHostIsOutOfReach(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        var task = bench.task("\(show); ls /sys/class/net 2>/dev/null; tail -n +3 /proc/net/dev | wc -l")
        task.allowsEgress = false
        #expect(try await bench.run(task).succeeded, "\(bench.log(task))")
        // Loopback alone.
        #expect(bench.log(task).hasSuffix("\n1\n"), "\(bench.log(task))")
    }

    @Test func manyAskForANetworkAtOnce() async throws {
        guard let level = Workbench.sandboxed.first else { return }
        let bench = try await Workbench(level)
        let places = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 {
                group.addTask { try await bench.executor.networks.join("one", index: 1, port: 8080, egress: false).place }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(places.count == 1)
    }

    @Test func anAmbiguousRecordIsNoNetwork() async throws {
        guard let level = Workbench.sandboxed.first else { return }
        let bench = try await Workbench(level)
        let directory = bench.data + "/net/one"
        let join = try await bench.executor.networks.join("one", index: 1, port: 8080, egress: false)
        // The claim of a process that lives but holds no network, as after a process id was used again.
        let boot = try #require(join.place.split(separator: ":").count == 3 ? try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8) : nil)
        try Files.writeAtomically(Array("boot=\(boot.trimmingCharacters(in: .newlines))\npid=1\nstart=0\n".utf8), to: directory + "/claim")
        #expect(try NetworkHolder.find(directory, bench.executor.supervisor) == nil)
        try Files.writeAtomically(Array("net=x\n".utf8), to: directory + "/network")
        #expect(try StepRecord(path: directory + "/network")?.network == nil)
    }

    @Test func aTaskThatFindsAnotherProcessDoesNotStart() async throws {
        guard let level = Workbench.sandboxed.first else { return }
        let bench = try await Workbench(level)
        let task = bench.task("echo ran")
        try await bench.executor.prepare(task)
        let join = try await bench.executor.networks.join("one", index: 1, port: 8080, egress: false)
        let place = join.place.split(separator: ":")
        let wrong = NetworkJoin(place: "\(getpid()):\(place[1]):\(place[2])", lock: join.lock, serverURL: join.serverURL)
        let launch = try bench.executor.launch(task, directory: try bench.executor.directory(task.id), network: wrong)
        await (try bench.executor.supervisor.start(launch)).1.wait()
        let handle = try #require(try bench.executor.recover(taskID: task.id))
        let exit = await bench.executor.wait(handle)
        #expect(exit.reason == .startFailed && !bench.log(task).contains("ran"), "\(exit) \(bench.log(task))")
    }

    @Test func userIDsFitTheUserNamespace() throws {
        for (map, expected) in [
            ("         0          0 4294967295\n", 200_000), ("0 100000 65536\n", 30_000), ("0 1000 1\n", 200_000), ("0 1000 1\n1 100000 65536\n", 30_000), ("", 200_000),
        ] {
            let path = "/tmp/monoflow-map-" + Identifiers.random()
            defer { unlink(path) }
            try Files.writeAtomically(Array(map.utf8), to: path)
            #expect(UserRange.first(preferred: 200_000, map: path) == UInt32(expected), "\(map)")
        }
    }

    @Test func nameServersOnLoopbackAreNotReachable() throws {
        for (text, expected) in [
            ("nameserver 127.0.0.53\n", false), ("nameserver 192.0.2.1\n", true), ("# nameserver 192.0.2.1\nsearch x\n", false), ("nameserver ::1\n", false),
            ("nameserver 127.0.0.1\nnameserver\t192.0.2.1\n", true), ("", false),
        ] {
            let path = "/tmp/monoflow-resolv-" + Identifiers.random()
            defer { unlink(path) }
            try Files.writeAtomically(Array(text.utf8), to: path)
            #expect(NameServers.areReachable(path) == expected, "\(text)")
        }
    }

    @Test(arguments: Workbench.asRoot) func whereNothingMountsFilesAreRestricted(_ level: IsolationLevel) async throws {
        guard Workbench.levels.contains(.restricted) else { return }
        let bench = try await Workbench(.restricted)
        let other = bench.task("echo secret > secret; chmod 644 secret", namespace: "two")
        #expect(try await bench.run(other).succeeded, "\(bench.log(other))")
        for path in ["\(bench.data)/tasks/\(other.id)/root/secret", "\(bench.data)/namespace-users.json", "/etc/shadow", "/home", "/dev/shm", "/var/log"] {
            let task = bench.task("if [ -d \(path) ]; then ls \(path); else cat \(path); fi > out 2>&1 && echo reached || echo blocked", namespace: "one")
            try await bench.run(task)
            #expect(bench.log(task) == "blocked\n", "\(path)")
        }
        let task = bench.task("id -u; echo x > tmp/t && cat tmp/t; chmod 777 \(bench.data)/namespace-users.json 2>/dev/null || echo kept; cat /etc/hosts > /dev/null && echo hosts", namespace: "one")
        #expect(try await bench.run(task).succeeded, "\(bench.log(task))")
        #expect(bench.log(task) == "\(200_002)\nx\nkept\nhosts\n")
    }
}

import CLinux
import Core
import Foundation
import Tasks
import Testing

@testable import Executors

@Suite struct IsolationTests {
    /// Runs a script that has to print `blocked` where it was kept out.
    private func expectBlocked(_ bench: Workbench, _ script: String, network: Bool = true) async throws {
        let task = bench.task("(\(script)) >/tmp/out 2>&1 && { echo reached; cat /tmp/out; } || echo blocked") { $0.network = network }
        try await bench.run(task)
        #expect(bench.log(task) == "blocked\n", "\(script)")
    }

    @Test(arguments: Workbench.sandboxed) func theHostIsOutOfReach(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        for script in [
            "ls \(bench.data)", "cat \(bench.data)/namespace-users.json", "ls /root/.ssh", "cat /etc/shadow", "ls /work", "touch /usr/x", "touch /bin/x",
            "echo x > /etc/ssl/certs/x", "mount -t tmpfs none /mnt", "chown 12345 /tmp", "test -e /proc/\(getpid())/fd && ls /proc/\(getpid())/fd",
            "cat /proc/1/environ", "cat /sys/class/net/eth0/address", "kill -9 1; test ! -e /proc/1", "ls /dev/disk || ls /dev/vda", "mknod /tmp/n c 1 3",
            "ls /proc/1/root/", "dmesg", "unshare -n true",
        ] { try await expectBlocked(bench, script) }
    }

    @Test(arguments: Workbench.sandboxed) func theRootIsPrivateAndWritable(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let task = bench.task("id -u; echo x > /output.txt; mkdir -p /gcs/a /minio/b /root/.cache /dev/shm/x; echo > /tmp/t; ls -d /proc/[0-9]* | wc -l; cat /proc/self/status | grep CapEff; ls /proc/self/fd | wc -l; getent passwd 0 | cut -d: -f1")
        #expect(try await bench.run(task).succeeded)
        let lines = bench.log(task).split(separator: "\n")
        #expect(lines.first == (bench.executor.mode.mapsRoot ? "0" : "\(geteuid())"))
        // Init, the shell, ls and wc: nobody else's processes.
        #expect(Int(lines[1].trimmingCharacters(in: .whitespaces)).map { $0 <= 4 } == true)
        #expect(lines[2] == "CapEff:\t0000000000000000")
        #expect(lines[3].trimmingCharacters(in: .whitespaces) == "4")
        #expect(lines[4] == "root")
    }

    @Test(arguments: Workbench.asRoot) func namespacesHaveUsersOfTheirOwn(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let one = bench.task("echo > /f", namespace: "one"), two = bench.task("echo > /f", namespace: "two")
        try await bench.run(one)
        try await bench.run(two)
        let owners = try [one, two].map { task in
            try FileManager.default.attributesOfItem(atPath: "\(bench.data)/tasks/\(task.id)/root/f")[.ownerAccountID] as? UInt32
        }
        #expect(owners == [200_001, 200_002])
        let restarted = try await bench.restarted()
        #expect(try restarted.users.user(of: "two").uid == 200_002 && restarted.users.user(of: "three").uid == 200_003)
    }

    @Test(arguments: Workbench.sandboxed) func networkOff(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let listener = try Listener()
        let connect = "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", \(listener.port)), 5)'"
        let on = bench.task(connect)
        #expect(try await bench.run(on).succeeded, "\(bench.log(on))")
        try await expectBlocked(bench, connect, network: false)
        let loopback = bench.task("python3 -c 'import socket; s = socket.create_server((\"127.0.0.1\", 0)); socket.create_connection(s.getsockname())'") { $0.network = false }
        #expect(try await bench.run(loopback).succeeded, "\(bench.log(loopback))")
    }

    @Test func weakIsolationIsRefusedUnlessAllowed() async throws {
        let data = "/tmp/monoflow-tests-" + Identifiers.random()
        defer { try? FileManager.default.removeItem(atPath: data) }
        var options = ProcessExecutorOptions(dataDirectory: data, stepProgram: Workbench.stepProgram)
        options.strongestIsolation = IsolationLevel.none
        let blobs = try Workbench.blobs(data)
        await #expect { try await ProcessExecutor.open(options, blobs: blobs, logger: .init(label: "t")) } throws: {
            ($0 as? MonoflowError)?.code == .failedPrecondition && "\($0)".contains("--allow-weak-isolation")
        }
    }

    @Test func aDataDirectoryInsideAHostDirectoryIsHidden() throws {
        var sandbox = Sandbox(mode: .init(level: .sandbox, bubblewrap: "/usr/bin/bwrap"), program: "/p", root: "/r", host: HostView())
        sandbox.hidden = ["/usr/local/monoflow"]
        #expect(sandbox.commandLine(["true"]).joined(separator: " ").contains("--tmpfs /usr/local/monoflow"))
        sandbox.hidden = ["/srv/monoflow"]
        #expect(!sandbox.commandLine(["true"]).contains("/srv/monoflow"))
    }

    @Test func pathsAreRedirectedWhereThereIsNoSandbox() {
        let paths = ["/tmp/out", "/tmp/out/data", "/o"]
        for (text, expected) in [
            ("/tmp/out", "/R/tmp/out"), ("cp /x/tmp/out /tmp/out/data", "cp /x/tmp/out /R/tmp/out/data"), ("--file=/o,/other", "--file=/R/o,/other"),
            (#"{"path":"/tmp/out/data"}"#, #"{"path":"/R/tmp/out/data"}"#), ("/tmp/outer", "/tmp/outer"),
        ] { #expect(SandboxPath.redirect(text, paths: paths, root: "/R") == expected) }
    }
}

/// Listens on a free loopback port until it is released.
private final class Listener {
    let port: UInt16
    private let fd: Int32

    init() throws {
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.fd = fd
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(fd, $0, length) == 0 && listen(fd, 8) == 0 && getsockname(fd, $0, &length) == 0 }
        }
        try #require(bound)
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(fd) }
}

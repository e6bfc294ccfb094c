import Core
import Foundation
import Tasks
import Testing

@testable import Executors

/// What every executor has to do; run at each isolation level that this machine offers.
@Suite struct RunTests {
    @Test(arguments: Workbench.levels) func exitCodesAndLogs(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        #expect(bench.executor.capabilities().isolation == level)
        let good = bench.task("echo out; echo err >&2")
        let exit = try await bench.run(good)
        #expect(exit.succeeded && exit.message == "completed")
        #expect(bench.log(good) == "out\nerr\n")
        #expect((exit.maxResidentBytes ?? 0) > 0 && exit.startedAt! <= exit.finishedAt)
        let bad = try await bench.run(bench.task("exit 3"))
        #expect(bad.reason == .exited && bad.code == 3 && bad.message == "exit status 3")
        let killed = try await bench.run(bench.task("kill -9 $$"))
        #expect(killed.reason == .signaled && killed.code == 137 && killed.message == "ended by signal 9 (SIGKILL)")
    }

    @Test(arguments: Workbench.levels) func commandThatCannotRun(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let missing = bench.task("") { $0.command = ["no-such-program", "x"] }
        let exit = try await bench.run(missing)
        #expect(exit.reason == .startFailed && exit.code == 127 && !exit.succeeded)
        #expect(bench.log(missing) == "monoflow: cannot run no-such-program: No such file or directory\n")
        let directory = try await bench.run(bench.task("") { $0.command = ["/tmp"] })
        #expect(directory.reason == .startFailed && directory.code == 126)
    }

    @Test(arguments: Workbench.levels) func environmentAndWorkingDirectory(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        var task = bench.task("basename $PWD; echo $A-$B-$HOME-$LD_LIBRARY_PATH; env | cut -d= -f1 | sort | tr '\\n' ' '; cat $KF_PIPELINES_SA_TOKEN_PATH") {
            $0.env = [.init("A", "first"), .init("A", "a b"), .init("B", "$A"), .init("LD_LIBRARY_PATH", "/nowhere")]
            $0.workingDirectory = "/deep/work"
        }
        task.serviceToken = "secret-token"
        task.serverURL = "http://127.0.0.1:1"
        #expect(try await bench.run(task).succeeded)
        let lines = bench.log(task).split(separator: "\n")
        #expect(lines.first == "work")
        #expect(lines.dropFirst().first?.hasPrefix("a b-$A-/") == true)
        #expect(lines.last?.hasSuffix("secret-token") == true)
        let names = Set(lines.last?.split(separator: " ").map(String.init) ?? [])
        #expect(names.isSuperset(of: ["KF_PIPELINES_ENDPOINT", "KF_PIPELINES_SA_TOKEN_PATH", "LANG", "LD_LIBRARY_PATH", "MONOFLOW_SERVER", "PATH"]), "\(lines)")
        #expect(lines.last?.contains("USER") == false)
    }

    @Test(arguments: Workbench.levels) func inputs(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let file = try bench.blobs.put(Array("from the store".utf8))
        let source = bench.data + "/source"
        try Files.makeDirectory(source + "/sub")
        try Files.writeAtomically(Array("inner".utf8), to: source + "/sub/file")
        symlink("sub/file", source + "/link")
        let fd = open(source, O_RDONLY | O_DIRECTORY)
        defer { close(fd) }
        let tree = try bench.blobs.putTree(descriptor: fd, name: "source")
        let task = bench.task("cat /in/text /in/file /in/tree/sub/file /in/tree/link; test -d /out/made && echo > /out/made/x && rm /in/file && echo done") {
            $0.inputs = [
                .init(path: "/in/text", source: .text("text\n")), .init(path: "/in/file", source: .blob(digest: file.digest)),
                .init(path: "/in/tree", source: .blob(digest: tree.digest)), .init(path: "/out/made", source: .directory),
            ]
        }
        #expect(try await bench.run(task).succeeded)
        #expect(bench.log(task) == "text\nfrom the storeinnerinnerdone\n")
    }

    @Test func inputsAreRefusedWhereTheHostShows() async throws {
        guard let level = Workbench.sandboxed.first else { return }
        let bench = try await Workbench(level)
        for path in ["/usr/x", "/bin/x", "/etc/ssl/certs/x", "/proc/x", "/dev/shm/x"] {
            let task = bench.task("true") { $0.inputs = [.init(path: path, source: .text("x"))] }
            await #expect { try await bench.executor.prepare(task) } throws: { "\($0)".contains(path) && ($0 as? MonoflowError)?.code == .failedPrecondition }
        }
        for path in ["relative", "/a/../b", "/"] {
            let task = bench.task("true") { $0.inputs = [.init(path: path, source: .text("x"))] }
            await #expect { try await bench.executor.prepare(task) } throws: { ($0 as? MonoflowError)?.code == .invalidArgument }
        }
    }

    @Test(arguments: Workbench.levels) func backgroundProcessesEndWithTheTask(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        // The pipe of the log stays open in the background process; the task's end must not wait for it.
        let exit = try await bench.run(bench.task("sleep 1000 & echo started"))
        #expect(exit.succeeded)
    }

    @Test func aLogIsBounded() async throws {
        guard let level = Workbench.levels.first else { return }
        let bench = try await Workbench(level)
        let directory = bench.data + "/bounded"
        try Files.makeDirectory(directory + "/root")
        let supervisor = bench.executor.supervisor
        let sandbox = Sandbox(mode: .init(level: .none), program: Workbench.stepProgram, root: directory + "/root", host: bench.executor.host)
        let launch = Supervisor.Launch(
            directory: directory, log: directory + "/log", logLimit: 1000, command: sandbox.commandLine(["/bin/sh", "-c", "yes | head -c 300000; exit 4"]),
            environment: [.init("PATH", "/usr/bin:/bin")])
        await (try supervisor.start(launch)).1.wait()
        let log = String(decoding: try Files.read(directory + "/log"), as: UTF8.self)
        #expect(log.hasPrefix("y\ny\n") && log.utf8.count < 1200)
        #expect(log.hasSuffix("monoflow: the log reached its limit of 1000 bytes; what followed is not kept\n"))
        #expect(try StepRecord(path: directory + "/exit")?.exit?.code == 4)
    }

    @Test func memoryLimit() async throws {
        guard let level = Workbench.sandboxed.first else { return }
        let bench = try await Workbench(level)
        let task = bench.task("python3 -c 'x = bytearray(400 << 20); print(len(x))'") { $0.resources.memoryLimitBytes = 100 << 20 }
        let exit = try await bench.run(task)
        if bench.executor.cgroups.holdsMemory {
            #expect(exit.code == 137 && exit.message.hasPrefix("out of memory: "))
        } else {
            print("note: no control group can be made here; the limit is one on each process's data")
            #expect(exit.code == 1 && bench.log(task).contains("MemoryError"))
        }
    }
}

import Core
import Foundation
import Tasks
import Testing

@testable import Executors

/// Processes beside a task's own, at every level that works here.
@Suite struct SessionTests {
    init() { signal(SIGPIPE, SIG_IGN) }

    /// A task that runs until the closure has ended.
    private func withTask(_ bench: Workbench, _ change: (inout TaskSpec) -> Void = { _ in }, _ body: (TaskLaunch) async throws -> Void) async throws {
        let task = bench.task("exec sleep 600", change)
        try await bench.executor.prepare(task)
        try bench.makeSignal(task)
        let handle = try await bench.executor.start(task)
        do { try await body(task) } catch {
            bench.executor.stop(handle)
            throw error
        }
        bench.executor.stop(handle)
        #expect(await bench.executor.wait(handle).reason == .stopped)
    }

    /// Its output, its errors and its end.
    private func run(
        _ executor: ProcessExecutor, _ task: TaskLaunch, _ command: [String], input: [UInt8]? = nil
    ) async throws -> (output: String, errors: String, end: SessionEnd) {
        let session = try await executor.openSession(taskID: task.id, SessionRequest(command: command, hasInput: input != nil))
        defer { session.close() }
        async let output = all(session.output), errors = all(session.errors)
        if let input {
            try await session.write(input)
            try await session.endInput()
        }
        let end = try await session.end()
        return (String(decoding: try await output, as: UTF8.self), String(decoding: try await errors, as: UTF8.self), end)
    }

    private func all(_ next: () async throws -> [UInt8]?) async throws -> [UInt8] {
        var found: [UInt8] = []
        while let bytes = try await next() { found += bytes }
        return found
    }

    @Test(arguments: Workbench.levels) func streamsAndStatus(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        try await withTask(bench, { $0.env = [EnvironmentVariable("WHO", "world")] }) { task in
            let script = "echo hello $WHO; echo wrong >&2; exit 7"
            let first = try await run(bench.executor, task, ["sh", "-c", script])
            #expect(first.output == "hello world\n" && first.errors == "wrong\n" && first.end == .exited(7))
            #expect(try await run(bench.executor, task, ["sh", "-c", "kill -9 $$"]).end == .signaled(9))
            let missing = try await run(bench.executor, task, ["nothing-of-this-name"])
            #expect(missing.end == .exited(127) && missing.errors.contains("nothing-of-this-name"))
            let counted = try await run(bench.executor, task, ["wc", "-c"], input: [UInt8](repeating: 1, count: 1 << 20))
            #expect(counted.output == "1048576\n" && counted.end == .exited(0))
            // What is not read is dropped, and what is left behind does not hold the end back.
            #expect(try await run(bench.executor, task, ["true"], input: [UInt8](repeating: 1, count: 1 << 20)).end == .exited(0))
            let left = try await run(bench.executor, task, ["sh", "-c", "setsid sleep 20 & echo done"])
            #expect(left.output == "done\n" && left.end == .exited(0))
            // A later server finds the task's supervisor.
            #expect(try await run(try await bench.restarted(), task, ["echo", "again"]).output == "again\n")
        }
    }

    @Test(arguments: Workbench.levels) func itMayWhatTheTaskMay(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        try await withTask(bench) { task in
            let script = "grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:)' /proc/self/status; ulimit -n; ulimit -c; pwd"
            let step = bench.task(script)
            try await bench.run(step)
            let session = try await run(bench.executor, task, ["sh", "-c", script])
            #expect(session.output.replacing(task.id, with: step.id) == bench.log(step))
            #expect(try await run(bench.executor, task, ["sh", "-c", "ls /proc/self/fd"]).output == "0\n1\n2\n3\n")
            guard level != .none else { return }
            for forbidden in ["cat \(bench.data)/namespace-users.json", "unshare -n true", "unshare -U true", "mount -t tmpfs none /mnt", "cat /etc/shadow"] {
                #expect(try await run(bench.executor, task, ["sh", "-c", forbidden]).end != .exited(0), "\(forbidden)")
            }
        }
    }

    @Test(arguments: Workbench.sandboxed) func itSeesTheTasksProcesses(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        try await withTask(bench) { task in
            let seen = try await run(bench.executor, task, ["sh", "-c", "until grep -q ^sleep /proc/2/cmdline; do :; done; cat /proc/2/cmdline | tr '\\0' ' '"])
            #expect(seen.output == "sleep 600 ")
            #expect(try await run(bench.executor, task, ["sh", "-c", "kill -9 1; cat /proc/1/environ"]).end != .exited(0))
        }
    }

    @Test(arguments: Workbench.levels) func aTerminal(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        try await withTask(bench) { task in
            let script = "test -t 0 && test -t 1 && test -t 2; echo $?; read line; stty size; trap 'stty size; exit 4' WINCH; echo ready; while :; do sleep 1; done"
            let session = try await bench.executor.openSession(
                taskID: task.id, SessionRequest(command: ["bash", "-c", script], hasInput: true, hasErrors: false, hasTerminal: true))
            defer { session.close() }
            session.resize(columns: 100, rows: 40)
            try await session.write(Array("go\n".utf8))
            var text = ""
            while !text.contains("ready"), let bytes = try await session.output() { text += String(decoding: bytes, as: UTF8.self) }
            #expect(text.contains("0\r\n") && text.contains("40 100"), "\(text)")
            session.resize(columns: 132, rows: 50)
            let rest = String(decoding: try await all(session.output), as: UTF8.self)
            #expect(rest.contains("50 132"), "\(rest)")
            #expect(try await session.end() == .exited(4))
        }
    }

    @Test(arguments: Workbench.levels) func closingEndsTheProcess(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        try await withTask(bench) { task in
            let path = bench.executor.mode.hasOwnRoot ? "/signal" : "\(bench.data)/tasks/\(task.id)/root/signal"
            for hasTerminal in [false, true] {
                let session = try await bench.executor.openSession(
                    taskID: task.id,
                    SessionRequest(command: ["sh", "-c", "exec 5>\(path); trap '' HUP TERM; echo up >&5; echo up; while :; do sleep 600; done"], hasErrors: false, hasTerminal: hasTerminal))
                // Read to its end, which comes when no process has it open any more.
                async let told = bench.signal(task)
                #expect(try await session.output()?.prefix(2) == Array("up".utf8)[...])
                session.close()
                #expect(try await told == "up")
            }
        }
    }

    @Test(arguments: Workbench.levels) func theEndOfTheTaskIsTheEnd(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        var kept: (any TaskSession)?, ended: TaskLaunch?
        try await withTask(bench) { task in
            let session = try await bench.executor.openSession(taskID: task.id, SessionRequest(command: ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 600; done"]))
            #expect(try await session.output() == Array("up\n".utf8))
            (kept, ended) = (session, task)
        }
        let session = try #require(kept), task = try #require(ended)
        #expect(try await session.end() == .taskEnded)
        #expect(try await session.output() == nil)
        session.close()
        await #expect { try await bench.executor.openSession(taskID: task.id, SessionRequest(command: ["true"])) } throws: {
            ($0 as? MonoflowError)?.code == .failedPrecondition
        }
    }

    @Test func bounds() async throws {
        let bench = try await Workbench()
        try await withTask(bench) { task in
            var sessions: [any TaskSession] = []
            for _ in 0..<16 {
                let session = try await bench.executor.openSession(taskID: task.id, SessionRequest(command: ["sh", "-c", "echo up; exec sleep 600"]))
                #expect(try await session.output() == Array("up\n".utf8))
                sessions.append(session)
            }
            #expect(try await run(bench.executor, task, ["true"]).end == .notStarted)
            sessions.forEach { $0.close() }
            for command in [[], [""], ["a\0b"], ["echo", String(repeating: "x", count: 70_000)], [String](repeating: "x", count: 5000)] {
                await #expect { try await bench.executor.openSession(taskID: task.id, SessionRequest(command: command)) } throws: {
                    ($0 as? MonoflowError)?.code == .invalidArgument
                }
            }
            let long = try await run(bench.executor, task, ["sh", "-c", "echo ${#1}", "sh", String(repeating: "x", count: 60_000)])
            #expect(long.output == "60000\n")
        }
    }
}

import Core
import Foundation
import Tasks
import Testing

@testable import Executors

@Suite struct LifecycleTests {
    @Test(arguments: Workbench.levels) func deadline(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let exit = try await bench.run(bench.task("sleep 1000") { $0.deadlineSeconds = 0.2 })
        #expect(exit.reason == .deadline && exit.message == "deadline of 0.2 s exceeded" && exit.code == 143)
        let task = bench.task("trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000") { $0.deadlineSeconds = 0.2; $0.graceSeconds = 0.2 }
        let stubborn = try await bench.run(task)
        #expect(stubborn.reason == .deadline && stubborn.code == 137)
        // Without a sandbox its processes have the same numbers here.
        if level == .none { try await Self.ended(try #require(Int32(bench.log(task).trimmingCharacters(in: .newlines)))) }
    }

    @Test(arguments: Workbench.levels) func stopWithGrace(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let task = bench.task("trap 'echo bye; exit 0' TERM; echo ready > /signal; while :; do sleep 1000 & wait; done") {
            $0.graceSeconds = 60
            $0.outputs = [.init(name: "s", path: "/signal", kind: .artifact, isOptional: true)]
        }
        try await bench.executor.prepare(task)
        try bench.makeSignal(task)
        let handle = try await bench.executor.start(task)
        #expect(try await bench.signal(task) == "ready")
        bench.executor.stop(handle)
        let exit = await bench.executor.wait(handle)
        #expect(exit.reason == .stopped && exit.code == 0 && !exit.succeeded)
        #expect(bench.log(task) == "bye\n")
    }

    @Test(arguments: Workbench.levels) func stopAtOnceAfterTheStart(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        for _ in 0..<5 {
            let task = bench.task("sleep 1000") { $0.graceSeconds = 60 }
            try await bench.executor.prepare(task)
            let handle = try await bench.executor.start(task)
            bench.executor.stop(handle)
            #expect(await bench.executor.wait(handle).reason == .stopped)
        }
    }

    @Test(arguments: Workbench.levels) func aSecondStartFindsTheFirst(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let task = bench.task("echo ran")
        try await bench.executor.prepare(task)
        let handle = try await bench.executor.start(task)
        #expect(try await bench.executor.start(task) == handle)
        #expect(await bench.executor.wait(handle).succeeded)
        let restarted = try await bench.restarted()
        try await restarted.prepare(task)
        let again = try await restarted.start(task)
        #expect(again == handle)
        #expect(await restarted.wait(again).succeeded)
        #expect(bench.log(task) == "ran\n")
    }

    @Test(arguments: Workbench.levels) func racingSupervisorsRunTheCommandOnce(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let task = bench.task("echo ran")
        try await bench.executor.prepare(task)
        let launch = try bench.executor.launch(task, directory: bench.executor.directory(task.id))
        let handles = try (0..<8).map { _ in TaskHandle(taskID: task.id, try bench.executor.supervisor.start(launch).0) }
        for handle in handles { #expect(await bench.executor.wait(handle).succeeded) }
        #expect(bench.log(task) == "ran\n")
    }

    @Test(arguments: Workbench.levels) func aTaskOutlivesTheExecutor(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let task = bench.task("echo one; echo ready > /signal; cat /signal; echo two; exit 5") { $0.inputs = [.init(path: "/signal", source: .text(""))] }
        let first = try await bench.restarted()
        try await first.prepare(task)
        unlink("\(bench.data)/tasks/\(task.id)/root/signal")
        try bench.makeSignal(task)
        let handle = try await first.start(task)
        #expect(try await bench.signal(task) == "ready")
        let second = try await bench.restarted()
        #expect(try second.recover(taskID: task.id) == handle)
        async let end = second.wait(handle)
        let signal = try bench.openSignal(task)
        try Files.write(Array("go\n".utf8), descriptor: signal, path: "signal")
        close(signal)
        let exit = await end
        #expect(exit.reason == .exited && exit.code == 5)
        #expect(bench.log(task) == "one\ngo\ntwo\n")
        let third = try await bench.restarted()
        #expect(await third.wait(try #require(try third.recover(taskID: task.id))).code == 5)
        #expect(try third.recover(taskID: "never-started") == nil)
    }

    @Test(arguments: Workbench.levels) func aKilledSupervisorIsLost(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let task = bench.task("echo $$ > /signal; sleep 1000") { $0.inputs = [.init(path: "/signal", source: .text(""))] }
        try await bench.executor.prepare(task)
        unlink("\(bench.data)/tasks/\(task.id)/root/signal")
        try bench.makeSignal(task)
        let handle = try await bench.executor.start(task)
        let inner = try #require(Int32(try await bench.signal(task)))
        kill(handle.pid, SIGKILL)
        let exit = await bench.executor.wait(handle)
        #expect(exit.reason == .lost && exit.code == nil)
        #expect(exit.message == "the task's supervisor was ended and left no exit status")
        let restarted = try await bench.restarted()
        #expect(await restarted.wait(handle).reason == .lost)
        // Nothing of the task may go on unwatched; without a sandbox its process has the same number here.
        if level == .none { try await Self.ended(inner) }
    }

    @Test func anotherBootIsLost() async throws {
        guard let level = Workbench.levels.first else { return }
        let bench = try await Workbench(level)
        let handle = TaskHandle(taskID: "t", bootID: "another", pid: getpid(), startTicks: 1)
        #expect(await bench.executor.wait(handle).message == "the machine was restarted while the task ran")
        bench.executor.stop(handle)
    }

    private static func ended(_ pid: Int32) async throws {
        // Its init ends it when the supervisor's end of their pair closes: a moment later.
        for _ in 0..<500 {
            if kill(pid, 0) != 0 { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("process \(pid) still runs")
    }
}

extension Workbench {
    func openSignal(_ task: TaskLaunch) throws -> Int32 {
        let fd = open("\(data)/tasks/\(task.id)/root/signal", O_WRONLY | O_CLOEXEC)
        try #require(fd >= 0)
        return fd
    }
}

import Core
import Foundation
import Tasks
import Testing

@testable import Executors

/// A clean root goes on to the next task of its namespace, and nothing of the task before goes with it.
@Suite struct RootPoolTests {
    private func inode(_ bench: Workbench, _ task: TaskLaunch) -> UInt64 {
        var info = stat()
        return stat(path(bench, task), &info) == 0 ? UInt64(info.st_ino) : 0
    }

    private func path(_ bench: Workbench, _ task: TaskLaunch) -> String { "\(bench.data)/tasks/\(task.id)/root" }

    /// Runs two scripts one after the other. - Returns: whether the second had the first's root, and its log.
    private func pair(_ level: IsolationLevel, _ first: String, _ second: String, namespace: String = "default") async throws -> (reused: Bool, log: String) {
        let bench = try await Workbench(level)
        let before = bench.task(first), after = bench.task(second, namespace: namespace)
        try await bench.run(before)
        let root = inode(bench, before)
        // Held open: the file system could give the number of a removed root to the next one.
        let held = open(path(bench, before), O_RDONLY | O_DIRECTORY)
        try #require(held >= 0)
        defer { close(held) }
        bench.executor.cleanUp(taskID: before.id)
        try await bench.executor.prepare(after)
        let reused = inode(bench, after) == root
        let exit = await bench.executor.wait(try await bench.executor.start(after))
        #expect(exit.succeeded, "\(bench.log(after))")
        return (reused, bench.log(after))
    }

    @Test(arguments: Workbench.sandboxed) func aCleanRootGoesOn(_ level: IsolationLevel) async throws {
        let result = try await pair(level, "true", "echo here; cat /var/run/secrets/kubernetes.io/serviceaccount/token 2>/dev/null || true")
        #expect(result.reused)
        #expect(result.log == "here\n")
    }

    @Test(arguments: Workbench.sandboxed) func filesLeftBehindAreGone(_ level: IsolationLevel) async throws {
        let result = try await pair(level, "echo secret > /tmp/left; echo x > /output.txt; ln -s /etc /tmp/link; mkfifo /home/pipe", "ls /tmp /home; ls /output.txt || echo gone")
        #expect(result.reused, "a few plain files do not spoil a root")
        #expect(!result.log.contains("left") && !result.log.contains("link") && !result.log.contains("pipe") && result.log.contains("gone"))
    }

    @Test(arguments: Workbench.sandboxed, [
        "echo evil >> /etc/passwd", "cp /etc/passwd /etc/p; mv /etc/p /etc/passwd", "touch -d @0 /etc/hosts", "rm /etc/group", "chmod 777 /etc",
        "mkdir /tmp/deep", "rm -r /home; mkdir /home", "for i in $(seq 40); do : > /tmp/f$i; done",
    ])
    func aChangedRootDoesNot(_ level: IsolationLevel, _ change: String) async throws {
        let result = try await pair(level, change, "cat /etc/passwd; ls /tmp")
        #expect(!result.reused)
        #expect(!result.log.contains("evil") && !result.log.contains("deep"))
    }

    @Test(arguments: Workbench.asRoot) func anotherNamespaceNeverGetsIt(_ level: IsolationLevel) async throws {
        #expect(try await pair(level, "true", "true", namespace: "other").reused == false)
    }
}

import Artifacts
import Core
import Foundation
import Tasks
import Testing

@testable import Executors

@Suite struct OutputTests {
    private func outputs(_ level: IsolationLevel, _ script: String, _ outputs: [OutputFile]) async throws -> (Workbench, [String: CollectedOutput]) {
        let bench = try await Workbench(level)
        let task = bench.task(script) { $0.outputs = outputs }
        let exit = try await bench.run(task)
        #expect(exit.succeeded, "\(exit.message): \(bench.log(task))")
        return (bench, try await bench.executor.collect(task))
    }

    @Test(arguments: Workbench.levels) func parametersFilesAndDirectories(_ level: IsolationLevel) async throws {
        let (bench, found) = try await outputs(level, "printf 42 > /output.txt; echo data > /gcs/b/k; mkdir -p /tmp/d/sub; echo x > /tmp/d/sub/x; ln -s sub/x /tmp/d/l", [
            .init(name: "number", path: "/output.txt", kind: .parameter), .init(name: "data", path: "/gcs/b/k", kind: .artifact),
            .init(name: "dir", path: "/tmp/d", kind: .artifact), .init(name: "none", path: "/missing", kind: .parameter, isOptional: true),
        ])
        #expect(found["number"] == .parameter("42") && found["none"] == nil)
        guard case .artifact(let data, 5, false) = found["data"], case .artifact(let tree, 2, true) = found["dir"] else {
            Issue.record("unexpected outputs \(found)")
            return
        }
        #expect(try bench.blobs.read(digest: data) == Array("data\n".utf8))
        #expect(try bench.blobs.tree(digest: tree).entries.map(\.path) == ["l", "sub", "sub/x"])
    }

    @Test(arguments: Workbench.levels) func aMissingOutputIsNamed(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let task = bench.task("true") { $0.outputs = [.init(name: "model", path: "/tmp/model", kind: .artifact)] }
        #expect(try await bench.run(task).succeeded)
        await #expect { try await bench.executor.collect(task) } throws: {
            "\($0)" == "collect: output model at /tmp/model: the task ended without writing this file"
        }
    }

    @Test(arguments: Workbench.sandboxed) func linksDoNotLeadOut(_ level: IsolationLevel) async throws {
        let secret = "/tmp/monoflow-secret-" + Identifiers.random()
        try Files.writeAtomically(Array("secret".utf8), to: secret)
        defer { unlink(secret) }
        let bench = try await Workbench(level)
        let cases: [(String, OutputFile.Kind, String)] = [
            // Inside the root these lead nowhere, as the sandbox itself sees it.
            ("ln -s \(secret) /o", .parameter, "without writing"), ("ln -s /etc/shadow /o", .parameter, "without writing"),
            ("ln -s ../../../..\(secret) /o", .artifact, "without writing"), ("ln -s /o /o", .artifact, "Too many levels"),
            ("mkdir /o; ln -s \(secret) /o/x", .artifact, "does not lead to anything inside"), ("mkdir /o; ln -s ../../x /o/x", .artifact, "inside"),
            ("ln -s /proc/self/root/etc/shadow /o", .parameter, "without writing"), ("mkfifo /o", .artifact, "neither a file nor a directory"),
            ("mkdir /o; mkfifo /o/pipe", .artifact, "pipe is neither"), ("mkdir /o", .parameter, "this is a directory"),
            ("printf '\\377' > /o", .parameter, "UTF-8"), ("head -c 1100000 /dev/zero > /o", .parameter, "at most 1048576 bytes"),
        ]
        for (script, kind, message) in cases {
            let task = bench.task(script) { $0.outputs = [.init(name: "o", path: "/o", kind: kind)] }
            #expect(try await bench.run(task).succeeded, "\(bench.log(task))")
            await #expect("\(script)") { try await bench.executor.collect(task) } throws: { "\($0)".contains(message) }
        }
        let inside = bench.task("echo fine > /real; ln -s /real /o") { $0.outputs = [.init(name: "o", path: "/o", kind: .parameter)] }
        try await bench.run(inside)
        #expect(try await bench.executor.collect(inside) == ["o": .parameter("fine\n")])
    }

    @Test(arguments: Workbench.levels) func cleanUpKeepsTheLogAndTheExit(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let task = bench.task("mkdir -p /out/a/b; chmod 0 /out/a; echo kept") { $0.inputs = [.init(path: "/out", source: .directory)] }
        let handle: TaskHandle
        try await bench.executor.prepare(task)
        handle = try await bench.executor.start(task)
        #expect(await bench.executor.wait(handle).succeeded)
        bench.executor.cleanUp(taskID: task.id)
        #expect(!Files.exists("\(bench.data)/tasks/\(task.id)/root"))
        #expect(bench.log(task) == "kept\n")
        #expect(await bench.executor.wait(handle).succeeded)
    }
}

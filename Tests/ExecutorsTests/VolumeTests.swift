import Core
import Foundation
import Tasks
import Testing

@testable import Executors

@Suite(.timeLimit(.minutes(1))) struct VolumeTests {
    private func mounts(_ mounts: ClaimMount...) -> (inout TaskSpec) -> Void {
        { spec in
            var references = TaskReferences()
            references.mounts = mounts
            spec.references = references
        }
    }

    /// One task writes, the next one of the namespace reads; a part may be mounted, also for reading only.
    @Test(arguments: Workbench.levels) func aVolumeOutlivesTasks(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        let writer = bench.task("mkdir /data/part && echo kept > /data/part/file", mounts(ClaimMount(claim: "c", path: "/data")))
        #expect(try await bench.run(writer).succeeded, "\(bench.log(writer))")
        let reader = bench.task("cat /in/part/file", mounts(ClaimMount(claim: "c", path: "/in/part", subPath: "part", isReadOnly: true)))
        #expect(try await bench.run(reader).succeeded)
        #expect(bench.log(reader) == "kept\n")
        if level != .none {
            let late = bench.task("echo no > /data/part/file", mounts(ClaimMount(claim: "c", path: "/data", isReadOnly: true)))
            #expect(try await !bench.run(late).succeeded)
        }
        try bench.executor.removeVolume(namespace: "default", claim: "c")
        #expect(!Files.exists(bench.data + "/volumes/default/c"))
    }

    /// A link that a task has left in a volume leads the next one into its own sandbox only.
    @Test(arguments: Workbench.levels.filter { $0 != .none }) func linksLeadNowhereElse(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        try Files.writeAtomically(Array("secret".utf8), to: bench.data + "/hidden", mode: 0o644)
        let writer = bench.task("ln -s / /data/root; ln -s \(bench.data) /data/out", mounts(ClaimMount(claim: "c", path: "/data")))
        #expect(try await bench.run(writer).succeeded)
        let reader = bench.task("cat /in\(bench.data)/hidden /in/hidden; true", mounts(ClaimMount(claim: "c", path: "/in", subPath: "root")))
        #expect(try await bench.run(reader).succeeded)
        #expect(!bench.log(reader).contains("secret"))
        let other = bench.task("ls /in", mounts(ClaimMount(claim: "c", path: "/in", subPath: "out")))
        _ = try? await bench.run(other)
        #expect(!bench.log(other).contains("hidden"))
    }

    @Test func namesAreNoPaths() async throws {
        let bench = try await Workbench(IsolationLevel.none)
        for name in ["..", "../x", "a/b", "", "A"] {
            #expect(throws: MonoflowError.self) { try bench.executor.makeVolume(namespace: "default", claim: name) }
        }
    }
}

import Core
import Foundation
import Tasks
import Testing

@testable import Executors

/// Prints what a start costs; asserts nothing about time.
@Suite(.serialized) struct StartBenchmark {
    @Test(arguments: Workbench.levels) func trueFromStartToKnownEnd(_ level: IsolationLevel) async throws {
        let bench = try await Workbench(level)
        var prepares: [Double] = [], runs: [Double] = []
        for _ in 0..<40 {
            let task = bench.task("") { $0.command = ["true"] }
            let clock = ContinuousClock()
            prepares.append(try await clock.measure { try await bench.executor.prepare(task) }.milliseconds)
            let begin = clock.now
            let exit = await bench.executor.wait(try await bench.executor.start(task))
            runs.append((clock.now - begin).milliseconds)
            #expect(exit.succeeded)
            bench.executor.cleanUp(taskID: task.id)
        }
        func median(_ values: [Double]) -> String { String(format: "%.1f", values.sorted()[values.count / 2]) }
        print("benchmark: `true` at level \(level.rawValue): prepare \(median(prepares)) ms, start to known end \(median(runs)) ms (median of \(runs.count))")
    }
}

extension Duration {
    fileprivate var milliseconds: Double { Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15 }
}

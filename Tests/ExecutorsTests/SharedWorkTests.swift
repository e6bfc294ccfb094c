import Core
import Testing

@testable import Executors

@Suite(.timeLimit(.minutes(1))) struct SharedWorkTests {
    @Test func aCancelledWaiterLeavesTheWorkAlone() async throws {
        let (gate, open) = AsyncStream<Void>.makeStream()
        let work = Task<Void, any Error> {
            for await _ in gate { return }
            throw CancellationError()
        }
        let first = Task { try await SharedWork.value(of: work) }, second = Task { try await SharedWork.value(of: work) }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(!work.isCancelled)
        open.yield()
        try await second.value
    }

    @Test func errorsReachEachWaiter() async throws {
        let work = Task<Void, any Error> { throw MonoflowError(.failedPrecondition, "build", "x", "no") }
        for _ in 0..<2 { await #expect(throws: MonoflowError.self) { try await SharedWork.value(of: work) } }
    }
}

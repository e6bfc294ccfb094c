import Testing

@testable import Tasks

@Suite struct TaskStateTests {
    /// One row for each state: those that may follow it.
    private static let table: [TaskState: Set<TaskState>] = [
        .pending: [.admitted, .failed, .cancelled],
        .admitted: [.pending, .starting, .failed, .cancelled],
        .starting: [.running, .succeeded, .failed, .cancelled, .lost],
        .running: [.succeeded, .failed, .cancelled, .lost],
        .succeeded: [], .failed: [], .cancelled: [], .lost: [],
    ]

    @Test(arguments: TaskState.allCases, TaskState.allCases)
    func everyPair(from: TaskState, to: TaskState) throws {
        #expect(from.successors.contains(to) == Self.table[from]?.contains(to))
    }

    @Test func namesAreStored() {
        #expect(TaskState.allCases.map(\.rawValue) == ["pending", "admitted", "starting", "running", "succeeded", "failed", "cancelled", "lost"])
        #expect(TaskState.allCases.filter(\.isTerminal) == [.succeeded, .failed, .cancelled, .lost])
        #expect(TaskState.allCases.filter { $0.successors.isEmpty } == TaskState.allCases.filter(\.isTerminal))
    }
}

#if FUZZ
/// Runs tasks on the thread that enqueues them, at once: asynchronous code becomes a plain call, without a hop that
/// would cost more than what is tested.
final class InlineExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) { UnownedJob(job).runSynchronously(on: asUnownedTaskExecutor()) }
}

/// An asynchronous computation that is advanced by what it waits for.
final class InlineTask<Value: Sendable>: @unchecked Sendable {
    // Touched on one thread, the one that makes the task and feeds it.
    private(set) var result: Result<Value, any Error>?

    init(_ work: @escaping @Sendable () async throws -> Value) {
        Task(executorPreference: InlineExecutor()) { [self] in
            do { result = .success(try await work()) } catch { result = .failure(error) }
        }
    }

    /// - Throws: `FuzzFailure` where it still waits, though nothing will come.
    func value() throws -> Result<Value, any Error> {
        guard let result else { throw FuzzFailure("the reader hangs") }
        return result
    }
}
#endif

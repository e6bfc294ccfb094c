/// Work that several wait for and that none of them ends.
enum SharedWork {
    /// Returns when the work has ended.
    /// - Throws: what the work throws; `CancellationError` as soon as the caller is cancelled, and the work goes on.
    static func value(of work: Task<Void, any Error>) async throws {
        let (end, continuation) = AsyncThrowingStream<Never, any Error>.makeStream()
        let watcher = Task {
            do {
                try await work.value
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        defer { watcher.cancel() }
        // A stream ends at once for a caller that is cancelled.
        for try await _ in end {}
        try Task.checkCancellation()
    }
}

import Synchronization

/// What the garbage collector has to look at: uids of objects that are gone or on their way out, and owners of others that changed. Level-triggered:
/// each is there once, and where there are too many, it looks at everything instead.
final class GarbageQueue: Sendable {
    static let capacity = 10_000

    struct Work: Sendable {
        var uids: Set<String> = []
        /// Everything that is unfinished, not these alone.
        var all = false
        /// The definitions of kinds: one may have got, or lost, its names.
        var definitions = false
    }
    private let state = Mutex(Work(all: true, definitions: true))
    private let signal: AsyncStream<Void>.Continuation
    /// One element for any number of changes.
    let changes: AsyncStream<Void>

    init() {
        (changes, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        signal.yield()
    }

    func changed(_ uids: some Collection<String>) {
        state.withLock { state in
            if state.uids.count + uids.count > Self.capacity { state.all = true } else { state.uids.formUnion(uids) }
        }
        signal.yield()
    }

    func definitionsChanged() {
        state.withLock { $0.definitions = true }
        signal.yield()
    }

    /// What was not done is to be tried again.
    func failed(_ work: Work) {
        state.withLock { state in
            state.all = state.all || work.all
            state.definitions = state.definitions || work.definitions
        }
        changed(work.uids)
    }

    /// - Returns: what is to be looked at, which is no longer there then.
    func take() -> Work {
        state.withLock { state in
            defer { state = Work() }
            return state
        }
    }

    func close() { signal.finish() }
}

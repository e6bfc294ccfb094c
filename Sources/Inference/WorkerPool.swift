import Core
import Foundation

/// Threads of our own for work that blocks (loading and running models), so that neither an event loop nor Swift's
/// cooperative pool waits for a model. The queue is bounded; work is started in the order of submission.
public final class WorkerPool: @unchecked Sendable {
    public typealias Work = @Sendable () -> Void

    private let condition = NSCondition()
    private let name: String
    // Guarded by `condition`.
    private var ring: [Work?]
    private var first = 0
    private var waiting = 0
    private var running: Int
    private var isStopped = false

    /// - Parameters:
    ///   - threads: at least 1.
    ///   - queueLimit: how much work may wait for a thread; at least 1.
    public init(name: String, threads: Int, queueLimit: Int) {
        precondition(threads > 0 && queueLimit > 0)
        self.name = name
        ring = Array(repeating: nil, count: queueLimit)
        running = threads
        for number in 0..<threads {
            let thread = Thread { [self] in run() }
            thread.name = "\(name)-\(number)"
            thread.stackSize = 8 << 20  // operators may recurse; the default of secondary threads is 512 KiB
            thread.start()
        }
    }

    /// - Throws: `resourceExhausted` where the queue is full, `unavailable` after `shutdown`.
    public func submit(_ work: @escaping Work) throws(MonoflowError) {
        condition.lock()
        defer { condition.unlock() }
        if isStopped { throw MonoflowError(.unavailable, "queue work", name, "the server is stopping") }
        guard waiting < ring.count else {
            throw MonoflowError(.resourceExhausted, "queue work", name, "\(ring.count) requests are waiting already", hint: "try again later")
        }
        ring[(first + waiting) % ring.count] = work
        waiting += 1
        condition.signal()
    }

    /// Takes no more work, finishes what was taken, and returns when all threads have ended. Blocks; may be called
    /// twice, but not from work of this pool.
    public func shutdown() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        while running > 0 { condition.wait() }
        condition.unlock()
    }

    private func run() {
        while let work = next() { work() }
        condition.lock()
        running -= 1
        condition.broadcast()
        condition.unlock()
    }

    private func next() -> Work? {
        condition.lock()
        defer { condition.unlock() }
        while waiting == 0 {
            if isStopped { return nil }
            condition.wait()
        }
        let work = ring[first]
        ring[first] = nil
        first = (first + 1) % ring.count
        waiting -= 1
        return work
    }
}

extension WorkerPool {
    /// Runs `body` on a thread of the pool; the calling task is suspended meanwhile.
    public func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(MonoflowError) -> Value
    ) async throws(MonoflowError) -> Value {
        let result: Result<Value, MonoflowError> = await withCheckedContinuation { continuation in
            do throws(MonoflowError) {
                try submit {
                    do throws(MonoflowError) { continuation.resume(returning: .success(try body())) }
                    catch { continuation.resume(returning: .failure(error)) }
                }
            } catch { continuation.resume(returning: .failure(error)) }
        }
        return try result.get()
    }
}

import Dispatch

/// File work that may block for long is kept off Swift's few cooperative threads.
struct BlockingQueue: Sendable {
    private let queue: DispatchQueue
    private let slots: DispatchSemaphore

    /// - Parameter width: how many may run at once; more wait in line.
    init(label: String, width: Int) {
        queue = DispatchQueue(label: label, attributes: .concurrent)
        slots = DispatchSemaphore(value: width)
    }

    func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            queue.async {
                slots.wait()
                defer { slots.signal() }
                continuation.resume(with: Result(catching: work))
            }
        }
    }

    func later(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }
}

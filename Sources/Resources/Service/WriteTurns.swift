import DequeModule
import Synchronization

/// Lets those who change one object in this process do it one after the other, in the order of their coming: each then works on what the one before
/// it wrote, and none of many is refused because others were faster.
final class WriteTurns: Sendable {
    /// Who waits, of the objects that somebody changes.
    private let waiting = Mutex<[ResourceKey: Deque<CheckedContinuation<Void, Never>>]>([:])

    /// The body must not change the same object by another call.
    func take<T>(_ key: ResourceKey, _ body: () async throws -> T) async rethrows -> T {
        await enter(key)
        defer { leave(key) }
        return try await body()
    }

    private func enter(_ key: ResourceKey) async {
        if waiting.withLock({ Self.isFree(key, &$0) }) { return }
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                if Self.isFree(key, &waiting) { return true }
                waiting[key]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private static func isFree(_ key: ResourceKey, _ waiting: inout [ResourceKey: Deque<CheckedContinuation<Void, Never>>]) -> Bool {
        if waiting[key] != nil { return false }
        waiting[key] = []
        return true
    }

    private func leave(_ key: ResourceKey) {
        let next = waiting.withLock { waiting in
            let next = waiting[key]?.popFirst()
            if next == nil { waiting[key] = nil }
            return next
        }
        next?.resume()
    }
}

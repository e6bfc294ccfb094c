import CLinux
import Core
import Dispatch
import Foundation
import Synchronization

/// Waits for a few descriptors that do not block, without a thread for each wait. It takes them over and closes them at the end.
public final class DescriptorPoll: Sendable {
    private static let oneShot: UInt32 = 1 << 30

    private struct State {
        var isClosed = false
        var isAwake = false
        /// By descriptor and direction; one waiter each.
        var waiters: [Key: CheckedContinuation<Void, Never>] = [:]
        var open: Set<Int32> = []
    }

    private struct Key: Hashable {
        var descriptor: Int32
        var writes: Bool
    }

    private let epoll: Int32
    private let state = Mutex(State())
    // Dispatch sources are safe to use from any thread; the module does not say so.
    nonisolated(unsafe) private let source: any DispatchSourceRead

    /// - Throws: `resourceExhausted` where no descriptor is left.
    public init(queue: DispatchQueue) throws(MonoflowError) {
        epoll = clinux_epoll_create()
        guard epoll >= 0 else { throw MonoflowError(.resourceExhausted, "wait for descriptors", "", String(cString: strerror(errno))) }
        source = DispatchSource.makeReadSource(fileDescriptor: epoll, queue: queue)
        source.setEventHandler { [weak self] in self?.serve() }
        source.setCancelHandler { [epoll] in _ = Glibc.close(epoll) }
        source.activate()
    }

    deinit { close() }

    /// Takes a descriptor over. - Returns: false where that failed; it is closed then.
    public func add(_ descriptor: Int32) -> Bool {
        state.withLock { state in
            guard !state.isClosed, clinux_set_nonblocking(descriptor) == 0, clinux_epoll_add(epoll, descriptor, Self.oneShot, UInt64(descriptor)) == 0 else {
                _ = Glibc.close(descriptor)
                return false
            }
            state.open.insert(descriptor)
            return true
        }
    }

    /// Closes one of them.
    public func close(_ descriptor: Int32) {
        let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.open.remove(descriptor) != nil else { return [] }
            _ = Glibc.close(descriptor)
            return [false, true].compactMap { state.waiters.removeValue(forKey: Key(descriptor: descriptor, writes: $0)) }
        }
        woken.forEach { $0.resume() }
    }

    public func close() {
        let (woken, wasOpen) = state.withLock { state -> ([CheckedContinuation<Void, Never>], Bool) in
            defer {
                state.waiters = [:]
                state.open = []
                state.isClosed = true
            }
            for descriptor in state.open { _ = Glibc.close(descriptor) }
            return (Array(state.waiters.values), !state.isClosed)
        }
        woken.forEach { $0.resume() }
        if wasOpen { source.cancel() }
    }

    /// Has every wait return at once, those to come too.
    public func wake() {
        let woken = state.withLock { state in
            defer {
                state.waiters = [:]
                state.isAwake = true
            }
            return Array(state.waiters.values)
        }
        woken.forEach { $0.resume() }
    }

    /// Runs a call on the descriptor, which cannot be closed meanwhile. - Returns: nil where it is closed.
    public func use<T>(_ descriptor: Int32, _ call: (Int32) -> T) -> T? {
        state.withLock { $0.open.contains(descriptor) ? call(descriptor) : nil }
    }

    /// Returns when the descriptor may be read from or written to, is broken or closed. One waits in each direction at a time.
    /// - Throws: `CancellationError`.
    public func wait(_ descriptor: Int32, writing: Bool = false) async throws {
        let key = Key(descriptor: descriptor, writes: writing)
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = state.withLock { state -> CheckedContinuation<Void, Never>? in
                    guard state.open.contains(descriptor), !state.isAwake, !Task.isCancelled, state.waiters[key] == nil else { return continuation }
                    state.waiters[key] = continuation
                    arm(state, descriptor)
                    return nil
                }
                now?.resume()
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: key) }?.resume()
        }
        try Task.checkCancellation()
    }

    private func arm(_ state: borrowing State, _ descriptor: Int32) {
        var events = Self.oneShot
        if state.waiters[Key(descriptor: descriptor, writes: false)] != nil { events |= UInt32(CLINUX_EPOLLIN) }
        if state.waiters[Key(descriptor: descriptor, writes: true)] != nil { events |= UInt32(CLINUX_EPOLLOUT) }
        if events != Self.oneShot { _ = clinux_epoll_modify(epoll, descriptor, events, UInt64(descriptor)) }
    }

    private func serve() {
        let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard !state.isClosed else { return [] }
            var found: [CheckedContinuation<Void, Never>] = []
            var events = [clinux_event](repeating: clinux_event(), count: 16)
            while true {
                let count = clinux_epoll_wait(epoll, &events, Int32(events.count), 0)
                guard count > 0 else { return found }
                for event in events[..<Int(count)] {
                    let descriptor = Int32(truncatingIfNeeded: event.token)
                    let isBroken = event.events & UInt32(CLINUX_EPOLLERR | CLINUX_EPOLLHUP) != 0
                    for (writes, bit) in [(false, CLINUX_EPOLLIN), (true, CLINUX_EPOLLOUT)] where isBroken || event.events & UInt32(bit) != 0 {
                        if let waiter = state.waiters.removeValue(forKey: Key(descriptor: descriptor, writes: writes)) { found.append(waiter) }
                    }
                    // One event disarms both directions.
                    arm(state, descriptor)
                }
            }
        }
        woken.forEach { $0.resume() }
    }
}

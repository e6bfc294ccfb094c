import CLinux
import Core
import Dispatch
import Foundation
import Synchronization

/// Tells when a process has ended, be it a child of this one or not, without a thread that waits for it.
/// A child is reaped; the descriptor is closed then.
public final class ProcessEnd: Sendable {
    private struct State {
        var ended = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    public let pid: Int32
    private let descriptor: Int32
    // Dispatch sources are safe to use from any thread; the module does not say so.
    nonisolated(unsafe) private let source: any DispatchSourceRead
    private let state = Mutex(State())

    /// Watches the process of this identity; nil where it is gone.
    /// - Throws: `resourceExhausted` where no descriptor is left.
    public convenience init?(_ identity: ProcessIdentity, queue: DispatchQueue) throws(MonoflowError) {
        let descriptor = clinux_pidfd_open(identity.pid)
        guard descriptor >= 0 else {
            if errno == ESRCH { return nil }
            throw MonoflowError(.resourceExhausted, "watch process", "\(identity.pid)", String(cString: strerror(errno)))
        }
        // The id may have passed to another process before it was opened; from here on the descriptor holds it.
        guard ProcessIdentity.of(pid: identity.pid, bootID: identity.bootID) == identity else {
            close(descriptor)
            return nil
        }
        self.init(pid: identity.pid, descriptor: descriptor, queue: queue)
    }

    private init(pid: Int32, descriptor: Int32, queue: DispatchQueue) {
        self.pid = pid
        self.descriptor = descriptor
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler { [self] in finish() }
        source.setCancelHandler { close(descriptor) }
        source.activate()
    }

    private func finish() {
        var how = clinux_exit()
        // ECHILD is the answer for a process that an earlier server started.
        _ = clinux_wait_pidfd(descriptor, 0, 0, &how, nil)
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            state.ended = true
            return state.waiters
        }
        waiters.forEach { $0.resume() }
        source.cancel()
    }

    /// Returns when the process has ended, at once where it already has.
    public func wait() async {
        await withCheckedContinuation { continuation in
            let ended = state.withLock { state in
                if !state.ended { state.waiters.append(continuation) }
                return state.ended
            }
            if ended { continuation.resume() }
        }
    }

    /// Sends a signal; does nothing where the process has ended.
    public func signal(_ number: Int32) {
        state.withLock { state in
            // Under the lock the descriptor cannot be closed meanwhile: `finish` marks the end first.
            if !state.ended { _ = clinux_pidfd_send_signal(descriptor, number) }
        }
    }
}

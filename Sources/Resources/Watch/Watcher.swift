import Core
import DequeModule
import Synchronization

/// What a watcher is handed.
public enum WatchDelivery: Sendable {
    case change(ResourceEvent, as: ResourceEventType)
    /// Every change up to this version has been handed out.
    case bookmark(Int64)
}

/// One watch, for one reader. It hands out every change after its version, in order, none twice. A reader that is far behind is taken off the live
/// feed and reads the log instead, so it costs a bounded queue only.
public final class Watcher: Sendable {
    static let capacity = 1_000
    static let batch = 500
    /// Documents of the queue, and of one reading of the log. A single one may be larger.
    static let byteCapacity = 4 << 20

    let filter: WatchFilter
    private let hub: WatchHub

    private struct State {
        /// The last version that was handed out, or that the filter passed over before that.
        var position: Int64
        var isLive = false
        var isClosed = false
        /// There is nothing behind the queue.
        var isEnding = false
        var queue: Deque<WatchDelivery> = []
        /// Of the documents in the queue.
        var bytes = 0
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state: Mutex<State>

    init(_ filter: WatchFilter, after version: Int64, hub: WatchHub) {
        self.filter = filter
        self.hub = hub
        state = Mutex(State(position: version))
    }

    /// The next change; nil once the watch is closed, which the cancellation of the reading task does too.
    /// - Throws: `WatchHub.expired` where the log no longer holds what comes next.
    public func next() async throws(MonoflowError) -> WatchDelivery? {
        while true {
            let (delivery, isLive, isClosed) = state.withLock { state -> (WatchDelivery?, Bool, Bool) in
                if state.isClosed { return (nil, state.isLive, true) }
                let first = state.queue.popFirst()
                if first == nil, state.isEnding { state.isClosed = true }
                switch first {
                case .change(let event, _):
                    state.position = event.version
                    state.bytes -= event.document.count
                case .bookmark(let version): state.position = max(state.position, version)
                case nil: break
                }
                return (first, state.isLive, state.isClosed)
            }
            if !isClosed, Task.isCancelled { close() }
            if isClosed || Task.isCancelled { return nil }
            if let delivery { return delivery }
            if isLive { await wait() } else { try await catchUp() }
        }
    }

    public func close() {
        // In this order: whoever puts it on the live feed looks at the mark first.
        wake { state in
            state.isClosed = true
            state.queue.removeAll()
        }
        hub.remove(self)
    }

    // MARK: The hub's side

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Takes the changes that come next for it, all that there are up to a version.
    /// - Parameter goesLive: later ones are offered by the hub.
    func take(_ events: [ResourceEvent], through version: Int64, goesLive: Bool) {
        state.withLock { state in
            for event in events {
                guard let type = event.type(for: filter) else { continue }
                state.queue.append(.change(event, as: type))
                state.bytes += event.document.count
            }
            if state.queue.isEmpty { state.position = version }
            state.isLive = goesLive
        }
    }

    /// - Returns: whether it stays live; where it is too far behind it reads the log on its own from now on.
    func offer(_ event: ResourceEvent) -> Bool {
        guard let type = event.type(for: filter) else { return true }
        var stays = true
        wake { state in
            if state.queue.isEmpty || state.queue.count < Self.capacity && state.bytes + event.document.count <= Self.byteCapacity {
                state.queue.append(.change(event, as: type))
                state.bytes += event.document.count
            } else {
                if case .change(let first, _) = state.queue.first { state.position = max(state.position, first.version - 1) }
                state.queue.removeAll()
                state.bytes = 0
                state.isLive = false
                stays = false
            }
        }
        return stays
    }

    /// Takes it off the live feed: what comes next is to be looked for in the log.
    func lose() { wake { $0.isLive = false } }

    /// Closes it once the queue has been read: the kind is gone.
    func end() { wake { $0.isEnding = true } }

    /// Says that everything up to the version has come by.
    func bookmark(_ version: Int64) {
        wake { state in
            // The reader may have got a later change since the version was read.
            if state.isLive, state.queue.isEmpty, version >= state.position { state.queue.append(.bookmark(version)) }
        }
    }

    // MARK: Inside

    private func wake(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            change(&state)
            guard !state.queue.isEmpty || state.isClosed || state.isEnding || !state.isLive else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let isReady = state.withLock { state in
                    if !state.queue.isEmpty || state.isClosed || state.isEnding || !state.isLive || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            close()
        }
    }

    /// Reads a batch from the log, or joins the live feed where the log has no more.
    private func catchUp() async throws(MonoflowError) {
        let position = state.withLock { $0.position }
        guard !hub.join(self, at: position) else { return }
        let (events, last) = try await hub.log(filter.kind, after: position, limit: Self.batch)
        take(events, through: last, goesLive: false)
    }
}

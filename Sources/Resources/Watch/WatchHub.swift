import Core
import Database
import DequeModule
import Logging
import Synchronization

/// Tells watchers of every change. It reads the log of changes after each commit that added to it, once for all watchers, and keeps the newest
/// changes in memory for those that join. What is sealed in the log is opened here: in memory the documents are plain, as they are in every answer.
public final class WatchHub: Sendable {
    static let ringEvents = 4_096
    static let ringBytes = 16 << 20
    private static let batch = 1_000
    private static let batchBytes = 8 << 20

    private struct State {
        /// The newest changes, without gaps.
        var ring: Deque<ResourceEvent> = []
        var bytes = 0
        /// The version before the ring's first.
        var start: Int64
        /// The newest version read.
        var last: Int64
        var watchers: [String: [ObjectIdentifier: Watcher]] = [:]
        var isClosed = false
    }

    private let database: MetadataDatabase
    private let open: @Sendable (LoggedEvent) throws(MonoflowError) -> LoggedEvent
    private let selectable: @Sendable (String, JSON) -> Selectable
    private let logger: Logger
    private let state: Mutex<State>
    private let signal: AsyncStream<Void>.Continuation
    private let pump = Mutex<Task<Void, Never>?>(nil)

    /// - Parameters:
    ///   - open: makes of a change as it is logged what watchers are told.
    ///   - selectable: what selectors see of an object of a kind.
    public init(
        database: MetadataDatabase, logger: Logger, open: @escaping @Sendable (LoggedEvent) throws(MonoflowError) -> LoggedEvent,
        selectable: @escaping @Sendable (_ kind: String, _ document: JSON) -> Selectable
    ) throws(MonoflowError) {
        self.database = database
        self.open = open
        self.selectable = selectable
        self.logger = logger
        let version = try database.readBlocking(ResourceStore.version)
        state = Mutex(State(start: version, last: version))
        let (stream, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.signal = signal
        database.observeCommits(to: "resource_events") { signal.yield() }
        // What was committed before the observer was there.
        signal.yield()
        pump.withLock { $0 = Task { [weak self] in
            for await _ in stream {
                var delay = Duration.milliseconds(20)
                while let hub = self, await !hub.readNew() {
                    if (try? await Task.sleep(for: delay)) == nil { return }
                    delay = min(delay * 2, .seconds(5))
                }
            }
        } }
    }

    /// The newest version that watchers have been told of.
    public var version: Int64 { state.withLock { $0.last } }

    public var watcherCount: Int { state.withLock { $0.watchers.values.reduce(0) { $0 + $1.count } } }

    /// Changes after the version. - Throws: `expired` where the log no longer holds them all, or never held that version.
    public func watch(_ filter: WatchFilter, after version: Int64) async throws(MonoflowError) -> Watcher {
        let watcher = Watcher(filter, after: version, hub: self)
        if !join(watcher, at: version) { try await check(version) }
        return watcher
    }

    /// Hands a bookmark to every watcher that has nothing else to read.
    public func bookmark() {
        let (watchers, last) = state.withLock { state in (state.watchers.values.flatMap(\.values), state.last) }
        for watcher in watchers { watcher.bookmark(last) }
    }

    /// Ends all watches.
    public func close() {
        signal.finish()
        let watchers = state.withLock { state -> [Watcher] in
            state.isClosed = true
            return state.watchers.values.flatMap(\.values)
        }
        for watcher in watchers { watcher.close() }
        pump.withLock { $0?.cancel() }
    }

    public static func expired(_ version: Int64) -> MonoflowError {
        MonoflowError(
            .expired, "watch", "resourceVersion \(version)", "too old resource version: \(version)", hint: "list again and watch from the version that the list has")
    }

    // MARK: Watchers' side

    /// Hands the watcher what the ring holds after its position, and puts it on the live feed where that is all that there is.
    /// - Returns: false where the ring does not reach back to its position.
    func join(_ watcher: Watcher, at position: Int64) -> Bool {
        if watcher.filter.matches != nil {
            let next = state.withLock { state in state.ring.filter { $0.version > position && $0.key.kind == watcher.filter.kind } }
            for event in next.prefix(Watcher.batch) { event.prepare() }
        }
        let isClosed = state.withLock { state -> Bool? in
            if state.isClosed || watcher.isClosed { return true }
            guard position >= state.start, position <= state.last else { return nil }
            var next: [ResourceEvent] = []
            for event in state.ring where event.version > position && event.key.kind == watcher.filter.kind {
                if next.count == Watcher.batch {
                    watcher.take(next, through: next[next.count - 1].version, goesLive: false)
                    return false
                }
                next.append(event)
            }
            watcher.take(next, through: state.last, goesLive: true)
            state.watchers[watcher.filter.kind, default: [:]][ObjectIdentifier(watcher)] = watcher
            return false
        }
        guard let isClosed else { return false }
        if isClosed { watcher.close() }
        return true
    }

    func remove(_ watcher: Watcher) {
        state.withLock { state in
            state.watchers[watcher.filter.kind]?[ObjectIdentifier(watcher)] = nil
            if state.watchers[watcher.filter.kind]?.isEmpty == true { state.watchers[watcher.filter.kind] = nil }
        }
    }

    /// - Returns: changes of the kind after the version that the ring no longer holds, and the version up to which they are all.
    func log(_ kind: String, after version: Int64, limit: Int) async throws(MonoflowError) -> ([ResourceEvent], Int64) {
        let end = state.withLock { $0.last }
        let found = try await database.read { db in
            guard try EventLog.start(db) <= version else { throw Self.expired(version) }
            return try EventLog.events(db, after: version, through: end, kind: kind, limit: limit, bytes: Watcher.byteCapacity)
        }
        let isWhole = found.count < limit && found.reduce(0) { $0 + $1.document.utf8.count } < Watcher.byteCapacity
        let last = isWhole ? end : found.last?.version ?? end
        var events: [ResourceEvent] = []
        events.reserveCapacity(found.count)
        for event in found { events.append(ResourceEvent(try open(event), selectable: selectable)) }
        return (events, last)
    }

    private func check(_ version: Int64) async throws(MonoflowError) {
        let (start, last) = try await database.read { db in (try EventLog.start(db), try ResourceStore.version(db)) }
        // A version of the future is one of another database: the watcher must list again.
        guard version >= start, version <= last else { throw Self.expired(version) }
        if version > state.withLock({ $0.last }) { _ = await readNew() }
    }

    // MARK: The pump

    /// - Returns: false where reading failed and is to be tried again.
    private func readNew() async -> Bool {
        while true {
            let last = state.withLock { $0.last }
            do {
                let (start, events) = try await database.read { db in
                    (try EventLog.start(db), try EventLog.events(db, after: last, limit: Self.batch, bytes: Self.batchBytes))
                }
                if start > last { skip(to: start) }
                if events.isEmpty { return true }
                openAndDeliver(events)
            } catch {
                if error.code == .cancelled { return true }
                if error.code != .unavailable { logger.error("changes were not read for watchers: \(error)") }
                return false
            }
        }
    }

    /// What comes up to the version has left the log unread: the ring begins anew, and watchers find out that they missed something.
    private func skip(to start: Int64) {
        let lost = state.withLock { state -> [Watcher] in
            guard start > state.last else { return [] }
            state.ring.removeAll()
            state.bytes = 0
            state.start = start
            state.last = start
            defer { state.watchers = [:] }
            return state.watchers.values.flatMap(\.values)
        }
        for watcher in lost { watcher.lose() }
    }

    private func openAndDeliver(_ events: [LoggedEvent]) {
        var opened: [ResourceEvent] = []
        for event in events {
            do throws(MonoflowError) {
                opened.append(ResourceEvent(try open(event), selectable: selectable))
            } catch {
                logger.error("version \(event.version): \(error)")
                deliver(opened)
                opened = []
                passOver(event)
            }
        }
        deliver(opened)
    }

    /// Of a change that cannot be told: who watches its kind goes to the log, and fails there; nobody else is held up.
    private func passOver(_ event: LoggedEvent) {
        let watchers = state.withLock { state -> [Watcher] in
            guard event.version > state.last else { return [] }
            state.ring.removeAll()
            state.bytes = 0
            state.start = event.version
            state.last = event.version
            return state.watchers.removeValue(forKey: event.key.kind).map { Array($0.values) } ?? []
        }
        for watcher in watchers { watcher.lose() }
    }

    private func deliver(_ events: [ResourceEvent]) {
        // Documents are read outside the lock, and only where somebody selects.
        let selective = state.withLock { state in
            Set(events.map(\.key.kind)).filter { state.watchers[$0]?.values.contains { $0.filter.matches != nil } == true }
        }
        for event in events where selective.contains(event.key.kind) { event.prepare() }
        state.withLock { state in
            for event in events where event.version > state.last {
                state.last = event.version
                state.ring.append(event)
                state.bytes += event.document.count
                if event.type == .deleted, event.key.kind == CustomKindRules.kind, let ended = state.watchers.removeValue(forKey: event.key.name) {
                    for watcher in ended.values { watcher.end() }
                }
                guard let watchers = state.watchers[event.key.kind] else { continue }
                for (id, watcher) in watchers where !watcher.offer(event) { state.watchers[event.key.kind]?[id] = nil }
            }
            while state.ring.count > Self.ringEvents || state.bytes > Self.ringBytes, let first = state.ring.popFirst() {
                state.start = first.version
                state.bytes -= first.document.count
            }
        }
    }
}

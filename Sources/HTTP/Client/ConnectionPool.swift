import Core
import DequeModule
import Sockets
import Synchronization

/// The connections of a client, kept by origin. Who asks gets the one used last, else makes one, else waits in line.
///
/// A *place* is the right to have one open connection. It goes with the connection; when that closes, or is switched to
/// another protocol, the place goes to the next in line.
final class ConnectionPool: Sendable {
    /// What a request in line is given.
    private enum Grant: Sendable {
        case connection(ClientConnection)
        case place
    }

    private final class PerOrigin {
        /// The one used last stands last.
        var idle: [ClientConnection] = []
        /// Places that are taken: by connections idle, in use, or being made.
        var open = 0
        var upgraded = 0
        var line: Deque<Promise<Grant>> = []

        var isEmpty: Bool { open == 0 && upgraded == 0 && line.isEmpty }
    }

    private struct State {
        var origins: [HTTPOrigin: PerOrigin] = [:]
        var open = 0
        var isClosed = false
    }

    let counters = LiveClientCounters()
    private let options: HTTPClientOptions
    private let limits: HTTPLimits
    private let group: EventLoopGroup
    private let connector: Connector
    private let tls: TLSClientContext?
    private let turn = Atomic(0)
    private let state = Mutex(State())

    init(group: EventLoopGroup, options: HTTPClientOptions, connector: Connector, tls: TLSClientContext?) {
        self.group = group
        self.options = options
        limits = options.limits
        self.connector = connector
        self.tls = tls
    }

    // MARK: taking

    private enum Step: Sendable {
        case use(ClientConnection)
        /// - Parameter closing: an unused connection that gave its place.
        case make(closing: ClientConnection?)
        case wait(Promise<Grant>)
        case refuse(String)
        case shutDown
    }

    /// - Parameters:
    ///   - isFresh: a new connection, no kept one.
    ///   - wait: how long to stand in line at most.
    /// - Returns: the connection, and whether it was kept. It is the caller's until `ClientConnection.send` is told.
    func take(
        _ origin: HTTPOrigin, isFresh: Bool, isUpgrade: Bool, wait: Duration, connect: Duration
    ) async throws(MonoflowError) -> (connection: ClientConnection, isReused: Bool) {
        switch state.withLock({ step(&$0, origin, isFresh: isFresh, isUpgrade: isUpgrade) }) {
        case .use(let connection): return (connection, true)
        case .make(let surplus):
            surplus?.discard()
            return (try await make(origin, limit: connect), false)
        case .refuse(let why): throw failure(.resourceExhausted, origin, why)
        case .shutDown: throw failure(.cancelled, origin, "the client was shut down")
        case .wait(let promise):
            do {
                let error = failure(.deadlineExceeded, origin, "no connection became free within \(wait)")
                if case .connection(let connection) = try await promise.value(within: wait, else: error) { return (connection, true) }
            } catch {
                state.withLock { $0.origins[origin]?.line.removeAll { $0 === promise } }
                throw error as? MonoflowError ?? failure(.cancelled, origin, "the task was cancelled")
            }
            return (try await make(origin, limit: connect), false)
        }
    }

    private func failure(_ code: MonoflowError.Code, _ origin: HTTPOrigin, _ message: String) -> MonoflowError {
        MonoflowError(code, "get connection", "\(origin)", message)
    }

    private func step(_ state: inout State, _ origin: HTTPOrigin, isFresh: Bool, isUpgrade: Bool) -> Step {
        if state.isClosed { return .shutDown }
        let entry = state.origins[origin] ?? PerOrigin()
        if isUpgrade && entry.upgraded >= options.upgradesPerOrigin { return .refuse("\(entry.upgraded) connections are switched to other protocols") }
        if !isFresh, let connection = entry.idle.popLast() { return .use(connection) }
        if entry.open < options.connectionsPerOrigin {
            let isFull = state.open >= options.connections
            let surplus = isFull ? evict(&state) : nil
            if !isFull || surplus != nil {
                if !isFull { state.open += 1 }
                entry.open += 1
                state.origins[origin] = entry
                return .make(closing: surplus)
            }
        }
        // Here an idle one is left only where a fresh one is wanted: it gives its place.
        if let old = entry.idle.first {
            entry.idle.removeFirst()
            old.ownsPlace = false
            return .make(closing: old)
        }
        if entry.open == 0 { return .refuse("\(state.open) connections are in use") }
        guard entry.line.count < options.waitingPerOrigin else { return .refuse("\(entry.line.count) requests wait for a connection") }
        let promise = Promise<Grant>()
        entry.line.append(promise)
        return .wait(promise)
    }

    /// An unused connection, whichever, that gives its place.
    private func evict(_ state: inout State) -> ClientConnection? {
        guard let (origin, entry) = state.origins.first(where: { !$0.value.idle.isEmpty }) else { return nil }
        let old = entry.idle.removeFirst()
        old.ownsPlace = false
        entry.open -= 1
        if entry.isEmpty { state.origins[origin] = nil }
        return old
    }

    /// With a place that is taken already.
    private func make(_ origin: HTTPOrigin, limit: Duration) async throws(MonoflowError) -> ClientConnection {
        let loop = group.loops[turn.wrappingAdd(1, ordering: .relaxed).oldValue % group.loops.count]
        do throws(MonoflowError) {
            let security = try security(origin)
            let socket = try await connector.connect(to: origin.address, on: loop, limit: limit)
            counters.made.add(1, ordering: .relaxed)
            return ClientConnection(
                socket, security: security, origin: origin, loop: loop, limits: limits, idleTimeout: options.idleTimeout, pool: self)
        } catch {
            state.withLock { placeFreed(&$0, origin) }
            throw MonoflowError(error.code, "connect", "\(origin)", error.message, hint: error.hint)
        }
    }

    private func security(_ origin: HTTPOrigin) throws(MonoflowError) -> ConnectionSecurity {
        if origin.scheme == .http { return .plain }
        guard let tls else { throw failure(.failedPrecondition, origin, "the client was made without TLS") }
        return .client(tls, serverName: origin.host)
    }

    // MARK: giving back

    /// The connection can serve another request. On its loop.
    func release(_ connection: ClientConnection) {
        let isKept = state.withLock { state -> Bool in
            guard let entry = state.origins[connection.origin], connection.ownsPlace, !state.isClosed else { return false }
            while let next = entry.line.popFirst() { if next.fulfil(.success(.connection(connection))) { return true } }
            guard entry.idle.count < options.idlePerOrigin else { return false }
            entry.idle.append(connection)
            return true
        }
        if !isKept { connection.discard() }
    }

    /// The connection does not speak HTTP any more and counts apart. On its loop.
    func upgraded(_ connection: ClientConnection) {
        state.withLock { state in
            guard connection.ownsPlace, let entry = state.origins[connection.origin] else { return }
            connection.ownsPlace = false
            connection.isUpgraded = true
            entry.upgraded += 1
            placeFreed(&state, connection.origin)
        }
    }

    /// The connection is closed, whatever it was doing. On its loop.
    func closed(_ connection: ClientConnection) {
        state.withLock { state in
            guard let entry = state.origins[connection.origin] else { return }
            if connection.isUpgraded {
                entry.upgraded -= 1
                if entry.isEmpty { state.origins[connection.origin] = nil }
            } else if connection.ownsPlace {
                entry.idle.removeAll { $0 === connection }
                connection.ownsPlace = false
                placeFreed(&state, connection.origin)
            }
        }
    }

    private func placeFreed(_ state: inout State, _ origin: HTTPOrigin) {
        guard let entry = state.origins[origin] else { return }
        while let next = entry.line.popFirst() { if next.fulfil(.success(.place)) { return } }
        entry.open -= 1
        state.open -= 1
        if entry.isEmpty { state.origins[origin] = nil }
    }

    /// Refuses what comes and what waits, closes what is unused; requests under way end as they would.
    func close() {
        let idle = state.withLock { state -> [ClientConnection] in
            state.isClosed = true
            var idle: [ClientConnection] = []
            for (origin, entry) in state.origins {
                for promise in entry.line { promise.fulfil(.failure(failure(.cancelled, origin, "the client was shut down"))) }
                entry.line.removeAll()
                idle += entry.idle
                entry.idle.removeAll()
            }
            return idle
        }
        for connection in idle { connection.discard() }
    }

    func snapshot() -> HTTPClientCounters {
        var snapshot = counters.snapshot()
        state.withLock { state in
            snapshot.connectionsOpen = state.open
            for entry in state.origins.values {
                snapshot.connectionsIdle += entry.idle.count
                snapshot.connectionsUpgraded += entry.upgraded
                snapshot.waiting += entry.line.count
            }
        }
        return snapshot
    }
}

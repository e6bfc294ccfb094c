import Core
import HTTP
import Sockets
import Synchronization

/// A client's connection: made when a call needs it, made again when it has ended, with growing waits while that fails.
final class ClientChannel: Sendable {
    private enum Phase {
        case idle
        case connecting
        case ready(HTTP2ClientConnection)
        /// The last attempt has failed; none is made before `until`.
        case failed(MonoflowError, until: ContinuousClock.Instant)
        case closed
    }

    private struct State {
        var phase = Phase.idle
        /// Attempts in a row that have failed.
        var failures = 0
        var waiting: [UInt64: Promise<HTTP2ClientConnection>] = [:]
        var lastID: UInt64 = 0
        var turn = 0
        /// The wait that calls which wait for a ready server have begun.
        var retry: Deadlines.Token?
    }

    private enum Step {
        case take(HTTP2ClientConnection)
        case wait(UInt64, Promise<HTTP2ClientConnection>, connects: EventLoop?)
        case fail(GRPCStatus)
    }

    let origin: HTTPOrigin
    private let group: EventLoopGroup
    private let tls: TLSClientContext?
    private let connector: Connector
    private let options: GRPCClientOptions
    private let deadlines: Deadlines
    private let state = Mutex(State())

    init(
        _ origin: HTTPOrigin, group: EventLoopGroup, tls: TLSClientContext?, connector: Connector, options: GRPCClientOptions, deadlines: Deadlines
    ) {
        self.origin = origin
        self.group = group
        self.tls = tls
        self.connector = connector
        self.options = options
        self.deadlines = deadlines
    }

    /// An open connection. - Throws: UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED (too many wait), CANCELLED.
    func take(waitsForReady: Bool, deadline: ContinuousClock.Instant?) async throws(GRPCStatus) -> HTTP2ClientConnection {
        let step = state.withLock { next(&$0, waitsForReady: waitsForReady) }
        switch step {
        case .take(let connection): return connection
        case .fail(let status): throw status
        case .wait(let id, let promise, let loop):
            if let loop { connect(on: loop) }
            let timer = deadline.map { deadlines.add(at: $0) { promise.fulfil(.failure(GRPCStatus(.deadlineExceeded, "no connection in time"))) } }
            defer {
                if let timer { deadlines.remove(timer) }
                state.withLock { $0.waiting[id] = nil }
            }
            do { return try await promise.value() } catch {
                throw error as? GRPCStatus ?? GRPCStatus(.cancelled, "the call was cancelled while it waited for a connection")
            }
        }
    }

    private func next(_ state: inout State, waitsForReady: Bool) -> Step {
        switch state.phase {
        case .ready(let connection) where connection.isOpen: return .take(connection)
        case .closed: return .fail(GRPCStatus(.unavailable, "the client is closed"))
        case .failed(let error, let until) where until > .now:
            if !waitsForReady { return .fail(status(error)) }
            guard let (id, promise) = line(&state) else { return .fail(Self.full) }
            if state.retry == nil { state.retry = deadlines.add(at: until) { [weak self] in self?.retry() } }
            return .wait(id, promise, connects: nil)
        case .connecting:
            guard let (id, promise) = line(&state) else { return .fail(Self.full) }
            return .wait(id, promise, connects: nil)
        case .idle, .ready, .failed:
            guard let (id, promise) = line(&state) else { return .fail(Self.full) }
            return .wait(id, promise, connects: beginConnecting(&state))
        }
    }

    private static let full = GRPCStatus(.resourceExhausted, "too many calls wait for a connection")

    private func status(_ error: MonoflowError) -> GRPCStatus { GRPCStatus(.unavailable, error.description) }

    private func line(_ state: inout State) -> (UInt64, Promise<HTTP2ClientConnection>)? {
        guard state.waiting.count < options.waitingCalls else { return nil }
        state.lastID += 1
        let promise = Promise<HTTP2ClientConnection>()
        state.waiting[state.lastID] = promise
        return (state.lastID, promise)
    }

    private func beginConnecting(_ state: inout State) -> EventLoop {
        state.phase = .connecting
        state.turn += 1
        return group.loops[state.turn % group.loops.count]
    }

    /// The wait after a failure is over, and calls still want a connection.
    private func retry() {
        let loop = state.withLock { state -> EventLoop? in
            state.retry = nil
            guard case .failed = state.phase, !state.waiting.isEmpty else { return nil }
            return beginConnecting(&state)
        }
        if let loop { connect(on: loop) }
    }

    private func connect(on loop: EventLoop) {
        Task { [weak self, origin, tls, connector, options] in
            do throws(MonoflowError) {
                let connection = try await HTTP2ClientConnection.connect(
                    to: origin, tls: tls, on: loop, connector: connector, options: options.connection)
                if let self { connected(connection) } else { connection.close() }
            } catch { self?.failed(error) }
        }
    }

    private func connected(_ connection: HTTP2ClientConnection) {
        let waiting = state.withLock { state -> [Promise<HTTP2ClientConnection>]? in
            if case .closed = state.phase { return nil }
            state.phase = .ready(connection)
            state.failures = 0
            return Array(state.waiting.values)
        }
        guard let waiting else { return connection.close() }
        for promise in waiting { promise.fulfil(.success(connection)) }
    }

    private func failed(_ error: MonoflowError) {
        let (waiting, status) = state.withLock { state in
            if case .closed = state.phase { return ([] as [Promise<HTTP2ClientConnection>], self.status(error)) }
            state.failures += 1
            let until = ContinuousClock.now + options.backoff.wait(after: state.failures, random: .random(in: 0..<1))
            state.phase = .failed(error, until: until)
            // Those that can wait are put in line again by their calls.
            return (Array(state.waiting.values), self.status(error))
        }
        for promise in waiting { promise.fulfil(.failure(status)) }
    }

    var isClosed: Bool { state.withLock { if case .closed = $0.phase { true } else { false } } }

    /// Calls under way go on; no more begin.
    func close() {
        let (phase, waiting) = state.withLock { state in
            let phase = state.phase
            state.phase = .closed
            return (phase, Array(state.waiting.values))
        }
        if case .ready(let connection) = phase { connection.close() }
        for promise in waiting { promise.fulfil(.failure(GRPCStatus(.unavailable, "the client is closed"))) }
    }
}

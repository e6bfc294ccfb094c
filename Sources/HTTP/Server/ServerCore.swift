import Core
import Logging
import Sockets
import Synchronization

/// A connection of any protocol, as the server keeps it.
protocol ServedConnection: AnyObject, Sendable {
    var connection: Connection { get }
    /// Finishes what is in flight and takes no new request. On the loop.
    func drain()
}

/// What a server's connections share.
final class ServerCore: Sendable {
    let table: RouteTable
    let limits: HTTPLimits
    /// The limits' times in milliseconds.
    let timeouts: (idle: Int64, header: Int64, body: Int64, write: Int64)
    let onError: @Sendable (any Error, HTTPRequest) -> HTTPResponse
    let observer: (@Sendable (HTTPExchangeRecord) -> Void)?
    let log: Logger
    let counters = LiveCounters()
    private let open = Mutex(OpenConnections())

    struct OpenConnections {
        var all: [ObjectIdentifier: any ServedConnection] = [:]
        var byClient: [String: Int] = [:]
        var count = 0
        var isFull = false
        var isDraining = false
        var onEmpty: (@Sendable () -> Void)?
    }

    enum Admission {
        case admitted(isLast: Bool)
        case refused
    }

    init(
        table: RouteTable, limits: HTTPLimits, log: Logger,
        onError: @escaping @Sendable (any Error, HTTPRequest) -> HTTPResponse, observer: (@Sendable (HTTPExchangeRecord) -> Void)?
    ) {
        self.table = table
        self.limits = limits
        self.log = log
        self.onError = onError
        self.observer = observer
        timeouts = (
            limits.idleTimeout.milliseconds, limits.headerTimeout.milliseconds, limits.bodyTimeout.milliseconds,
            limits.writeTimeout.milliseconds
        )
    }

    /// Counts a new connection. `isLast`: the next ones must wait.
    func admit(_ connection: any ServedConnection) -> Admission {
        let peer = connection.connection.peer
        let result = open.withLock { open -> Admission in
            let ofClient = open.byClient[peer, default: 0]
            if ofClient >= limits.connectionsPerClient || open.isDraining { return .refused }
            open.byClient[peer] = ofClient + 1
            open.count += 1
            open.all[ObjectIdentifier(connection.connection)] = connection
            if open.count >= limits.connections { open.isFull = true }
            return .admitted(isLast: open.isFull)
        }
        switch result {
        case .admitted:
            counters.connectionsOpen.add(1, ordering: .relaxed)
            counters.connectionsTotal.add(1, ordering: .relaxed)
        case .refused: counters.connectionsRefused.add(1, ordering: .relaxed)
        }
        return result
    }

    /// The connection is served by another protocol from now on. - Returns: whether the server is draining.
    func replace(_ connection: any ServedConnection) -> Bool {
        open.withLock { open in
            let key = ObjectIdentifier(connection.connection)
            if open.all[key] != nil { open.all[key] = connection }
            return open.isDraining
        }
    }

    /// Called when there is room again after `isLast`.
    struct RoomAction: Sendable {
        let run: @Sendable () -> Void
    }
    let onRoom = Mutex<RoomAction?>(nil)

    func closed(_ connection: any ServedConnection) {
        let peer = connection.connection.peer
        let (hasRoom, onEmpty) = open.withLock { open -> (Bool, (@Sendable () -> Void)?) in
            guard open.all.removeValue(forKey: ObjectIdentifier(connection.connection)) != nil else { return (false, nil) }
            open.count -= 1
            let left = open.byClient[peer, default: 1] - 1
            open.byClient[peer] = left > 0 ? left : nil
            counters.connectionsOpen.subtract(1, ordering: .relaxed)
            let hasRoom = open.isFull
            open.isFull = false
            guard open.count == 0 else { return (hasRoom, nil) }
            defer { open.onEmpty = nil }
            return (hasRoom, open.onEmpty)
        }
        if hasRoom { onRoom.withLock { $0 }?.run() }
        onEmpty?()
    }

    /// - Parameter onEmpty: called once, when the last connection has closed; at once where there is none.
    /// - Returns: the connections that are open now; later ones are refused.
    func beginDrain(onEmpty: @escaping @Sendable () -> Void) -> [any ServedConnection] {
        let connections = open.withLock { open -> [any ServedConnection] in
            open.isDraining = true
            open.onEmpty = open.count == 0 ? nil : onEmpty
            return Array(open.all.values)
        }
        if connections.isEmpty { onEmpty() }
        return connections
    }

    func openConnections() -> [any ServedConnection] { open.withLock { Array($0.all.values) } }

    /// Who answers what was matched; nil where nobody does.
    func handler(for match: RouteTable.Match) -> HTTPHandler? { if case .found(let entry, _) = match { entry.handler } else { table.fallback } }

    /// Tells the observer of an exchange that is over. - Parameter bytesOut: of its response.
    func record(_ exchange: Exchange, bytesOut: @autoclosure () -> Int64, isComplete: Bool) {
        guard let observer else { return }
        observer(HTTPExchangeRecord(
            request: exchange.request, status: exchange.status ?? .clientClosedRequest, bytesOut: bytesOut(),
            duration: .nanoseconds(Int64(LoopTime.now() - exchange.started)), isComplete: isComplete))
    }

    // MARK: answers without a handler

    func refusal(_ refusal: RequestRefusal) -> HTTPResponse {
        let line = JSON.string("read request: " + refusal.message)
        let body = JSON.make(["error": line, "code": .int(3), "message": line, "details": .array([])])
        return .json(body, status: refusal.status)
    }

    func notFound(_ request: HTTPRequest) -> HTTPResponse {
        onError(MonoflowError(.notFound, "\(request.method.rawValue) \(request.rawPath)", "", "no such endpoint"), request)
    }

    func malformedPath(_ request: HTTPRequest) -> HTTPResponse {
        onError(MonoflowError(.invalidArgument, "read request", "\(request.rawPath)", "the path has a broken percent escape"), request)
    }

    func methodNotAllowed(_ request: HTTPRequest, _ allow: [HTTPMethod]) -> HTTPResponse {
        let names = allow.map(\.rawValue).joined(separator: ", ")
        let error = MonoflowError(
            .unimplemented, "\(request.method.rawValue) \(request.rawPath)", "", "the method is not allowed here", hint: "allowed: \(names)")
        var response = onError(error, request)
        response.status = .methodNotAllowed
        response.headers["Allow"] = names
        return response
    }
}

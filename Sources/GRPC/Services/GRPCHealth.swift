import Core
import Synchronization

/// `grpc.health.v1.Health`: whether services answer, as their owners say. The empty name is the server as a whole.
public final class GRPCHealth: Sendable {
    public enum Serving: Sendable, Hashable {
        case serving, notServing
    }

    /// Watchers at once; more are refused with RESOURCE_EXHAUSTED.
    public static let watchers = 10_000

    private struct State {
        var statuses: [String: Serving] = [:]
        var watchers: [UInt64: (service: String, changes: AsyncStream<Serving?>.Continuation)] = [:]
        var lastID: UInt64 = 0
        var isClosed = false
    }

    private let state: Mutex<State>

    /// - Parameter services: what is known at first, by full name.
    public init(_ services: [String: Serving] = ["": .notServing]) { state = Mutex(State(statuses: services)) }

    /// Watchers are told where that is a change. - Parameter serving: nil makes the service unknown.
    public func set(_ service: String, _ serving: Serving?) {
        let watchers = state.withLock { state in
            if state.statuses[service] == serving { return [] as [AsyncStream<Serving?>.Continuation] }
            state.statuses[service] = serving
            return state.watchers.values.filter { $0.service == service }.map(\.changes)
        }
        for watcher in watchers { watcher.yield(serving) }
    }

    /// Sets every known service, e.g. when the server stops.
    public func setAll(_ serving: Serving) {
        for name in state.withLock({ Array($0.statuses.keys) }) { set(name, serving) }
    }

    /// Ends all watching, so that a server can stop; those who watch are to come back.
    public func close() {
        let watchers = state.withLock { state in
            state.isClosed = true
            return state.watchers.values.map(\.changes)
        }
        for watcher in watchers { watcher.finish() }
    }

    private func list() -> Grpc_Health_V1_HealthListResponse {
        let statuses = state.withLock { $0.statuses }
        return .with { $0.statuses = statuses.mapValues(Self.message) }
    }

    /// The status now and after each change; of changes that nobody has read yet only the last is kept.
    /// - Throws: `resourceExhausted` with too many watchers.
    private func watch(_ service: String) throws(MonoflowError) -> (id: UInt64, changes: AsyncStream<Serving?>) {
        let (changes, continuation) = AsyncStream.makeStream(of: Serving?.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state -> UInt64? in
            if state.watchers.count >= Self.watchers { return nil }
            state.lastID += 1
            state.watchers[state.lastID] = (service, continuation)
            continuation.yield(state.statuses[service])
            if state.isClosed { continuation.finish() }
            return state.lastID
        }
        guard let id else { throw MonoflowError(.resourceExhausted, "watch health", service, "there are \(Self.watchers) watchers already") }
        return (id, changes)
    }

    private func unwatch(_ id: UInt64) { state.withLock { $0.watchers[id] = nil } }

    private static func message(_ serving: Serving) -> Grpc_Health_V1_HealthCheckResponse {
        .with { $0.status = serving == .serving ? .serving : .notServing }
    }

    /// - Parameter tags: of the routes.
    public func definition(tags: Set<String> = []) -> GRPCServiceDefinition {
        var definition = GRPCServiceDefinition("grpc.health.v1.Health", descriptors: healthDescriptors)
        definition.tags = tags
        definition.unary("Check") { [self] (request: Grpc_Health_V1_HealthCheckRequest, _) in
            guard let serving = state.withLock({ $0.statuses[request.service] }) else {
                throw GRPCStatus(.notFound, "service \(request.service) is not known")
            }
            return Self.message(serving)
        }
        definition.unary("List") { [self] (_: Grpc_Health_V1_HealthListRequest, _) in list() }
        definition.serverStreaming("Watch") {
            [self] (request: Grpc_Health_V1_HealthCheckRequest, responses: GRPCResponses<Grpc_Health_V1_HealthCheckResponse>, _) in
            let (id, changes) = try watch(request.service)
            defer { unwatch(id) }
            var last: Serving??
            for await serving in changes where serving != last {
                last = .some(serving)
                try await responses.send(serving.map(Self.message) ?? .with { $0.status = .serviceUnknown })
            }
            try Task.checkCancellation()
            throw GRPCStatus(.unavailable, "the server is stopping")
        }
        return definition
    }
}

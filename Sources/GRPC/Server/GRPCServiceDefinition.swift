import SwiftProtobuf

/// One method of a service.
struct GRPCMethod: Sendable {
    /// Without the service, e.g. `Check`.
    let name: String
    /// Answers a call; a frame that it returns is the last message and not sent yet.
    let run: @Sendable (ServerStream) async throws -> [UInt8]?
}

/// A service as a list of methods: what `GRPCRouter` serves.
///
///     var service = GRPCServiceDefinition("monoflow.Echo", descriptors: echoDescriptors)
///     service.unary("Say") { (request: Echo_Request, call) in Echo_Reply.with { $0.text = request.text } }
///
/// Each kind of method takes protobuf messages, or whatever a codec reads and writes; `.raw` leaves the bytes alone.
/// Handlers run in a task each and end a call by returning, or by throwing a `GRPCStatus` or a `MonoflowError`.
public struct GRPCServiceDefinition: Sendable {
    /// Full name, e.g. `grpc.health.v1.Health`.
    public let name: String
    /// What server reflection tells of the service; nil leaves it out there.
    public let descriptors: GRPCDescriptors?
    /// Given to every route of the service, e.g. to exempt them from authentication.
    public var tags: Set<String> = []
    /// Whether answers of 1 KiB and more are packed where the client accepts that.
    public var compressesResponses = false
    /// Instead of the router's.
    public var limits: GRPCLimits?
    private(set) var methods: [GRPCMethod] = []

    public init(_ name: String, descriptors: GRPCDescriptors? = nil) {
        self.name = name
        self.descriptors = descriptors
    }

    /// Two methods of one name stop the program.
    private mutating func add(_ name: String, _ run: @escaping @Sendable (ServerStream) async throws -> [UInt8]?) {
        precondition(!methods.contains { $0.name == name }, "method \(name) of \(self.name) is defined twice")
        methods.append(GRPCMethod(name: name, run: run))
    }

    /// One message in, one out.
    public mutating func unary<In, Out>(
        _ name: String, request: GRPCCodec<In>, response: GRPCCodec<Out>,
        _ handler: @escaping @Sendable (In, GRPCCall) async throws -> Out
    ) {
        add(name) { stream in
            let value = try await handler(try await stream.requests(request).single(), stream.call)
            return try stream.frame(value, response)
        }
    }

    /// One message in, any number out.
    public mutating func serverStreaming<In, Out>(
        _ name: String, request: GRPCCodec<In>, response: GRPCCodec<Out>,
        _ handler: @escaping @Sendable (In, GRPCResponses<Out>, GRPCCall) async throws -> Void
    ) {
        add(name) { stream in
            let responses = GRPCResponses(stream: stream, codec: response)
            try await handler(try await stream.requests(request).single(), responses, stream.call)
            return nil
        }
    }

    /// Any number of messages in, one out.
    public mutating func clientStreaming<In, Out>(
        _ name: String, request: GRPCCodec<In>, response: GRPCCodec<Out>,
        _ handler: @escaping @Sendable (GRPCMessages<In>, GRPCCall) async throws -> Out
    ) {
        add(name) { stream in
            try stream.frame(try await handler(stream.requests(request), stream.call), response)
        }
    }

    /// Any number of messages in and out, in any order.
    public mutating func bidirectional<In, Out>(
        _ name: String, request: GRPCCodec<In>, response: GRPCCodec<Out>,
        _ handler: @escaping @Sendable (GRPCMessages<In>, GRPCResponses<Out>, GRPCCall) async throws -> Void
    ) {
        add(name) { stream in
            try await handler(stream.requests(request), GRPCResponses(stream: stream, codec: response), stream.call)
            return nil
        }
    }
}

// The same for protobuf messages, whose types the handler's signature tells.
extension GRPCServiceDefinition {
    /// One message in, one out.
    public mutating func unary<In: Message, Out: Message>(
        _ name: String, _ handler: @escaping @Sendable (In, GRPCCall) async throws -> Out
    ) {
        unary(name, request: .protobuf, response: .protobuf, handler)
    }

    /// One message in, any number out.
    public mutating func serverStreaming<In: Message, Out: Message>(
        _ name: String, _ handler: @escaping @Sendable (In, GRPCResponses<Out>, GRPCCall) async throws -> Void
    ) {
        serverStreaming(name, request: .protobuf, response: .protobuf, handler)
    }

    /// Any number of messages in, one out.
    public mutating func clientStreaming<In: Message, Out: Message>(
        _ name: String, _ handler: @escaping @Sendable (GRPCMessages<In>, GRPCCall) async throws -> Out
    ) {
        clientStreaming(name, request: .protobuf, response: .protobuf, handler)
    }

    /// Any number of messages in and out, in any order.
    public mutating func bidirectional<In: Message, Out: Message>(
        _ name: String, _ handler: @escaping @Sendable (GRPCMessages<In>, GRPCResponses<Out>, GRPCCall) async throws -> Void
    ) {
        bidirectional(name, request: .protobuf, response: .protobuf, handler)
    }
}

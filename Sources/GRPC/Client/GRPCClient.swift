import Core
import HTTP
import Sockets
import SwiftProtobuf

/// A gRPC client of one server, over one HTTP/2 connection that is made when it is needed.
///
///     let client = GRPCClient(try HTTPOrigin(host: "127.0.0.1", port: 6789), group: group)
///     let reply: Api_Reply = try await client.unary("/api.Suggestion/GetSuggestions", request, options: .init(timeout: .seconds(60)))
///
/// Every error is a `GRPCStatus`: what the server answered, or UNAVAILABLE (no connection), DEADLINE_EXCEEDED, CANCELLED,
/// RESOURCE_EXHAUSTED (a bound of this client), INTERNAL or UNKNOWN (the server broke the protocol). A unary call is sent
/// again, over another connection, where the server says that it has not looked at it.
public final class GRPCClient: Sendable {
    /// How often one call is sent at most.
    private static let attempts = 3

    public let options: GRPCClientOptions
    private let channel: ClientChannel
    private let deadlines = Deadlines()

    /// - Parameter tls: for `https`; its protocols are `["h2"]`.
    public init(
        _ origin: HTTPOrigin, group: EventLoopGroup, tls: TLSClientContext? = nil, options: GRPCClientOptions = GRPCClientOptions(),
        connector: Connector = Connector()
    ) {
        self.options = options
        channel = ClientChannel(origin, group: group, tls: tls, connector: connector, options: options, deadlines: deadlines)
    }

    deinit { channel.close() }

    /// No more calls begin; the connection is closed after those that are under way.
    public func close() { channel.close() }

    /// Begins a call of any kind. - Parameter method: `/package.Service/Method`.
    public func call<In, Out>(
        _ method: String, request: GRPCCodec<In>, response: GRPCCodec<Out>, options: GRPCCallOptions = GRPCCallOptions()
    ) async throws(GRPCStatus) -> GRPCClientCall<In, Out> {
        let writer = FrameWriter(encoding: options.compression, limits: options.limits ?? self.options.limits)
        let stream = try await begin(method, options, deadline: options.timeout.map { .now + $0 })
        return GRPCClientCall(stream, request: request, response: response, writer: writer)
    }

    /// One message out, one in.
    public func unary<In, Out>(
        _ method: String, _ value: In, request: GRPCCodec<In>, response: GRPCCodec<Out>, options: GRPCCallOptions = GRPCCallOptions()
    ) async throws(GRPCStatus) -> Out {
        let deadline = options.timeout.map { ContinuousClock.now + $0 }
        var attempt = 1
        while true {
            let call = try await send(method, value, request: request, response: response, options, deadline: deadline)
            do { return try await call.responses.single() } catch {
                guard call.stream.http.isUnprocessed, attempt < Self.attempts else { throw call.stream.status(of: error) }
                attempt += 1
            }
        }
    }

    /// One message out, any number in: the returned call's `responses`.
    public func serverStreaming<In, Out>(
        _ method: String, _ value: In, request: GRPCCodec<In>, response: GRPCCodec<Out>, options: GRPCCallOptions = GRPCCallOptions()
    ) async throws(GRPCStatus) -> GRPCClientCall<In, Out> {
        try await send(method, value, request: request, response: response, options, deadline: options.timeout.map { .now + $0 })
    }

    /// Any number of messages out, one in.
    /// - Parameter produce: sends the messages with `call.send`; when it returns, no more follow. An error of it ends the call.
    public func clientStreaming<In, Out>(
        _ method: String, request: GRPCCodec<In>, response: GRPCCodec<Out>, options: GRPCCallOptions = GRPCCallOptions(),
        _ produce: (GRPCClientCall<In, Out>) async throws -> Void
    ) async throws(GRPCStatus) -> Out {
        let call = try await self.call(method, request: request, response: response, options: options)
        do { try await produce(call) } catch {
            // Where the server has ended the call before it had all messages, its answer tells why.
            guard call.stream.isEndedByServer else {
                let status = call.stream.status(of: error)
                call.stream.cancel(status)
                throw status
            }
        }
        call.finishSending()
        do { return try await call.responses.single() } catch { throw call.stream.status(of: error) }
    }

    // MARK: the beginning of a call

    private func begin(_ method: String, _ options: GRPCCallOptions, deadline: ContinuousClock.Instant?) async throws(GRPCStatus) -> ClientStream {
        while true {
            if let deadline, deadline <= .now { throw GRPCStatus(.deadlineExceeded, "\(method): the deadline has passed") }
            do throws(GRPCStatus) {
                let connection = try await channel.take(waitsForReady: options.waitsForReady, deadline: deadline)
                let stream = connection.open(.post, method, headers(options, deadline), hasBody: true)
                return ClientStream(method, stream, deadline: deadline, deadlines: deadlines)
            } catch {
                guard options.waitsForReady, error.code == .unavailable, !channel.isClosed else { throw GRPCStatus(error.code, "\(method): \(error.message)") }
            }
        }
    }

    private func headers(_ options: GRPCCallOptions, _ deadline: ContinuousClock.Instant?) -> HTTPHeaders {
        var headers: HTTPHeaders = ["te": "trailers", "content-type": "application/grpc"]
        if let deadline { headers.add("grpc-timeout", GRPCTimeout.text(deadline - .now)) }
        if options.compression != .identity { headers.add("grpc-encoding", options.compression.rawValue) }
        headers.add("grpc-accept-encoding", GRPCEncoding.accepted)
        if options.metadata["user-agent"] == nil { headers.add("user-agent", self.options.userAgent) }
        for (name, value) in options.metadata.headers { headers.add(name, value) }
        return headers
    }

    /// Begins a call with its one message.
    private func send<In, Out>(
        _ method: String, _ value: In, request: GRPCCodec<In>, response: GRPCCodec<Out>, _ options: GRPCCallOptions,
        deadline: ContinuousClock.Instant?
    ) async throws(GRPCStatus) -> GRPCClientCall<In, Out> {
        let writer = FrameWriter(encoding: options.compression, limits: options.limits ?? self.options.limits)
        let frame: [UInt8]
        do { frame = try writer.frame(try request.encode(value)) } catch { throw GRPCStatus(error, method: method) }
        let stream = try await begin(method, options, deadline: deadline)
        do { try await stream.write(frame) } catch {
            // Where the server has ended the call before it had the message, its answer tells why.
            guard stream.isEndedByServer else { throw stream.status(of: error) }
        }
        stream.http.endBody()
        return GRPCClientCall(stream, request: request, response: response, writer: writer)
    }
}

// The same for protobuf messages.
extension GRPCClient {
    /// Begins a call of any kind.
    public func call<In: Message, Out: Message>(
        _ method: String, _: In.Type = In.self, _: Out.Type = Out.self, options: GRPCCallOptions = GRPCCallOptions()
    ) async throws(GRPCStatus) -> GRPCClientCall<In, Out> {
        try await call(method, request: .protobuf, response: .protobuf, options: options)
    }

    /// One message out, one in.
    public func unary<In: Message, Out: Message>(
        _ method: String, _ value: In, options: GRPCCallOptions = GRPCCallOptions()
    ) async throws(GRPCStatus) -> Out {
        try await unary(method, value, request: .protobuf, response: .protobuf, options: options)
    }

    /// One message out, any number in.
    public func serverStreaming<In: Message, Out: Message>(
        _ method: String, _ value: In, _: Out.Type = Out.self, options: GRPCCallOptions = GRPCCallOptions()
    ) async throws(GRPCStatus) -> GRPCClientCall<In, Out> {
        try await serverStreaming(method, value, request: .protobuf, response: .protobuf, options: options)
    }
}

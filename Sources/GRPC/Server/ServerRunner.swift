import Core
import HTTP
import Logging

/// Answers the calls of one method.
struct ServerRunner: Sendable {
    let path: String
    let method: GRPCMethod
    let compresses: Bool
    let limits: GRPCLimits
    let deadlines: Deadlines
    let log: Logger

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        guard request.version == .http2 else {
            return HTTPErrorTable.response(MonoflowError(.failedPrecondition, "call \(path)", "", "gRPC needs HTTP/2"))
        }
        guard let type = request.mediaType, type == "application/grpc" || type == "application/grpc+proto" else {
            return HTTPErrorTable.response(MonoflowError(
                .unsupportedMediaType, "call \(path)", request.mediaType ?? "no Content-Type", "a call is application/grpc or application/grpc+proto"))
        }
        let received = GRPCMetadata(received: request.headers)
        let name = request.headers["grpc-encoding"]
        guard let requestEncoding = name.map(GRPCEncoding.init(rawValue:)) ?? .identity else {
            return Self.trailersOnly(GRPCStatus(.unimplemented, "\(path): the message encoding \(name ?? "") is not known"))
        }
        var deadline: ContinuousClock.Instant?
        if let text = request.headers["grpc-timeout"] {
            guard let timeout = GRPCTimeout.parse(text) else {
                return Self.trailersOnly(GRPCStatus(.invalidArgument, "\(path): grpc-timeout is \"\(text)\", not up to eight digits and one of H M S m u n"))
            }
            deadline = .now + timeout
        }
        let exchange = ServerExchange()
        let call = GRPCCall(
            method: path, metadata: received, peer: request.peer, deadline: deadline, context: request.context,
            compresses: compresses, exchange: exchange)
        let stream = ServerStream(
            call: call, exchange: exchange, body: request.body, requestEncoding: requestEncoding,
            acceptedEncoding: GRPCEncoding.choose(from: request.headers["grpc-accept-encoding"]), limits: limits)
        return await answer(stream)
    }

    private func answer(_ stream: ServerStream) async -> HTTPResponse {
        let (exchange, call) = (stream.exchange, stream.call)
        let lifetime = CallLifetime(exchange)
        start(stream)
        let head = await withTaskCancellationHandler {
            await exchange.head()
        } onCancel: {
            exchange.cancel(Self.gone)
        }
        switch head {
        case .trailersOnly(let status): return Self.trailersOnly(status, initial: call.initialMetadata, trailing: call.trailingMetadata)
        case .whole(let frame):
            return response(stream) { writer in
                try await writer.write(frame)
                writer.trailers(Self.trailers(.ok, call.trailingMetadata))
            }
        case .open:
            return response(stream) { writer in
                let status = await withTaskCancellationHandler {
                    await exchange.status(writingTo: writer)
                } onCancel: {
                    exchange.cancel(Self.gone)
                }
                writer.trailers(Self.trailers(status, call.trailingMetadata))
                withExtendedLifetime(lifetime) {}
            }
        }
    }

    private static let gone = GRPCStatus(.cancelled, "the client cancelled the call")

    private func start(_ stream: ServerStream) {
        let exchange = stream.exchange
        // A time limit of zero has passed before anything runs.
        if let deadline = stream.call.deadline, deadline <= .now { return exchange.end(overdue) }
        let task = Task { [method, path, log] in
            do {
                if let frame = try await method.run(stream) { try await exchange.finish(frame) } else { exchange.end(.ok) }
            } catch {
                if !(error is GRPCStatus || error is MonoflowError || error is CancellationError) {
                    log.error("call \(path): unexpected \(error)")
                }
                exchange.end(GRPCStatus(error, method: path))
            }
        }
        guard let deadline = stream.call.deadline else { return exchange.run(task) {} }
        let token = deadlines.add(at: deadline) { [weak exchange, overdue] in exchange?.cancel(overdue) }
        exchange.run(task) { [deadlines] in deadlines.remove(token) }
    }

    private var overdue: GRPCStatus { GRPCStatus(.deadlineExceeded, "\(path): the deadline has passed") }

    // MARK: responses

    private func response(_ stream: ServerStream, _ body: @escaping @Sendable (ResponseWriter) async throws -> Void) -> HTTPResponse {
        var headers: HTTPHeaders = ["content-type": "application/grpc"]
        if stream.responseEncoding != .identity { headers.add("grpc-encoding", stream.responseEncoding.rawValue) }
        headers.add("grpc-accept-encoding", GRPCEncoding.accepted)
        Self.add(stream.call.initialMetadata, to: &headers)
        return HTTPResponse(headers: headers, body: .stream(length: nil, body))
    }

    /// Head and trailers in one: the call ends before any message.
    static func trailersOnly(_ status: GRPCStatus, initial: GRPCMetadata = GRPCMetadata(), trailing: GRPCMetadata = GRPCMetadata()) -> HTTPResponse {
        var headers: HTTPHeaders = ["content-type": "application/grpc"]
        headers.add("grpc-accept-encoding", GRPCEncoding.accepted)
        add(initial, to: &headers)
        add(trailing, to: &headers)
        StatusTrailers.add(status, to: &headers)
        return HTTPResponse(headers: headers)
    }

    private static func trailers(_ status: GRPCStatus, _ metadata: GRPCMetadata) -> HTTPHeaders {
        var headers = HTTPHeaders()
        add(metadata, to: &headers)
        StatusTrailers.add(status, to: &headers)
        return headers
    }

    private static func add(_ metadata: GRPCMetadata, to headers: inout HTTPHeaders) {
        for (name, value) in metadata.headers { headers.add(name, value) }
    }
}

/// Ends a call that the HTTP layer has let go of without asking for its body.
private final class CallLifetime: Sendable {
    private let exchange: ServerExchange

    init(_ exchange: ServerExchange) { self.exchange = exchange }

    deinit { exchange.cancel(GRPCStatus(.cancelled, "the client is gone")) }
}

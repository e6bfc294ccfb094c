import Core
import Foundation
import Logging
import SwiftProtobuf
import Synchronization

@testable import GRPC
@testable import HTTP

/// What a client would have got.
struct Answer {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8] = []
    /// Behind the body; the head itself for an answer that has nothing else.
    var trailers: HTTPHeaders

    var grpc: GRPCStatus? { StatusTrailers.read(trailers) }

    func messages<Value: Message>(_ type: Value.Type) throws -> [Value] {
        let encoding = headers["grpc-encoding"].flatMap(GRPCEncoding.init(rawValue:)) ?? .identity
        var reader = FrameReader(limit: 1 << 30, encoding: encoding)
        reader.append(body)
        var out: [Value] = []
        while let message = try reader.next() { out.append(try Value(serializedBytes: message)) }
        return out
    }

    var strings: [String] { get throws { try messages(Google_Protobuf_StringValue.self).map(\.value) } }
}

typealias Text = Google_Protobuf_StringValue

func framed(_ texts: String...) throws -> [UInt8] {
    try texts.flatMap { text in
        try FrameWriter(encoding: .identity, limits: GRPCLimits()).frame(try Text.with { $0.value = text }.serializedBytes())
    }
}

/// Calls methods through the routes that a server would have, without a connection.
struct Caller {
    let table: RouteTable

    init(_ services: GRPCServiceDefinition..., limits: GRPCLimits = GRPCLimits()) {
        var log = Logger(label: "test")
        log.logLevel = .critical
        var grpc = GRPCRouter(limits: limits, log: log)
        for service in services { grpc.add(service) }
        var router = Router()
        grpc.addRoutes(to: &router)
        table = RouteTable(router)
    }

    private func respond(_ path: String, _ headers: HTTPHeaders, _ body: HTTPBody, _ context: RequestContext) async -> HTTPResponse {
        var request = HTTPRequest(.post, path, headers: headers, body: body, version: .http2)
        request.context = context
        let onError = GRPCRouter.onError(HTTPErrorTable.respond)
        guard case .found(let entry, _) = table.match(.post, path) else {
            return onError(MonoflowError(.notFound, path, "", "no such endpoint"), request)
        }
        request.route = path
        do { return try await entry.handler.respond(to: request) } catch { return onError(error, request) }
    }

    /// Has a call answered and lets go of the answer.
    func head(_ path: String, body: HTTPBody) async throws {
        let response = await respond(path, ["content-type": "application/grpc"], body, RequestContext())
        guard case .stream = response.body else { throw MonoflowError(.internalError, "test", "", "no body follows") }
    }

    /// - Parameter sent: told of each piece that the method writes.
    func call(
        _ path: String, _ headers: HTTPHeaders = [:], type: String? = "application/grpc", body: HTTPBody,
        context: RequestContext = RequestContext(), sent: (@Sendable ([UInt8]) -> Void)? = nil
    ) async throws -> Answer {
        var headers = headers
        if let type { headers.add("content-type", type) }
        let response = await respond(path, headers, body, context)
        var answer = Answer(status: response.status.code, headers: response.headers, trailers: response.headers)
        switch response.body {
        case .none: break
        case .bytes(let bytes): answer.body = bytes
        case .stream(_, let write):
            let output = Output(sent)
            try await write(output.writer)
            answer.trailers = output.writer.takeTrailers() ?? HTTPHeaders()
            answer.body = output.bytes
        default: throw MonoflowError(.internalError, "test", "", "another kind of body")
        }
        return answer
    }

    func call(_ path: String, _ texts: [String]) async throws -> Answer { try await call(path, [:], texts) }

    func call(_ path: String, _ headers: HTTPHeaders, _ texts: [String]) async throws -> Answer {
        try await call(path, headers, body: HTTPBody(texts.flatMap { try framed($0) }))
    }
}

/// Takes all that a writer is given at once, as a fast client would.
private final class Output: Sendable {
    private let all = Mutex<[UInt8]>([])
    private let wake = Wake()
    let writer: ResponseWriter

    init(_ sent: (@Sendable ([UInt8]) -> Void)?) {
        writer = ResponseWriter { [wake] in wake.call() }
        wake.set { [weak self] in
            guard let self else { return }
            for piece in writer.take() {
                all.withLock { $0.append(contentsOf: piece) }
                sent?(piece)
            }
            writer.drained(queued: 0)
        }
    }

    var bytes: [UInt8] { all.withLock { $0 } }
}

private final class Wake: Sendable {
    private let action = Mutex<(@Sendable () -> Void)?>(nil)

    func set(_ action: @escaping @Sendable () -> Void) { self.action.withLock { $0 = action } }
    func call() { action.withLock { $0 }?() }
}

/// A request body that a test feeds piece by piece.
struct Feed: Sendable {
    let stream = BodyStream(length: nil) {}

    var body: HTTPBody { HTTPBody(source: .stream(stream), defaultLimit: 1 << 20) }

    func send(_ text: String) throws { _ = stream.push(try framed(text)) }

    func end(_ failure: MonoflowError? = nil) { stream.end(failure) }
}

/// A signal with a text from one task to another.
struct Signal: Sendable {
    private let stream: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingOldest(1024)) }

    func fire(_ text: String = "") { continuation.yield(text) }

    /// Nil where it does not come within 20 seconds.
    func wait() async -> String? {
        await withTaskGroup(of: String?.self) { group in
            group.addTask {
                for await text in stream { return text }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(20))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}

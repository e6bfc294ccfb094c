import Core
import Foundation
import GRPC
import HTTP
import Sockets
import Synchronization
import SwiftProtobuf

/// Has our gRPC client call the Echo service of somebody else's server, as a test says: `POST /client` with
/// `{"target", "method", "requests": […], "timeout", "metadata", "compression", "ready", "limit", "roots", "cancel"}`.
/// Answers with the replies, the status and the metadata.
final class EchoClient: Sendable {
    private typealias Request = Monoflow_Test_EchoRequest
    private typealias Reply = Monoflow_Test_EchoReply

    private let group: EventLoopGroup
    /// By target and roots: one client, hence one connection, each.
    private let clients = Mutex<[String: GRPCClient]>([:])

    init(group: EventLoopGroup) { self.group = group }

    func addRoutes(to router: inout Router) {
        router.on(.post, "/client") { [self] request in .json(try await run(try await request.json())) }
    }

    private func client(_ ask: JSON) throws -> GRPCClient {
        let target = ask["target"]?.stringValue ?? "", roots = ask["roots"]?.stringValue
        let url = try HTTPURL((roots == nil ? "http://" : "https://") + target)
        return try clients.withLock { clients in
            let key = target + (roots ?? "")
            if let known = clients[key] { return known }
            var options = GRPCClientOptions()
            options.backoff.first = .milliseconds(50)
            options.connection.keepAlive = .seconds(10)
            let tls = try roots.map { try TLSClientContext(roots: .file($0), protocols: ["h2"]) }
            let made = GRPCClient(url.origin, group: group, tls: tls, options: options)
            clients[key] = made
            return made
        }
    }

    private func options(_ ask: JSON) throws -> GRPCCallOptions {
        var options = GRPCCallOptions()
        options.timeout = ask["timeout"]?.doubleValue.map { .seconds($0) }
        options.waitsForReady = ask["ready"] == .bool(true)
        options.compression = GRPCEncoding(rawValue: ask["compression"]?.stringValue ?? "identity") ?? .identity
        for pair in ask["metadata"]?.arrayValue ?? [] {
            guard let name = pair.arrayValue?.first?.stringValue, let value = pair.arrayValue?.last?.stringValue else { continue }
            if name.hasSuffix("-bin") {
                try options.metadata.add(name, binary: Array(Data(base64Encoded: value) ?? Data()))
            } else {
                try options.metadata.add(name, value)
            }
        }
        if let limit = ask["limit"]?.doubleValue {
            options.limits = GRPCLimits()
            options.limits?.receivedMessageBytes = Int(limit)
        }
        return options
    }

    private func run(_ ask: JSON) async throws -> JSON {
        let requests = try (ask["requests"]?.arrayValue ?? []).map { json -> Request in
            var request = try Request(jsonUTF8Bytes: json.serialized())
            if request.size > 0 { request.data = Data(repeating: 97, count: Int(request.size)) }
            return request
        }
        var replies: [JSON] = [], initial: GRPCMetadata?, trailing: GRPCMetadata?
        var status = GRPCStatus.ok
        let started = ContinuousClock.now
        do {
            let call = try await client(ask).call(
                "/monoflow.test.Echo/\(ask["method"]?.stringValue ?? "")", Request.self, Reply.self, options: try options(ask))
            async let sent: Void = {
                for request in requests { try await call.send(request) }
                call.finishSending()
            }()
            for try await reply in call.responses {
                replies.append(["text": .string(reply.text), "index": .int(Int64(reply.index)), "bytes": .int(Int64(reply.data.count))])
                if ask["cancel"]?.doubleValue == Double(replies.count) { call.cancel() }
            }
            (initial, trailing) = (try await call.initialMetadata(), call.trailingMetadata)
            try await sent
        } catch { status = error as? GRPCStatus ?? GRPCStatus(.unknown, "\(error)") }
        let details = status.details.map { JSON.array([.string($0.typeURL), .string($0.value.base64EncodedString())]) }
        return [
            "replies": .array(replies), "code": .int(Int64(status.code.rawValue)), "message": .string(status.message), "details": .array(details),
            "initial": json(initial), "trailing": json(trailing), "seconds": .double((ContinuousClock.now - started) / .seconds(1)),
        ]
    }

    private func json(_ metadata: GRPCMetadata?) -> JSON {
        guard let metadata else { return .null }
        let names = Set(metadata.names).sorted()
        return .array(names.flatMap { name in metadata.values(name).map { .array([.string(name), .string($0)]) } })
    }
}

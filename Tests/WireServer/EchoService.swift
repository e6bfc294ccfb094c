import Core
import GRPC
import HTTP
import Synchronization

/// The gRPC service that other people's clients call in the interoperation tests.
enum EchoService {
    private final class Counts: Sendable {
        let cancelled = Atomic<Int64>(0), running = Atomic<Int64>(0)
    }

    private static func reply(_ request: Monoflow_Test_EchoRequest, index: Int = 0) -> Monoflow_Test_EchoReply {
        .with {
            $0.text = request.text
            $0.data = request.data
            $0.index = Int32(index)
        }
    }

    /// - Parameter messageBytes: the largest message that is received.
    static func addRoutes(to router: inout Router, messageBytes: Int) throws {
        var limits = GRPCLimits()
        limits.receivedMessageBytes = messageBytes
        var grpc = GRPCRouter(limits: limits)
        let health = GRPCHealth(["": .serving, "monoflow.test.Echo": .serving])
        grpc.add(health.definition())
        grpc.add(definition())
        for reflection in try GRPCReflection(services: grpc.services).definitions { grpc.add(reflection) }
        grpc.addRoutes(to: &router)
        // Lets a test change what watchers see: POST /health/NAME with 0 or 1.
        router.on(.post, "/health/{service...}") { request in
            let serving = try await request.body.collect() == Array("1".utf8)
            health.set(try request.parameter("service"), serving ? .serving : .notServing)
            return .text("ok\n")
        }
    }

    private static func definition() -> GRPCServiceDefinition {
        let counts = Counts()
        var service = GRPCServiceDefinition("monoflow.test.Echo", descriptors: echoDescriptors)
        service.unary("Unary") { (request: Monoflow_Test_EchoRequest, _) in reply(request) }
        service.unary("Packed") { (request: Monoflow_Test_EchoRequest, call) in
            call.compressesResponses = true
            return reply(request)
        }
        service.serverStreaming("ServerStream") { (request: Monoflow_Test_EchoRequest, replies: GRPCResponses<Monoflow_Test_EchoReply>, _) in
            var request = request
            request.data = .init(repeating: 97, count: Int(request.size))
            for index in 0..<Int(request.count) { try await replies.send(reply(request, index: index)) }
        }
        service.clientStreaming("ClientStream") { (requests: GRPCMessages<Monoflow_Test_EchoRequest>, _) in
            var texts: [String] = []
            for try await request in requests { texts.append(request.text) }
            let (all, count) = (texts.joined(separator: ","), texts.count)
            return Monoflow_Test_EchoReply.with {
                $0.text = all
                $0.index = Int32(count)
            }
        }
        service.bidirectional("Bidirectional") {
            (requests: GRPCMessages<Monoflow_Test_EchoRequest>, replies: GRPCResponses<Monoflow_Test_EchoReply>, _) in
            var index = 0
            for try await request in requests {
                try await replies.send(reply(request, index: index))
                index += 1
            }
        }
        service.unary("Slow") { (request: Monoflow_Test_EchoRequest, _) in
            counts.running.add(1, ordering: .relaxed)
            defer { counts.running.subtract(1, ordering: .relaxed) }
            do { try await Task.sleep(for: .milliseconds(Int(request.milliseconds))) } catch {
                counts.cancelled.add(1, ordering: .relaxed)
                throw error
            }
            return reply(request)
        }
        service.serverStreaming("Fail") { (request: Monoflow_Test_EchoRequest, replies: GRPCResponses<Monoflow_Test_EchoReply>, _) in
            for index in 0..<Int(request.count) { try await replies.send(reply(request, index: index)) }
            throw GRPCStatus(GRPCCode(rawValue: Int(request.code)) ?? .unknown, request.text, details: request.details)
        }
        service.unary("Metadata") { (_: Monoflow_Test_EchoRequest, call) in try metadata(call) }
        service.unary("Count") { (_: Monoflow_Test_EchoRequest, _) in
            Monoflow_Test_Counters.with {
                $0.cancelled = counts.cancelled.load(ordering: .relaxed)
                $0.running = counts.running.load(ordering: .relaxed)
            }
        }
        return service
    }

    private static func metadata(_ call: GRPCCall) throws -> Monoflow_Test_MetadataReply {
        var sent = GRPCMetadata(), pairs: [Monoflow_Test_Pair] = [], seen: Set<String> = []
        for name in call.metadata.names where seen.insert(name).inserted {
            let isBinary = name.hasSuffix("-bin")
            let values = isBinary ? try call.metadata.binary(name) : call.metadata.values(name).map { Array($0.utf8) }
            for value in values {
                pairs.append(.with {
                    $0.name = name
                    $0.value = .init(value)
                })
                if name == "user-agent" { continue }
                if isBinary { try sent.add(name, binary: value) } else { try sent.add(name, String(decoding: value, as: UTF8.self)) }
            }
        }
        call.initialMetadata = sent
        call.trailingMetadata = sent
        let left = call.timeRemaining.map { Int64($0 / .milliseconds(1)) } ?? -1
        return .with {
            $0.pairs = pairs
            $0.peer = call.peer
            $0.milliseconds = left
        }
    }
}

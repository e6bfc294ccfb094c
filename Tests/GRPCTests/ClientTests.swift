import Core
import Logging
import Sockets
import SwiftProtobuf
import Synchronization
import Testing

@testable import GRPC
@testable import HTTP

/// Loops end with their group, so it outlives the clients.
private let group = Result { try EventLoopGroup(count: 2) }

/// Our client and our server over a loopback connection. What other people's servers say is tested end to end.
@Suite struct ClientTests {
    private func service(_ change: (inout GRPCServiceDefinition) -> Void) -> GRPCServiceDefinition {
        var service = GRPCServiceDefinition("test.Echo")
        change(&service)
        return service
    }

    private func withServer(
        _ service: GRPCServiceDefinition, limits: GRPCLimits = GRPCLimits(), http: HTTPLimits = HTTPLimits(),
        _ more: (inout Router) -> Void = { _ in }, _ body: (HTTPServer, Int) async throws -> Void
    ) async throws {
        var log = Logger(label: "test")
        log.logLevel = .critical
        var grpc = GRPCRouter(limits: limits, log: log)
        grpc.add(service)
        var router = Router()
        grpc.addRoutes(to: &router)
        more(&router)
        let server = HTTPServer(
            router: router, group: try group.get(), limits: http, log: log, onError: GRPCRouter.onError(HTTPErrorTable.respond))
        let address = try server.start(SocketAddress("127.0.0.1:0"))
        let result: Result<Void, any Error>
        do { result = .success(try await body(server, address.port)) } catch { result = .failure(error) }
        await server.drain(timeout: .zero)
        try result.get()
    }

    private func connect(_ port: Int, _ options: GRPCClientOptions = GRPCClientOptions()) throws -> GRPCClient {
        GRPCClient(try HTTPOrigin(host: "127.0.0.1", port: port), group: try group.get(), options: options)
    }

    private func text(_ value: String) -> Text { .with { $0.value = value } }

    private func code(_ work: () async throws -> Void) async -> GRPCCode {
        do { try await work() } catch { return (error as? GRPCStatus)?.code ?? .ok }
        return .ok
    }

    private static let soon = GRPCCallOptions(timeout: .seconds(20))

    @Test func allFourKinds() async throws {
        let echo = service { service in
            service.unary("Say") { (request: Text, _) in Text.with { $0.value = request.value.uppercased() } }
            service.serverStreaming("Split") { (request: Text, responses: GRPCResponses<Text>, _) in
                for word in request.value.split(separator: " ") { try await responses.send(Text.with { $0.value = String(word) }) }
            }
            service.clientStreaming("Join") { (requests: GRPCMessages<Text>, _) in
                var words: [String] = []
                for try await request in requests { words.append(request.value) }
                let all = words.joined(separator: "+")
                return Text.with { $0.value = all }
            }
            service.bidirectional("Chat") { (requests: GRPCMessages<Text>, responses: GRPCResponses<Text>, _) in
                for try await request in requests { try await responses.send(request) }
            }
        }
        try await withServer(echo) { server, port in
            let client = try connect(port)
            let said: Text = try await client.unary("/test.Echo/Say", text("a"), options: Self.soon)
            #expect(said.value == "A")
            let split = try await client.serverStreaming("/test.Echo/Split", text("a b c"), Text.self, options: Self.soon)
            var words: [String] = []
            for try await word in split.responses { words.append(word.value) }
            #expect(words == ["a", "b", "c"])
            let joined = try await client.clientStreaming(
                "/test.Echo/Join", request: GRPCCodec<Text>.protobuf, response: GRPCCodec<Text>.protobuf, options: Self.soon
            ) { call in for index in 0..<100 { try await call.send(text("\(index)")) } }
            #expect(joined.value == (0..<100).map(String.init).joined(separator: "+"))
            let chat = try await client.call("/test.Echo/Chat", Text.self, Text.self, options: Self.soon)
            var answers = chat.responses.makeAsyncIterator()
            for index in 0..<20 {
                try await chat.send(text("\(index)"))
                #expect(try await answers.next()?.value == "\(index)")
            }
            chat.finishSending()
            #expect(try await answers.next() == nil)
            #expect(server.counters.connectionsTotal == 1)
        }
    }

    @Test func statusesAndMetadata() async throws {
        let detail = try Google_Protobuf_Any(message: text("why"))
        let echo = service { service in
            service.serverStreaming("Fail") { (request: Text, responses: GRPCResponses<Text>, call) in
                var metadata = GRPCMetadata()
                try metadata.add("seen", call.metadata["who"] ?? "-")
                try metadata.add("bytes-bin", binary: call.metadata.binary("bytes-bin").first ?? [])
                (call.initialMetadata, call.trailingMetadata) = (metadata, metadata)
                if request.value == "now" { throw GRPCStatus(.outOfRange, "über", details: [detail]) }
                try await responses.send(request)
                if request.value == "late" { throw GRPCStatus(.aborted, "late") }
            }
        }
        try await withServer(echo) { _, port in
            let client = try connect(port)
            var options = Self.soon
            try options.metadata.add("who", "me")
            try options.metadata.add("bytes-bin", binary: [0, 255])
            let good = try await client.serverStreaming("/test.Echo/Fail", text("no"), Text.self, options: options)
            #expect(try await good.initialMetadata()["seen"] == "me")
            #expect(good.trailingMetadata.isEmpty)
            for try await _ in good.responses {}
            #expect(good.trailingMetadata["seen"] == "me")
            #expect(try good.trailingMetadata.binary("bytes-bin") == [[0, 255]])
            let now = await #expect(throws: GRPCStatus.self) {
                let _: Text = try await client.unary("/test.Echo/Fail", text("now"), options: options)
            }
            #expect(now?.code == .outOfRange && now?.message == "über")
            #expect(try Text(unpackingAny: #require(now?.details.first)).value == "why")
            let late = try await client.serverStreaming("/test.Echo/Fail", text("late"), Text.self, options: options)
            var answers = late.responses.makeAsyncIterator()
            #expect(try await answers.next()?.value == "late")
            #expect(await code { _ = try await answers.next() } == .aborted)
            #expect(try await answers.next() == nil)
            #expect(await code { let _: Text = try await client.unary("/no.Such/Method", text("")) } == .unimplemented)
        }
    }

    @Test func deadlinesAndCancellation() async throws {
        let started = Signal(), cancelled = Signal(), late = Signal(), begun = Atomic(0)
        let echo = service { service in
            service.unary("Late") { (request: Text, call) in
                begun.add(1, ordering: .relaxed)
                do { try await Task.sleep(for: .seconds(60)) } catch { late.fire(call.deadline == nil ? "none" : "some") }
                return request
            }
            service.unary("Hold") { (request: Text, call) in
                started.fire(call.deadline == nil ? "none" : "some")
                do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.fire() }
                return request
            }
            service.serverStreaming("Drip") { (request: Text, responses: GRPCResponses<Text>, _) in
                defer { cancelled.fire() }
                while true {
                    try await responses.send(request)
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
        }
        try await withServer(echo) { _, port in
            let client = try connect(port)
            // On a busy machine a short time may pass before the handler has begun.
            var timeout = Duration.milliseconds(100)
            while begun.load(ordering: .relaxed) == 0, timeout < .seconds(60) {
                let options = GRPCCallOptions(timeout: timeout)
                #expect(await code { let _: Text = try await client.unary("/test.Echo/Late", text(""), options: options) } == .deadlineExceeded)
                timeout = timeout * 3
            }
            #expect(await late.wait() == "some")
            #expect(await code { let _: Text = try await client.unary("/test.Echo/Hold", text(""), options: .init(timeout: .zero)) } == .deadlineExceeded)
            let task = Task { await code { let _: Text = try await client.unary("/test.Echo/Hold", text("")) } }
            #expect(await started.wait() == "none")
            task.cancel()
            #expect(await task.value == .cancelled)
            #expect(await cancelled.wait() != nil)
            // A stream that is given up, and one that is let go of.
            let drip = try await client.serverStreaming("/test.Echo/Drip", text("x"), Text.self)
            var drops = drip.responses.makeAsyncIterator()
            #expect(try await drops.next()?.value == "x")
            drip.cancel()
            #expect(await code { while try await drops.next() != nil {} } == .cancelled)
            #expect(await cancelled.wait() != nil)
            func dropped() async throws {
                let drip = try await client.serverStreaming("/test.Echo/Drip", text("x"), Text.self)
                for try await _ in drip.responses { break }
            }
            try await dropped()
            #expect(await cancelled.wait() != nil)
            func unread() async throws { _ = try await client.serverStreaming("/test.Echo/Drip", text("x"), Text.self) }
            try await unread()
            #expect(await cancelled.wait() != nil)
        }
    }

    @Test func messagesAreBoundedAndPacked() async throws {
        let packed = Signal()
        let echo = service { service in
            service.compressesResponses = true
            service.unary("Say") { (request: Text, call) in
                packed.fire(call.metadata.headers["grpc-encoding"] ?? "none")
                return request
            }
        }
        try await withServer(echo) { _, port in
            var options = GRPCClientOptions()
            options.limits.receivedMessageBytes = 10_000
            options.limits.sentMessageBytes = 50_000
            let client = try connect(port, options)
            func say(_ count: Int, _ change: (inout GRPCCallOptions) -> Void = { _ in }) async throws -> Int {
                var options = Self.soon
                change(&options)
                let answer: Text = try await client.unary("/test.Echo/Say", text(String(repeating: "a", count: count)), options: options)
                return answer.value.count
            }
            #expect(try await say(9_000) == 9_000)
            #expect(await packed.wait() == "none")
            #expect(try await say(9_000) { $0.compression = .gzip } == 9_000)
            #expect(await packed.wait() == "gzip")
            // It would come packed to a few bytes, and counts as it is.
            #expect(await code { _ = try await say(20_000) } == .resourceExhausted)
            #expect(await code { _ = try await say(60_000) } == .resourceExhausted)
            #expect(try await say(20_000) { $0.limits = GRPCLimits() } == 20_000)
        }
    }

    @Test func answersThatAreNone() async throws {
        try await withServer(service { _ in }, { router in
            for (path, response) in [
                ("/a.B/HTML", HTTPResponse.text("hello", type: "text/html")), ("/a.B/Busy", .text("busy", status: .serviceUnavailable)),
                ("/a.B/Forbidden", .text("no", status: .forbidden)), ("/a.B/NoStatus", .bytes([], type: "application/grpc")),
                ("/a.B/Packed", HTTPResponse(headers: ["content-type": "application/grpc", "grpc-encoding": "snappy"])),
                ("/a.B/Half", .bytes([0, 0, 0, 0, 9, 1], type: "application/grpc")),
                ("/a.B/Two", .stream(type: "application/grpc") { writer in
                    try await writer.write([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
                    writer.trailers(["grpc-status": "0"])
                }),
                ("/a.B/None", .stream(type: "application/grpc") { $0.trailers(["grpc-status": "0"]) }),
                ("/a.B/Cut", .stream(type: "application/grpc") { writer in
                    try await writer.write([0, 0, 0, 0, 0])
                    throw MonoflowError(.dataLoss, "test", "", "cut")
                }),
            ] { router.on(.post, path) { _ in response } }
        }) { _, port in
            let client = try connect(port)
            for (name, expected) in [
                ("HTML", GRPCCode.unknown), ("Busy", .unavailable), ("Forbidden", .permissionDenied), ("NoStatus", .unknown), ("Packed", .internalError),
                ("Half", .unknown), ("Two", .internalError), ("None", .internalError), ("Cut", .internalError),
            ] {
                #expect(await code { let _: Text = try await client.unary("/a.B/\(name)", text(""), options: Self.soon) } == expected, "\(name)")
            }
        }
    }

    @Test func anEarlyStatusStopsTheSender() async throws {
        let echo = service { service in
            service.clientStreaming("Refuse") { (_: GRPCMessages<Text>, _) -> Text in throw GRPCStatus(.permissionDenied, "no") }
        }
        try await withServer(echo) { _, port in
            let client = try connect(port), piece = text(String(repeating: "a", count: 10_000))
            let ended = await code {
                _ = try await client.clientStreaming(
                    "/test.Echo/Refuse", request: GRPCCodec<Text>.protobuf, response: GRPCCodec<Text>.protobuf, options: Self.soon
                ) { call in while true { try await call.send(piece) } }
            }
            #expect(ended == .permissionDenied)
            // An error of the sender ends the call with that error.
            let own = await code {
                _ = try await client.clientStreaming(
                    "/test.Echo/Refuse", request: GRPCCodec<Text>.protobuf, response: GRPCCodec<Text>.protobuf, options: Self.soon
                ) { _ in throw MonoflowError(.notFound, "read samples", "", "gone") }
            }
            #expect(own == .notFound)
        }
    }

    @Test func aServerThatComesBackIsFoundAgain() async throws {
        let echo = service { $0.unary("Say") { (request: Text, _) in request } }
        var options = GRPCClientOptions()
        options.backoff.first = .milliseconds(20)
        var made: GRPCClient?, port = 0
        try await withServer(echo) { _, first in
            port = first
            made = try connect(port, options)
            let _: Text? = try await made?.unary("/test.Echo/Say", text("a"), options: Self.soon)
        }
        let client = try #require(made)
        // Nobody listens: calls fail at once, also within the wait between attempts.
        for _ in 0..<3 { #expect(await code { let _: Text = try await client.unary("/test.Echo/Say", text("")) } == .unavailable) }
        let patient = Task { await code { let _: Text = try await client.unary("/test.Echo/Say", text(""), options: .init(timeout: .seconds(20), waitsForReady: true)) } }
        #expect(await code { let _: Text = try await client.unary("/test.Echo/Say", text(""), options: .init(timeout: .milliseconds(50), waitsForReady: true)) } == .deadlineExceeded)
        var log = Logger(label: "test")
        log.logLevel = .critical
        var grpc = GRPCRouter(log: log)
        grpc.add(echo)
        var router = Router()
        grpc.addRoutes(to: &router)
        let server = HTTPServer(router: router, group: try group.get(), log: log)
        try server.start(SocketAddress("127.0.0.1:\(port)"))
        #expect(await patient.value == .ok)
        await server.drain(timeout: .zero)
        client.close()
        #expect(await code { let _: Text = try await client.unary("/test.Echo/Say", text("")) } == .unavailable)
    }

    @Test func waitsGrowAndHaveABound() {
        var backoff = GRPCBackoff()
        backoff.jitter = 0
        var expected = Duration.seconds(1)
        for failures in 1...8 {
            #expect(backoff.wait(after: failures, random: 0.5) == expected)
            expected = expected * 1.6
        }
        #expect(backoff.wait(after: 1000, random: 0.5) == .seconds(120))
        backoff.jitter = 0.2
        #expect(backoff.wait(after: 1, random: 0) == .seconds(1) * 0.8)
        #expect(backoff.wait(after: 1000, random: 1) == .seconds(120) * 1.2)
    }

    @Test func manyCallsAtOnce() async throws {
        let echo = service { service in
            service.unary("Say") { (request: Text, _) in
                try await Task.sleep(for: .milliseconds(1))
                return request
            }
        }
        try await withServer(echo) { server, port in
            let client = try connect(port)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<1000 {
                    group.addTask {
                        let answer: Text = try await client.unary("/test.Echo/Say", text("\(index)"), options: Self.soon)
                        return answer.value == "\(index)"
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(server.counters.connectionsTotal == 1)
        }
    }
}

import Core
import HTTP
import SwiftProtobuf
import Synchronization
import Testing

@testable import GRPC

private struct CallerKey: RequestContextKey { typealias Value = String }

/// A service with one method of each kind.
private func echo(_ change: (inout GRPCServiceDefinition) -> Void = { _ in }) -> GRPCServiceDefinition {
    var service = GRPCServiceDefinition("test.Echo")
    service.unary("Say") { (request: Text, call) in
        call.initialMetadata = try metadata("initial", "i")
        call.trailingMetadata = try metadata("trailing", "t")
        return Text.with { $0.value = request.value.uppercased() }
    }
    service.serverStreaming("Split") { (request: Text, responses: GRPCResponses<Text>, _) in
        for word in request.value.split(separator: " ") { try await responses.send(Text.with { $0.value = String(word) }) }
    }
    service.clientStreaming("Join") { (requests: GRPCMessages<Text>, _) in
        var words: [String] = []
        for try await request in requests { words.append(request.value) }
        return Text.with { $0.value = words.joined(separator: "+") }
    }
    service.bidirectional("Chat") { (requests: GRPCMessages<Text>, responses: GRPCResponses<Text>, _) in
        for try await request in requests { try await responses.send(Text.with { $0.value = "<\(request.value)>" }) }
    }
    service.unary("Raw", request: .raw, response: .raw) { message, _ in message }
    change(&service)
    return service
}

private func metadata(_ name: String, _ value: String) throws -> GRPCMetadata {
    var metadata = GRPCMetadata()
    try metadata.add(name, value)
    return metadata
}

@Suite struct ServerCallTests {
    private let caller = Caller(echo())

    @Test func allFourKinds() async throws {
        let say = try await caller.call("/test.Echo/Say", ["hello"])
        #expect(try say.strings == ["HELLO"])
        #expect(say.status == 200 && say.grpc == .ok && say.headers["content-type"] == "application/grpc")
        #expect(say.headers["initial"] == "i" && say.trailers["trailing"] == "t" && say.headers["grpc-status"] == nil)
        #expect(try await caller.call("/test.Echo/Split", ["a b c"]).strings == ["a", "b", "c"])
        #expect(try await caller.call("/test.Echo/Join", ["a", "b", "c"]).strings == ["a+b+c"])
        #expect(try await caller.call("/test.Echo/Join", []).strings == [""])
        #expect(try await caller.call("/test.Echo/Chat", ["a", "b"]).strings == ["<a>", "<b>"])
        #expect(try await caller.call("/test.Echo/Raw", ["raw"]).strings == ["raw"])
    }

    @Test func aStreamWithoutAnswersEndsWell() async throws {
        let answer = try await caller.call("/test.Echo/Chat", [])
        #expect(answer.grpc == .ok && answer.body.isEmpty)
    }

    @Test func answersGoOutBeforeTheRequestsEnd() async throws {
        let feed = Feed(), sent = Signal()
        async let answer = caller.call("/test.Echo/Chat", body: feed.body) { _ in sent.fire() }
        for word in ["a", "b", "c"] {
            try feed.send(word)
            #expect(await sent.wait() != nil)
        }
        feed.end()
        #expect(try await answer.strings == ["<a>", "<b>", "<c>"])
    }

    @Test func refusedBeforeAnyHandlerRuns() async throws {
        let hello = HTTPBody(try framed("x"))
        for type in ["application/json", "application/grpc+json", "application/grpc-web", nil] {
            #expect(try await caller.call("/test.Echo/Say", type: type, body: hello).status == 415, "\(type ?? "none")")
        }
        #expect(try await caller.call("/test.Echo/Say", type: "application/grpc+proto", body: hello).grpc == .ok)
        let unknown = try await caller.call("/test.Echo/Nothing", ["x"])
        #expect(unknown.status == 200 && unknown.grpc?.code == .unimplemented)
        let packed = try await caller.call("/test.Echo/Say", ["grpc-encoding": "snappy"], ["x"])
        #expect(packed.grpc?.code == .unimplemented && packed.headers["grpc-accept-encoding"] == "identity,gzip,deflate")
        #expect(try await caller.call("/test.Echo/Say", ["grpc-timeout": "soon"], ["x"]).grpc?.code == .invalidArgument)
        #expect(try await caller.call("/test.Echo/Say", ["grpc-timeout": "0S"], ["x"]).grpc?.code == .deadlineExceeded)
    }

    @Test func brokenRequestsAreTold() async throws {
        func code(_ bytes: [UInt8], _ path: String = "/test.Echo/Say") async throws -> GRPCCode? {
            try await caller.call(path, body: HTTPBody(bytes)).grpc?.code
        }
        #expect(try await code([]) == .internalError, "no message")
        #expect(try await code(framed("a", "b")) == .internalError, "two messages")
        #expect(try await code([0, 0, 0]) == .internalError, "half a prefix")
        #expect(try await code(Array(framed("abc").dropLast())) == .internalError, "half a message")
        #expect(try await code([0, 0, 0, 0, 2, 0xff, 0xff]) == .internalError, "no protobuf")
        #expect(try await code(framed("a") + [7, 0, 0, 0, 0], "/test.Echo/Join") == .internalError, "a flag of 7")
    }

    @Test func errorsBecomeStatuses() async throws {
        struct Foreign: Error {}
        let detail = try Google_Protobuf_Any(message: Text.with { $0.value = "why" })
        let caller = Caller(echo { service in
            service.unary("Fail") { (request: Text, call) -> Text in
                call.trailingMetadata = try metadata("trailing", "t")
                switch request.value {
                case "status": throw GRPCStatus(.outOfRange, "über", details: [detail])
                case "ours": throw MonoflowError(.conflict, "create run", "r1", "exists")
                case "foreign": throw Foreign()
                default: throw CancellationError()
                }
            }
            service.bidirectional("FailLate") { (requests: GRPCMessages<Text>, responses: GRPCResponses<Text>, _) in
                for try await request in requests {
                    if request.value == "stop" { throw MonoflowError(.dataLoss, "read", "", "gone") }
                    try await responses.send(request)
                }
            }
        })
        let status = try await caller.call("/test.Echo/Fail", ["status"])
        #expect(status.grpc?.code == .outOfRange && status.grpc?.message == "über")
        #expect(try Text(unpackingAny: #require(status.grpc?.details.first)).value == "why")
        #expect(status.body.isEmpty && status.headers["grpc-status"] == "11" && status.headers["trailing"] == "t")
        let ours = try await caller.call("/test.Echo/Fail", ["ours"])
        #expect(ours.grpc == GRPCStatus(.aborted, "create run: r1: exists"))
        #expect(try await caller.call("/test.Echo/Fail", ["foreign"]).grpc?.code == .internalError)
        #expect(try await caller.call("/test.Echo/Fail", ["cancelled"]).grpc?.code == .cancelled)
        let late = try await caller.call("/test.Echo/FailLate", ["a", "b", "stop", "c"])
        #expect(try late.strings == ["a", "b"])
        #expect(late.grpc?.code == .dataLoss && late.headers["grpc-status"] == nil)
    }

    @Test func theDeadlineEndsCallAndHandler() async throws {
        let started = Signal(), cancelled = Signal(), release = Signal()
        let caller = Caller(echo { service in
            service.unary("Sleep") { (request: Text, call) in
                #expect(call.timeRemaining.map { $0 <= .milliseconds(50) } == true)
                do { try await Task.sleep(for: .seconds(60)) } catch { cancelled.fire() }
                return request
            }
            service.serverStreaming("Stubborn") { (request: Text, responses: GRPCResponses<Text>, call) in
                // On a machine that is busy enough the deadline may have passed already.
                let isSent = (try? await responses.send(request)) != nil
                started.fire("\(isSent)")
                // Does not look at its cancellation.
                await Task { _ = await release.wait() }.value
                #expect(call.isEnded)
                await #expect(throws: GRPCStatus.self) { try await responses.send(request) }
                cancelled.fire()
            }
        })
        let unary = try await caller.call("/test.Echo/Sleep", ["grpc-timeout": "50m"], ["x"])
        #expect(unary.grpc?.code == .deadlineExceeded)
        #expect(await cancelled.wait() != nil)
        let stream = try await caller.call("/test.Echo/Stubborn", ["grpc-timeout": "200m"], ["x"])
        #expect(stream.grpc?.code == .deadlineExceeded)
        let isSent = await started.wait() == "true"
        #expect(try stream.strings == (isSent ? ["x"] : []))
        release.fire()
        #expect(await cancelled.wait() != nil)
    }

    @Test func aClientThatGoesAwayCancelsTheHandler() async throws {
        let started = Signal(), cancelled = Signal()
        let caller = Caller(echo { service in
            for name in ["Before", "After"] {
                service.bidirectional(name) { (requests: GRPCMessages<Text>, responses: GRPCResponses<Text>, call) in
                    if name == "After" { try await responses.send(Text()) }
                    started.fire()
                    do { for try await _ in requests {} } catch { cancelled.fire("\(Task.isCancelled) \(call.isEnded)") }
                }
            }
        })
        for name in ["Before", "After"] {
            let feed = Feed()
            let task = Task { try await caller.call("/test.Echo/\(name)", body: feed.body) }
            #expect(await started.wait() != nil)
            task.cancel()
            #expect(await cancelled.wait() == "true true")
            #expect(try await task.value.grpc?.code == .cancelled)
        }
    }

    @Test func anAbandonedBodyCancelsTheHandler() async throws {
        let cancelled = Signal()
        let caller = Caller(echo { service in
            service.serverStreaming("Forever") { (_: Text, responses: GRPCResponses<Text>, _) in
                defer { cancelled.fire() }
                while true { try await responses.send(Text()) }
            }
        })
        // The head is asked for and the body never.
        try await caller.head("/test.Echo/Forever", body: HTTPBody(try framed("x")))
        #expect(await cancelled.wait() != nil)
    }

    @Test func largeMessagesHaveALimit() async throws {
        var limits = GRPCLimits()
        limits.receivedMessageBytes = 1000
        let caller = Caller(echo(), limits: limits)
        let fits = String(repeating: "a", count: 1000 - 3)
        #expect(try await caller.call("/test.Echo/Say", [fits]).grpc == .ok)
        #expect(try await caller.call("/test.Echo/Say", [fits + "a"]).grpc?.code == .resourceExhausted)
        let stream = try await caller.call("/test.Echo/Chat", ["a", fits + "a", "b"])
        #expect(try stream.strings == ["<a>"] && stream.grpc?.code == .resourceExhausted)
        // A service's own limit goes before the router's.
        let wide = Caller(echo { $0.limits = GRPCLimits() }, limits: limits)
        #expect(try await wide.call("/test.Echo/Say", [fits + "a"]).grpc == .ok)
    }

    @Test func answersArePackedWhereBothSidesWant() async throws {
        let long = String(repeating: "abc", count: 1000)
        let packing = Caller(echo { $0.compressesResponses = true })
        let gzip = try await packing.call("/test.Echo/Say", ["grpc-accept-encoding": "identity, gzip"], [long])
        #expect(gzip.headers["grpc-encoding"] == "gzip" && gzip.body[0] == 1 && gzip.body.count < 300)
        #expect(try gzip.strings == [long.uppercased()])
        let short = try await packing.call("/test.Echo/Chat", ["grpc-accept-encoding": "deflate"], ["a", long])
        #expect(short.headers["grpc-encoding"] == "deflate" && short.body[0] == 0)
        #expect(try short.strings == ["<a>", "<\(long)>"])
        let unwanted = try await packing.call("/test.Echo/Say", [long])
        #expect(unwanted.headers["grpc-encoding"] == nil && unwanted.body[0] == 0)
        let plain = try await caller.call("/test.Echo/Say", ["grpc-accept-encoding": "gzip"], [long])
        #expect(plain.headers["grpc-encoding"] == nil && plain.body[0] == 0)
        // Packed requests.
        let frame = try FrameWriter(encoding: .gzip, limits: GRPCLimits()).frame(Text.with { $0.value = long }.serializedBytes())
        #expect(frame[0] == 1)
        #expect(try await caller.call("/test.Echo/Say", ["grpc-encoding": "gzip"], body: HTTPBody(frame)).strings == [long.uppercased()])
        #expect(try await caller.call("/test.Echo/Say", body: HTTPBody(frame)).grpc?.code == .internalError)
    }

    @Test func theHandlerSeesItsCall() async throws {
        let caller = Caller(echo { service in
            service.unary("Look") { (_: Text, call) in
                let bytes = try call.metadata.binary("data-bin").first ?? []
                return Text.with {
                    $0.value = [
                        call.method, call.peer, call.metadata["who"] ?? "-", "\(bytes)", call.context[CallerKey.self] ?? "-", "\(call.deadline == nil)",
                    ].joined(separator: " ")
                }
            }
        })
        var context = RequestContext()
        context[CallerKey.self] = "admin"
        let answer = try await caller.call(
            "/test.Echo/Look", ["who": "me", "data-bin": "AQI="], body: HTTPBody(try framed("x")), context: context)
        #expect(try answer.strings == ["/test.Echo/Look 127.0.0.1 me [1, 2] admin true"])
    }

    @Test func errorsOfMiddlewareAreStatusesToo() {
        let onError = GRPCRouter.onError(HTTPErrorTable.respond)
        let error = MonoflowError(.unauthenticated, "authenticate", "", "no token")
        let call = onError(error, HTTPRequest(.post, "/a.B/C", headers: ["Content-Type": "application/grpc+proto"]))
        #expect(call.status == .ok && StatusTrailers.read(call.headers)?.code == .unauthenticated)
        let plain = onError(error, HTTPRequest(.post, "/a.B/C", headers: ["Content-Type": "application/json"]))
        #expect(plain.status == .unauthorized && plain.headers["grpc-status"] == nil)
    }

    @Test func initialMetadataCanGoFirst() async throws {
        let release = Signal(), sent = Signal()
        let caller = Caller(echo { service in
            service.unary("Early") { (request: Text, call) in
                call.initialMetadata = try metadata("initial", "1")
                try await call.sendInitialMetadata()
                call.initialMetadata = try metadata("initial", "too late")
                sent.fire()
                _ = await release.wait()
                return request
            }
        })
        async let answer = caller.call("/test.Echo/Early", ["x"])
        #expect(await sent.wait() != nil)
        release.fire()
        #expect(try await answer.headers["initial"] == "1")
        #expect(try await answer.strings == ["x"])
    }
}

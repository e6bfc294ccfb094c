import SwiftProtobuf
import Testing

@testable import GRPC
@testable import HTTP

private typealias Ask = Grpc_Reflection_V1_ServerReflectionRequest
private typealias Told = Grpc_Reflection_V1_ServerReflectionResponse
private typealias Health = Grpc_Health_V1_HealthCheckResponse

private func body(_ messages: any Message...) throws -> HTTPBody {
    HTTPBody(try messages.flatMap { try FrameWriter(encoding: .identity, limits: GRPCLimits()).frame($0.serializedBytes()) })
}

@Suite struct ReflectionTests {
    private func ask(_ questions: [Ask], version: String = "v1") async throws -> [Told] {
        var router = GRPCRouter()
        router.add(GRPCHealth().definition())
        router.add(GRPCServiceDefinition("test.Undescribed"))
        let reflection = try GRPCReflection(services: router.services)
        let caller = Caller(reflection.definitions[0], reflection.definitions[1])
        let frames = try questions.flatMap { try FrameWriter(encoding: .identity, limits: GRPCLimits()).frame($0.serializedBytes()) }
        let answer = try await caller.call("/grpc.reflection.\(version).ServerReflection/ServerReflectionInfo", body: HTTPBody(frames))
        #expect(answer.grpc == .ok)
        return try answer.messages(Told.self)
    }

    private func files(_ told: Told) throws -> [String] {
        try told.fileDescriptorResponse.fileDescriptorProto.map { try Google_Protobuf_FileDescriptorProto(serializedBytes: $0).name }
    }

    @Test(arguments: ["v1", "v1alpha"]) func servicesAreListed(_ version: String) async throws {
        let told = try await ask([.with { $0.host = "h"; $0.listServices = "*" }], version: version)
        #expect(told[0].listServicesResponse.service.map(\.name) == [
            "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection", "test.Undescribed",
        ])
        #expect(told[0].validHost == "h" && told[0].originalRequest.listServices == "*")
    }

    @Test func filesAreFoundByEverySymbol() async throws {
        let symbols = [
            "grpc.health.v1.Health", "grpc.health.v1.Health.Watch", "grpc.health.v1.HealthCheckRequest", "grpc.health.v1.HealthCheckRequest.service",
            "grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc.health.v1.HealthCheckResponse.NOT_SERVING",
        ]
        let told = try await ask(symbols.map { symbol in .with { $0.fileContainingSymbol = symbol } } + [.with { $0.fileByFilename = "grpc/health/v1/health.proto" }])
        #expect(told.count == symbols.count + 1)
        for answer in told { #expect(try files(answer) == ["grpc/health/v1/health.proto"]) }
    }

    @Test func whatIsNotThereIsNotFound() async throws {
        let told = try await ask([
            .with { $0.fileContainingSymbol = "grpc.health.v1.Nothing" }, .with { $0.fileByFilename = "nothing.proto" },
            .with { $0.fileContainingExtension = .with { $0.containingType = "grpc.health.v1.HealthCheckRequest"; $0.extensionNumber = 7 } },
            .with { $0.allExtensionNumbersOfType = "no.Such" }, Ask(),
        ])
        #expect(told.map(\.errorResponse.errorCode) == [5, 5, 5, 5, 3])
        let none = try await ask([.with { $0.allExtensionNumbersOfType = "grpc.health.v1.HealthCheckRequest" }])
        #expect(none[0].allExtensionNumbersResponse.extensionNumber == [] && none[0].errorResponse.errorCode == 0)
    }

    @Test func importsComeAlong() throws {
        // a.proto imports b.proto, which imports c.proto and extends a message of it.
        let set = Google_Protobuf_FileDescriptorSet.with {
            $0.file = [
                .with { $0.name = "c.proto"; $0.package = "p"; $0.messageType = [.with { $0.name = "C"; $0.extensionRange = [.with { $0.start = 10; $0.end = 20 }] }] },
                .with {
                    $0.name = "b.proto"
                    $0.package = "p"
                    $0.dependency = ["c.proto"]
                    $0.extension = [.with { $0.name = "more"; $0.number = 12; $0.extendee = ".p.C"; $0.type = .string; $0.label = .optional }]
                },
                .with { $0.name = "a.proto"; $0.dependency = ["b.proto", "c.proto"]; $0.enumType = [.with { $0.name = "E"; $0.value = [.with { $0.name = "X" }] }] },
            ]
        }
        let index = try DescriptorIndex([GRPCDescriptors(bytes: set.serializedBytes())])
        func names(_ files: [[UInt8]]?) throws -> [String]? { try files?.map { try Google_Protobuf_FileDescriptorProto(serializedBytes: $0).name } }
        #expect(try names(index.file(declaring: "E")) == ["a.proto", "b.proto", "c.proto"])
        #expect(try names(index.file(declaring: "X")) == ["a.proto", "b.proto", "c.proto"])
        #expect(try names(index.file(declaring: "p.more")) == ["b.proto", "c.proto"])
        #expect(try names(index.file(extending: "p.C", number: 12)) == ["b.proto", "c.proto"])
        #expect(index.extensionNumbers(of: "p.C") == [12])
        #expect(index.file(extending: "p.C", number: 13) == nil)
    }
}

@Suite struct HealthTests {
    private func check(_ health: GRPCHealth, _ service: String) async throws -> Answer {
        let request = Grpc_Health_V1_HealthCheckRequest.with { $0.service = service }
        return try await Caller(health.definition()).call("/grpc.health.v1.Health/Check", body: try body(request))
    }

    @Test func checkAndList() async throws {
        let health = GRPCHealth(["": .serving, "a.B": .notServing])
        #expect(try await check(health, "").messages(Health.self).map(\.status) == [.serving])
        #expect(try await check(health, "a.B").messages(Health.self).map(\.status) == [.notServing])
        #expect(try await check(health, "c.D").grpc?.code == .notFound)
        health.set("a.B", .serving)
        health.set("", nil)
        #expect(try await check(health, "a.B").messages(Health.self).map(\.status) == [.serving])
        #expect(try await check(health, "").grpc?.code == .notFound)
        let list = try await Caller(health.definition()).call("/grpc.health.v1.Health/List", body: try body(Grpc_Health_V1_HealthListRequest()))
        #expect(try list.messages(Grpc_Health_V1_HealthListResponse.self)[0].statuses.mapValues(\.status) == ["a.B": .serving])
        health.setAll(.notServing)
        #expect(try await check(health, "a.B").messages(Health.self).map(\.status) == [.notServing])
    }

    @Test func watchersAreToldOfChanges() async throws {
        let health = GRPCHealth(["": .serving]), sent = Signal()
        let caller = Caller(health.definition())
        let request = try body(Grpc_Health_V1_HealthCheckRequest.with { $0.service = "late" })
        let task = Task {
            try await caller.call("/grpc.health.v1.Health/Watch", body: request) { piece in
                let status = try? Health(serializedBytes: Array(piece.dropFirst(5))).status
                sent.fire("\(status.map { $0.rawValue } ?? -1)")
            }
        }
        #expect(await sent.wait() == "3", "unknown at first")
        health.set("late", .notServing)
        #expect(await sent.wait() == "2")
        // Not a change, and not of this service.
        health.set("late", .notServing)
        health.set("", .notServing)
        health.set("late", .serving)
        #expect(await sent.wait() == "1")
        health.set("late", nil)
        #expect(await sent.wait() == "3")
        task.cancel()
        #expect(try await task.value.grpc?.code == .cancelled)
    }

    @Test func aServerThatStopsEndsWatching() async throws {
        let health = GRPCHealth(["": .serving]), sent = Signal()
        let caller = Caller(health.definition())
        let request = try body(Grpc_Health_V1_HealthCheckRequest())
        let task = Task { try await caller.call("/grpc.health.v1.Health/Watch", body: request) { _ in sent.fire() } }
        #expect(await sent.wait() != nil)
        health.setAll(.notServing)
        health.close()
        let answer = try await task.value
        #expect(answer.grpc?.code == .unavailable)
        #expect(try answer.messages(Health.self).map(\.status) == [.serving, .notServing])
        let late = try await caller.call("/grpc.health.v1.Health/Watch", body: request)
        #expect(late.grpc?.code == .unavailable)
    }
}

@Suite struct DeadlinesTests {
    @Test func firesInOrderAndOnce() async {
        let deadlines = Deadlines(), fired = Signal()
        _ = deadlines.add(at: .now + .milliseconds(60)) { fired.fire("late") }
        _ = deadlines.add(at: .now + .milliseconds(20)) { fired.fire("early") }
        _ = deadlines.add(at: .now - .seconds(1)) { fired.fire("past") }
        let removed = deadlines.add(at: .now + .milliseconds(30)) { fired.fire("removed") }
        deadlines.remove(removed)
        deadlines.remove(removed)
        for expected in ["past", "early", "late"] { #expect(await fired.wait() == expected) }
        #expect(deadlines.count == 0)
    }

    @Test func neverEarlyAndNothingLeft() async {
        let deadlines = Deadlines(), fired = Signal()
        for milliseconds in [1, 7, 33] {
            let start = ContinuousClock.now
            _ = deadlines.add(at: start + .milliseconds(milliseconds)) { fired.fire() }
            #expect(await fired.wait() != nil)
            #expect(ContinuousClock.now - start >= .milliseconds(milliseconds))
        }
        let far = deadlines.add(at: .now + .seconds(359_999_996_400)) {}
        #expect(deadlines.count == 1)
        deadlines.remove(far)
        #expect(deadlines.count == 0)
    }
}

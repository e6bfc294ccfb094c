import Core
import Inference
import Serving
import Testing

struct DeployTests {
    private func versions(_ service: ModelService) -> [String] {
        service.models(namespace: "ns").flatMap { model in model.versions.map { "\(model.name)/\($0.version) \($0.state.name)" } }
    }

    @Test func versionsStandSideBySideAndTheNewestAnswers() async throws {
        let fixture = try ServingFixture(), service = try fixture.service(ScriptedLoader())
        let first = try await service.deploy(namespace: "ns", name: "digits", version: nil, source: fixture.put("one"))
        #expect(first.current?.version == 1)
        try await service.deploy(namespace: "ns", name: "digits", version: 7, source: fixture.put("seven"))
        let third = try await service.deploy(namespace: "ns", name: "digits", version: 3, source: fixture.put("three"))
        #expect(third.versions.map(\.version) == [1, 3, 7])
        #expect(try service.instance(namespace: "ns", name: "digits").signature.platform == "seven")
        #expect(try service.instance(namespace: "ns", name: "digits", version: 3).signature.platform == "three")
        let next = try await service.deploy(namespace: "ns", name: "digits", version: nil, source: fixture.put("eight"))
        #expect(next.current?.version == 8)
        #expect(await failure { _ = try service.model(namespace: "other", name: "digits") }?.code == .notFound)
    }

    @Test func theOldVersionAnswersUntilTheNewOneIsLoaded() async throws {
        let fixture = try ServingFixture(), loader = ScriptedLoader(), service = try fixture.service(loader)
        try await service.deploy(namespace: "ns", name: "m", version: nil, source: fixture.put("old"))
        let loading = Signal(), proceed = Signal(), new = try fixture.put("new")
        loader.onLoad { _ in
            await loading.open()
            await proceed.wait()
        }
        async let deployed = service.deploy(namespace: "ns", name: "m", version: nil, source: new)
        await loading.wait()
        #expect(versions(service) == ["m/1 Ready"], "what is being deployed is not seen")
        #expect(try service.instance(namespace: "ns", name: "m").version == "1")
        let second = await failure { try await service.deploy(namespace: "ns", name: "m", version: 2, source: new) }
        #expect(second?.code == .alreadyExists, "its number is taken")
        await proceed.open()
        #expect(try await deployed.current?.version == 2)
        #expect(try service.instance(namespace: "ns", name: "m").signature.platform == "new")
    }

    @Test func aFailureChangesNothing() async throws {
        let fixture = try ServingFixture(), service = try fixture.service(ScriptedLoader())
        try await service.deploy(namespace: "ns", name: "m", version: 4, source: fixture.put("good"))
        let damaged = await failure { try await service.deploy(namespace: "ns", name: "m", version: nil, source: fixture.put("bad")) }
        #expect(damaged?.description == "load model: model m version 5: damaged")
        let taken = await failure { try await service.deploy(namespace: "ns", name: "m", version: 4, source: fixture.put("good")) }
        #expect(taken?.code == .alreadyExists)
        let missing = ModelSource(digest: String(repeating: "0", count: 64))
        #expect(await failure { try await service.deploy(namespace: "ns", name: "m", version: nil, source: missing) }?.code == .notFound)
        #expect(await failure { try await service.deploy(namespace: "ns", name: "m", version: nil, source: ModelSource(digest: "../x")) }?.code == .invalidArgument)
        #expect(await failure { try await service.deploy(namespace: "ns", name: "a/b", version: nil, source: missing) }?.code == .invalidArgument)
        #expect(await failure { try await service.deploy(namespace: "ns", name: "m", version: 0, source: missing) }?.code == .invalidArgument)
        #expect(versions(service) == ["m/4 Ready"])
        #expect(try versions(fixture.service(ScriptedLoader())) == ["m/4 Loading"], "nor in the database")
        let next = try await service.deploy(namespace: "ns", name: "m", version: nil, source: fixture.put("good"))
        #expect(next.current?.version == 5, "a failed deployment gives its number back")
    }

    @Test func aFailedWriteShowsNothingAndReleasesTheModel() async throws {
        let fixture = try ServingFixture(), loader = ScriptedLoader(), service = try fixture.service(loader)
        let source = try fixture.put("good")
        try await fixture.database.close()
        #expect(await failure { try await service.deploy(namespace: "ns", name: "m", version: nil, source: source) } != nil)
        #expect(service.models(namespace: "ns").isEmpty)
        #expect(loader.released.withLock { $0 } == ["m/1"])
    }

    @Test func parallelDeploymentsGetDifferentNumbers() async throws {
        let fixture = try ServingFixture(), service = try fixture.service(ScriptedLoader())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                let source = try fixture.put("model \(number)")
                group.addTask { _ = try await service.deploy(namespace: "ns", name: "m", version: nil, source: source) }
            }
            try await group.waitForAll()
        }
        #expect(try service.model(namespace: "ns", name: "m").versions.map(\.version) == Array(1...20))
    }

    @Test func deletingReleasesAndNeverReusesANumber() async throws {
        let fixture = try ServingFixture(), loader = ScriptedLoader(), service = try fixture.service(loader)
        for text in ["one", "two", "three"] { try await service.deploy(namespace: "ns", name: "m", version: nil, source: fixture.put(text)) }
        try await service.delete(namespace: "ns", name: "m", version: 3)
        #expect(try service.instance(namespace: "ns", name: "m").version == "2", "the newest that is left answers")
        #expect(loader.released.withLock { $0 } == ["m/3"])
        let gone = await failure { try await service.delete(namespace: "ns", name: "m", version: 3) }
        #expect(gone?.description == "delete model: model m version 3: no such version; there are 1, 2")
        let again = try fixture.service(loader)
        try await again.deploy(namespace: "ns", name: "m", version: nil, source: fixture.put("four"))
        #expect(versions(again) == ["m/1 Loading", "m/2 Loading", "m/4 Ready"])
        try await again.delete(namespace: "ns", name: "m")
        #expect(again.models(namespace: "ns").isEmpty)
        #expect(try fixture.service(loader).models(namespace: "ns").isEmpty)
        #expect(await failure { try await again.delete(namespace: "ns", name: "m") }?.code == .notFound)
        let fresh = try await again.deploy(namespace: "ns", name: "m", version: nil, source: fixture.put("one"))
        #expect(fresh.current?.version == 1)
    }
}

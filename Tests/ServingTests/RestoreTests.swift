import Core
import Foundation
import Inference
import Serving
import Synchronization
import Testing

struct RestoreTests {
    @Test func aRestartLoadsWhatIsRecorded() async throws {
        let fixture = try ServingFixture()
        var source = try fixture.put("one")
        (source.artifactID, source.runID, source.options) = (12, "run-1", ["intra_op_threads": "2"])
        try await fixture.service(ScriptedLoader()).deploy(namespace: "ns", name: "m", version: nil, source: source)
        let other = try fixture.put("two")
        try await fixture.service(ScriptedLoader()).deploy(namespace: "ns", name: "m", version: nil, source: other)
        try FileManager.default.removeItem(atPath: fixture.blobs.path(digest: other.digest))

        let service = try fixture.service(ScriptedLoader())
        let before = await failure { _ = try service.instance(namespace: "ns", name: "m") }
        #expect(before?.code == .unavailable)
        #expect(before?.message == "not ready: the model is being loaded")
        #expect(try !service.isReady(namespace: "ns", name: "m"))
        await service.loadInBackground()
        let model = try service.model(namespace: "ns", name: "m")
        #expect(model.versions.map(\.state.name) == ["Ready", "Failed"])
        #expect(model.versions[0].options == ["intra_op_threads": "2"])
        #expect(model.versions[0].artifactID == 12)
        #expect(try service.isReady(namespace: "ns", name: "m"))
        #expect(try !service.isReady(namespace: "ns", name: "m", version: 2))
        #expect(try service.instance(namespace: "ns", name: "m").version == "1", "an older version answers where the newest failed")
        let lost = await failure { _ = try service.instance(namespace: "ns", name: "m", version: 2) }
        #expect(lost?.code == .unavailable)
        #expect(lost?.message.contains("the artifact store has no such object") == true)
    }

    @Test func waitsForTheRuntimeAndSaysSo() async throws {
        let fixture = try ServingFixture(), loader = ScriptedLoader()
        try await fixture.service(loader).deploy(namespace: "ns", name: "m", version: nil, source: fixture.put("later"))
        loader.setOnline(false)
        let service = try fixture.service(loader)
        #expect(await failure { _ = try service.instance(namespace: "ns", name: "m") }?.message == "not ready: the runtime is being installed")
        let rounds = Mutex(0)
        await service.loadInBackground(retryDelay: .zero) {
            let round = rounds.withLock { $0 += 1; return $0 }
            let state = try? service.model(namespace: "ns", name: "m").versions[0].state.name
            #expect(state == (round == 1 ? "Failed" : "Ready"))
            loader.setOnline(true)
        }
        #expect(rounds.withLock { $0 } == 2)
        #expect(try service.isReady(namespace: "ns", name: "m"))
    }

    @Test func aVersionDeletedWhileItLoadsIsReleased() async throws {
        let fixture = try ServingFixture(), loader = ScriptedLoader()
        try await fixture.service(loader).deploy(namespace: "ns", name: "m", version: nil, source: fixture.put("one"))
        let service = try fixture.service(loader)
        loader.onLoad { _ in
            do { try await service.delete(namespace: "ns", name: "m", version: 1) } catch { Issue.record(error) }
        }
        await service.loadInBackground()
        #expect(service.models(namespace: "ns").isEmpty)
        #expect(loader.released.withLock { $0 } == ["m/1"])
    }

    @Test func theRepositoryFolderIsServedReadOnly() async throws {
        let fixture = try ServingFixture(), root = fixture.directory + "/repository"
        for place in ["a/1", "a/2"] {
            try Files.makeDirectory("\(root)/\(place)")
            try Files.writeAtomically(Array(place.utf8), to: "\(root)/\(place)/model.onnx")
        }
        let service = try fixture.service(ScriptedLoader(), repository: ModelRepository(root: root))
        await service.loadInBackground()
        #expect(try service.instance(namespace: "default", name: "a").signature.platform == "a/2")
        #expect(await failure { try await service.delete(namespace: "default", name: "a", version: 1) }?.code == .failedPrecondition)
        #expect(await failure { try await service.delete(namespace: "default", name: "a") }?.code == .failedPrecondition)
        #expect(await failure { try await service.deploy(namespace: "default", name: "a", version: 2, source: fixture.put("x")) }?.code == .alreadyExists)
        let newer = try await service.deploy(namespace: "default", name: "a", version: nil, source: fixture.put("x"))
        #expect(newer.current?.version == 3)
        let missing = await failure { _ = try fixture.service(ScriptedLoader(), repository: ModelRepository(root: root + "/none")) }
        #expect(missing?.code == .notFound)
    }

    @Test func metadataForBothProtocols() async throws {
        let fixture = try ServingFixture(), service = try fixture.service(ScriptedLoader())
        var source = try fixture.put("onnxruntime_onnx")
        (source.artifactID, source.runID) = (12, "run-1")
        let model = try await service.deploy(namespace: "ns", name: "digits", version: nil, source: source)
        let tensors = #""inputs":[{"name":"X","datatype":"FP32","shape":[-1,64]}],"outputs":[{"name":"label","datatype":"INT64","shape":[-1]}]"#
        #expect(service.json(model).text() == """
            {"name":"digits","namespace":"ns","default_version":"1","versions":[{"version":"1","state":"Ready","message":"",\
            "digest":"\(source.digest)","created_at":"2023-11-14T22:13:20.000Z","artifact_id":12,"run_id":"run-1"}],\(tensors)}
            """)
        #expect(try service.openInferenceMetadata(namespace: "ns", name: "digits").text()
            == #"{"name":"digits","versions":["1"],"platform":"onnxruntime_onnx",\#(tensors)}"#)
        #expect(await failure { _ = try service.openInferenceMetadata(namespace: "ns", name: "digits", version: 2) }?.code == .notFound)
        let unloaded = try fixture.service(ScriptedLoader())
        let waiting = unloaded.json(try unloaded.model(namespace: "ns", name: "digits"))
        #expect(waiting["default_version"] == nil)
        #expect(waiting["inputs"] == nil)
        #expect(waiting["versions"]?[0]?["state"] == "Loading")
    }
}

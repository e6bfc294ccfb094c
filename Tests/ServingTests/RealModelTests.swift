import Core
import Foundation
import Inference
import Serving
import Testing

private let library = ProcessInfo.processInfo.environment[RuntimeLocator.environmentVariable].flatMap { RuntimeLocator.library(under: $0) }

/// The whole path with ONNX Runtime: store, deploy, swap under load, restart.
@Suite(.enabled(if: library != nil, "needs ONNX Runtime, named by MONOFLOW_ONNXRUNTIME"))
struct RealModelTests {
    private func engine(_ fixture: ServingFixture) -> InferenceEngine {
        let locator = RuntimeLocator(option: library, environment: [:], installed: fixture.directory)
        let runtime = InferenceRuntime(locator: locator, installer: RuntimeInstaller(environments: fixture.directory))
        return InferenceEngine(runtime: runtime, limits: .init(workers: 2))
    }

    @Test func requestsAreAnsweredThroughASwap() async throws {
        let fixture = try ServingFixture(), engine = engine(fixture), service = try fixture.service(engine)
        let first = ModelSource(digest: try fixture.blobs.put(ServingFixture.model("linear")).digest)
        let second = ModelSource(digest: try fixture.blobs.put(ServingFixture.model("linear_v2")).digest)
        try await service.deploy(namespace: "ns", name: "linear", version: nil, source: first)
        let swapped = Signal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var sawNew = false
                    for number in 0..<300 {
                        if number == 200 { await swapped.wait() }
                        let x = Float(number)
                        let instance = try service.instance(namespace: "ns", name: "linear")
                        let output = try await instance.infer([Tensor(name: "X", shape: [1, 4], values: [x, x, x, x])])
                        let isNew = instance.version == "2"
                        #expect(output[0].values(as: Float.self) == (isNew ? [3 * x + 100, 3 * x + 200] : [3 * x + 0.5, 3 * x - 0.5]))
                        #expect(isNew || !sawNew, "once the new version answered, the old one does not")
                        sawNew = isNew
                    }
                    #expect(sawNew)
                }
            }
            group.addTask {
                try await service.deploy(namespace: "ns", name: "linear", version: nil, source: second)
                await swapped.open()
            }
            try await group.waitForAll()
        }
        let damaged = ModelSource(digest: try fixture.blobs.put(Array("no model".utf8)).digest)
        let refused = await failure { try await service.deploy(namespace: "ns", name: "linear", version: nil, source: damaged) }
        #expect(refused?.code == .invalidArgument)

        let restarted = try fixture.service(engine)
        await restarted.loadInBackground()
        #expect(try restarted.model(namespace: "ns", name: "linear").versions.map(\.state.name) == ["Ready", "Ready"])
        let wrong = await failure {
            _ = try await restarted.instance(namespace: "ns", name: "linear").infer([Tensor(name: "X", shape: [1, 3], values: [Float](repeating: 0, count: 3))])
        }
        #expect(wrong?.description == "infer: model linear, input X: expected shape [-1,4], got [1,3]")
        engine.shutdown()
    }
}

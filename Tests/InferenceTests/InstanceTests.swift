import Core
import Foundation
import Synchronization
import Testing
@testable import Inference

/// A model whose runs wait at a gate.
private struct GatedModel: LoadedModel {
    let signature = ModelSignature(platform: "test", inputs: [], outputs: [])
    let gate: Gate
    func execute(_ inputs: [Tensor], outputs: [String]) throws(MonoflowError) -> [Tensor] {
        gate.pass()
        return []
    }
}

/// The version that serves.
private final class Current: Sendable {
    let instance: Mutex<ModelInstance>
    init(_ first: ModelInstance) { instance = Mutex(first) }
}

struct InstanceTests {
    @Test func aFullQueueRefusesAtOnceAndRecovers() async throws {
        let gate = Gate(), pool = WorkerPool(name: "test", threads: 1, queueLimit: 2)
        let busy = ModelInstance(name: "busy", version: "1", model: GatedModel(gate: gate), pool: pool, pendingLimit: 2)
        let other = ModelInstance(name: "other", version: "1", model: GatedModel(gate: gate), pool: pool, pendingLimit: 9)
        let done = Gate(), finished = Mutex(0)
        let completion: ModelInstance.Completion = { _ in if finished.withLock({ $0 += 1; return $0 }) == 3 { done.open() } }
        try busy.infer([], completion: completion)
        gate.waitForArrivals(1)
        try busy.infer([], completion: completion)
        let model = try #require(failure { try busy.infer([], completion: completion) })
        #expect(model.code == .resourceExhausted)
        #expect(model.subject == "model busy")
        #expect(busy.pendingCount == 2)
        try other.infer([], completion: completion)
        let queue = try #require(failure { try other.infer([], completion: completion) })
        #expect(queue.code == .resourceExhausted)
        #expect(other.pendingCount == 1, "a refused request is not counted")
        gate.open()
        done.pass()
        _ = try await busy.infer([])
        #expect(busy.pendingCount == 0)
        pool.shutdown()
        #expect(failure { try busy.infer([], completion: completion) }?.code == .unavailable)
    }

    @Test func shutdownFinishesWhatWasTaken() throws {
        let pool = WorkerPool(name: "test", threads: 2, queueLimit: 100), count = Mutex(0)
        for _ in 0..<100 { try pool.submit { count.withLock { $0 += 1 } } }
        pool.shutdown()
        pool.shutdown()
        #expect(count.withLock { $0 } == 100)
    }

    @Test(.enabled(if: TestRuntime.isAvailable, Comment(rawValue: TestRuntime.reason)))
    func manyParallelRunsGetTheirOwnAnswers() async throws {
        let engine = InferenceEngine(
            runtime: InferenceRuntime(locator: TestRuntime.environment(at: "/none"), installer: RuntimeInstaller(environments: "/none")),
            limits: .init(workers: 4, queue: 4096, pendingPerModel: 4096))
        let instance = try await engine.load(name: "linear", version: "1", path: TestRuntime.fixtures + "/linear.onnx")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<2000 {
                group.addTask {
                    let rows = number % 7 + 1, x = Float(number)
                    let input = try Tensor(name: "X", shape: [rows, 4], values: [Float](repeating: x, count: rows * 4))
                    let output = try await instance.infer([input])
                    #expect(output[0].values(as: Float.self) == (0..<rows).flatMap { _ in [3 * x + 0.5, 3 * x - 0.5] })
                }
            }
            try await group.waitForAll()
        }
        let wrong = await failure { _ = try await instance.infer([Tensor(name: "X", shape: [1, 3], values: [Float](repeating: 0, count: 3))]) }
        #expect(wrong?.description == "infer: model linear, input X: expected shape [-1,4], got [1,3]")
        engine.shutdown()
    }

    @Test(.enabled(if: TestRuntime.isAvailable, Comment(rawValue: TestRuntime.reason)))
    func modelsAreReplacedUnderUse() async throws {
        let engine = InferenceEngine(
            runtime: InferenceRuntime(locator: TestRuntime.environment(at: "/none"), installer: RuntimeInstaller(environments: "/none")),
            limits: .init(workers: 2, queue: 4096, pendingPerModel: 4096))
        let path = TestRuntime.fixtures + "/linear.onnx"
        let current = Current(try await engine.load(name: "linear", version: "1", path: path))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for number in 0..<200 {
                        let x = Float(number)
                        let output = try await current.instance.withLock { $0 }.infer([Tensor(name: "X", shape: [1, 4], values: [x, x, x, x])])
                        #expect(output[0].values(as: Float.self) == [3 * x + 0.5, 3 * x - 0.5])
                    }
                }
            }
            group.addTask {
                for version in 2..<40 {
                    let next = try await engine.load(name: "linear", version: "\(version)", path: path)
                    engine.release(current.instance.withLock { old in
                        defer { old = next }
                        return old
                    })
                }
            }
            try await group.waitForAll()
        }
        engine.shutdown()
    }
}

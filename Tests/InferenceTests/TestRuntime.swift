import Core
import Foundation
import Inference

/// ONNX Runtime for tests: named by `MONOFLOW_ONNXRUNTIME` (the library, an unpacked wheel, a virtual environment).
enum TestRuntime {
    static let library = ProcessInfo.processInfo.environment[RuntimeLocator.environmentVariable].flatMap { RuntimeLocator.library(under: $0) }
    static let isAvailable: Bool = {
        if library == nil { print("skipped: tests that run models need \(RuntimeLocator.environmentVariable)") }
        return library != nil
    }()
    static let reason = "needs ONNX Runtime, named by MONOFLOW_ONNXRUNTIME"

    static let backend = Result<ModelBackend, MonoflowError> { () throws(MonoflowError) in
        guard let library else { throw MonoflowError(.unavailable, "test", "", reason) }
        return try ModelBackend.onnxRuntime(library: library)
    }

    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures").path

    static func model(_ name: String, options: [String: String] = ["intra_op_threads": "1"]) throws -> any LoadedModel {
        try backend.get().load(name: name, version: "1", path: "\(fixtures)/\(name).onnx", options: options)
    }

    /// A directory of its own that is removed after the test.
    static func withDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let path = FileManager.default.temporaryDirectory.path + "/monoflow-test-" + Identifiers.random()
        try Files.makeDirectory(path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }

    static func environment(at path: String, library: String? = library) -> RuntimeLocator {
        RuntimeLocator(option: library, environment: [:], installed: path + "/none")
    }
}

/// The error that `body` throws; nil where it throws none.
func failure(_ body: () throws -> Void) -> MonoflowError? {
    do { try body() } catch { return MonoflowError.wrap(error, "test") }
    return nil
}

func failure(_ body: () async throws -> Void) async -> MonoflowError? {
    do { try await body() } catch { return MonoflowError.wrap(error, "test") }
    return nil
}

/// Lets threads wait until the test opens it.
final class Gate: @unchecked Sendable {
    private let condition = NSCondition()
    private var isOpen = false
    private var arrived = 0

    func open() { condition.withLock { isOpen = true; condition.broadcast() } }

    func pass() {
        condition.withLock {
            arrived += 1
            condition.broadcast()
            while !isOpen { condition.wait() }
        }
    }

    /// Returns when so many have come to the gate.
    func waitForArrivals(_ count: Int) { condition.withLock { while arrived < count { condition.wait() } } }
}

import Artifacts
import Core
import Database
import Foundation
import GRDB
import Inference
import Logging
import Serving
import Synchronization

/// A model service over a database and an artifact store in a directory of its own.
final class ServingFixture: Sendable {
    let directory: String
    let database: MetadataDatabase
    let blobs: BlobStore
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..").path

    init() throws {
        directory = NSTemporaryDirectory() + "/monoflow-serving-" + Identifiers.random()
        database = try MetadataDatabase(directory: directory)
        blobs = try BlobStore(root: directory + "/artifacts")
        let sql = String(decoding: try Files.read(Self.repository + "/migrations/0006_models.sql"), as: UTF8.self)
        try database.writeBlocking { try $0.execute(sql: sql) }
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// A service as a starting server has it: with what the database holds.
    func service(_ loader: any ModelLoader, repository: ModelRepository? = nil) throws -> ModelService {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let clock = WallClock { Timestamp(milliseconds: 1_700_000_000_000) }
        let service = ModelService(database: database, blobs: blobs, loader: loader, clock: clock, logger: logger)
        try service.restore(repository: repository)
        return service
    }

    func put(_ text: String) throws -> ModelSource { ModelSource(digest: try blobs.put(Array(text.utf8)).digest) }

    static func model(_ name: String) throws -> [UInt8] { try Files.read("\(repository)/Tests/InferenceTests/Fixtures/\(name).onnx") }
}

/// Loads by the file's text: `bad` is damaged, `later` works once `isOnline`, anything else is a model whose
/// platform is the text.
final class ScriptedLoader: ModelLoader {
    private let pool = WorkerPool(name: "test", threads: 1, queueLimit: 8)
    private let online = Mutex(true)
    private let hook = Mutex<(@Sendable (String) async -> Void)?>(nil)
    let released = Mutex<[String]>([])

    private struct Model: LoadedModel {
        let signature: ModelSignature
        func execute(_ inputs: [Tensor], outputs: [String]) throws(MonoflowError) -> [Tensor] { [] }
    }

    deinit { pool.shutdown() }

    func setOnline(_ value: Bool) { online.withLock { $0 = value } }
    /// Called with the version before it is loaded.
    func onLoad(_ body: @escaping @Sendable (String) async -> Void) { hook.withLock { $0 = body } }
    var obstacle: String? { online.withLock { $0 } ? nil : "the runtime is being installed" }

    func load(name: String, version: String, path: String, options: [String: String]) async throws(MonoflowError) -> ModelInstance {
        await hook.withLock { $0 }?(version)
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        if text == "bad" { throw MonoflowError(.invalidArgument, "load model", "model \(name) version \(version)", "damaged") }
        if text == "later", !online.withLock({ $0 }) { throw MonoflowError(.unavailable, "load model", "", "no runtime") }
        let signature = ModelSignature(
            platform: text, inputs: [TensorSpec(name: "X", datatype: .fp32, shape: [-1, 64])],
            outputs: [TensorSpec(name: "label", datatype: .int64, shape: [-1])])
        return ModelInstance(name: name, version: version, model: Model(signature: signature), pool: pool, pendingLimit: 1)
    }

    func release(_ instance: ModelInstance) { released.withLock { $0.append("\(instance.name)/\(instance.version)") } }
}

/// Opens once; tasks that wait are suspended.
actor Signal {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    func wait() async {
        if isOpen { return }
        await withCheckedContinuation { waiting.append($0) }
    }
}

func failure(_ body: () async throws -> Void) async -> MonoflowError? {
    do { try await body() } catch { return MonoflowError.wrap(error, "test") }
    return nil
}

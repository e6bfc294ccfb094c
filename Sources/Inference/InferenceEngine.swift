import Core

/// Makes models ready to answer; the seam between what is to be served and how it is computed.
public protocol ModelLoader: Sendable {
    /// - Throws: `invalidArgument` for a damaged model, `unimplemented` for what cannot be served, `unavailable` for
    ///   what may work later.
    func load(name: String, version: String, path: String, options: [String: String]) async throws(MonoflowError) -> ModelInstance

    /// Lets go of a model off the caller's thread. Runs under way finish first.
    func release(_ instance: ModelInstance)

    /// Why no model can be loaded right now; nil where nothing stands in the way.
    var obstacle: String? { get }
}

/// Loads models and runs them: the runtime, the threads that run models, and the threads that load them.
public final class InferenceEngine: ModelLoader {
    public struct Limits: Sendable {
        /// Threads that run models.
        public var workers: Int
        /// Requests of all models that may wait for a thread.
        public var queue: Int
        /// Requests of one model version that may wait or run.
        public var pendingPerModel: Int
        /// Models that are loaded at the same time.
        public var loaders: Int

        public init(workers: Int, queue: Int = 1024, pendingPerModel: Int = 256, loaders: Int = 2) {
            (self.workers, self.queue, self.pendingPerModel, self.loaders) = (workers, queue, pendingPerModel, loaders)
        }
    }

    public let runtime: InferenceRuntime
    private let limits: Limits
    private let workers: WorkerPool
    private let loaders: WorkerPool

    public init(runtime: InferenceRuntime, limits: Limits) {
        (self.runtime, self.limits) = (runtime, limits)
        workers = WorkerPool(name: "inference", threads: limits.workers, queueLimit: limits.queue)
        loaders = WorkerPool(name: "model-loading", threads: limits.loaders, queueLimit: 4096)
    }

    /// Reads a model from a file, on a loading thread.
    /// - Parameter options: the backend's own; unless given, a run uses one thread (`intra_op_threads`), because runs
    ///   of different requests share the cores already.
    /// - Throws: `invalidArgument` for a damaged model, `unimplemented` for what cannot be served, `unavailable` where
    ///   there is no runtime.
    public func load(name: String, version: String, path: String, options: [String: String] = [:]) async throws(MonoflowError) -> ModelInstance {
        let backend = try await runtime.backend()
        let chosen = ["intra_op_threads": "1"].merging(options) { _, given in given }
        let model = try await loaders.run { () throws(MonoflowError) in
            try backend.load(name: name, version: version, path: path, options: chosen)
        }
        return ModelInstance(name: name, version: version, model: model, pool: workers, pendingLimit: limits.pendingPerModel)
    }

    public var obstacle: String? {
        if case .ready = runtime.state { nil } else { runtime.message }
    }

    public func release(_ instance: ModelInstance) {
        // Where the pool has stopped or is full, the caller's own thread has to do.
        try? loaders.submit { withExtendedLifetime(instance) {} }
    }

    /// Takes no more requests, finishes those that wait, and ends the threads. Blocks.
    public func shutdown() {
        loaders.shutdown()
        workers.shutdown()
    }
}

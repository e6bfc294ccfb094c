import Core
import Synchronization

/// One loaded version of a model, as requests use it. Dropping the last reference unloads it; runs under way keep it.
public final class ModelInstance: Sendable {
    public let name: String
    public let version: String
    public var signature: ModelSignature { model.signature }
    private let model: any LoadedModel
    private let pool: WorkerPool
    private let pendingLimit: Int
    private let pending = Mutex(0)

    public typealias Completion = @Sendable (Result<[Tensor], MonoflowError>) -> Void

    /// - Parameter pendingLimit: requests of this version that may wait or run at the same time, so that one busy
    ///   model leaves room in the shared queue for the others.
    public init(name: String, version: String, model: any LoadedModel, pool: WorkerPool, pendingLimit: Int) {
        (self.name, self.version, self.model) = (name, version, model)
        (self.pool, self.pendingLimit) = (pool, pendingLimit)
    }

    /// Requests that wait or run now.
    public var pendingCount: Int { pending.withLock { $0 } }

    /// Checks the request and queues it; never blocks.
    /// - Parameters:
    ///   - outputs: names wanted, in this order; empty: all, in the model's order.
    ///   - completion: called exactly once where nothing was thrown, on a thread of the pool, which it must not hold up.
    /// - Throws: `invalidArgument` for tensors that do not fit the model, `resourceExhausted` where too many requests
    ///   wait, `unavailable` when the server stops. The completion is not called then.
    public func infer(_ inputs: [Tensor], outputs: [String] = [], completion: @escaping Completion) throws(MonoflowError) {
        try signature.validate(inputs, outputs: outputs, model: name)
        guard pending.withLock({ count in
            if count >= pendingLimit { return false }
            count += 1
            return true
        }) else {
            throw MonoflowError(.resourceExhausted, "infer", "model \(name)", "\(pendingLimit) requests are waiting already", hint: "try again later")
        }
        do throws(MonoflowError) {
            try pool.submit { [self] in
                let result: Result<[Tensor], MonoflowError>
                do throws(MonoflowError) { result = .success(try model.execute(inputs, outputs: outputs)) }
                catch { result = .failure(error) }
                pending.withLock { $0 -= 1 }
                completion(result)
            }
        } catch {
            pending.withLock { $0 -= 1 }
            throw error
        }
    }

    /// The same for callers in a task. - Throws: as above, and what the model itself answers.
    public func infer(_ inputs: [Tensor], outputs: [String] = []) async throws(MonoflowError) -> [Tensor] {
        let result: Result<[Tensor], MonoflowError> = await withCheckedContinuation { continuation in
            do throws(MonoflowError) {
                try infer(inputs, outputs: outputs) { continuation.resume(returning: $0) }
            } catch { continuation.resume(returning: .failure(error)) }
        }
        return try result.get()
    }
}

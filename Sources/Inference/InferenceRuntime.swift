import Core
import Foundation
import Synchronization

/// ONNX Runtime as the server has it: found on disk, or installed in the background when a model first needs it.
///
///     notInstalled → installing → ready
///                        ↓ ↑ next need, after the retry interval
///                       failed
public final class InferenceRuntime: Sendable {
    public enum State: Sendable, Equatable {
        case notInstalled
        case installing
        case ready(version: String)
        case failed(String)
    }

    private struct Inner {
        var state = State.notInstalled
        var backend: ModelBackend?
        var failure: (error: MonoflowError, at: DispatchTime)?
        var waiting: [CheckedContinuation<Result<ModelBackend, MonoflowError>, Never>] = []
    }

    private let locator: RuntimeLocator
    private let installer: RuntimeInstaller
    private let retryInterval: Double
    private let inner = Mutex(Inner())
    private let queue = DispatchQueue(label: "monoflow.inference.runtime")

    /// - Parameter retryInterval: seconds for which a failure is answered again before another attempt is made, so
    ///   that the models of a whole server do not each wait for the same download to fail.
    public init(locator: RuntimeLocator, installer: RuntimeInstaller, retryInterval: Double = 30) {
        (self.locator, self.installer, self.retryInterval) = (locator, installer, retryInterval)
    }

    public var state: State { inner.withLock { $0.state } }
    /// The opened runtime; nil unless `state` is ready.
    public var current: ModelBackend? { inner.withLock { $0.backend } }

    /// One sentence for people: why models are not ready, or what serves them.
    public var message: String {
        switch state {
        case .notInstalled: "ONNX Runtime is not loaded yet; it is when the first model needs it"
        case .installing: "ONNX Runtime \(installer.version) is being installed"
        case .ready(let version): "ONNX Runtime \(version)"
        case .failed(let message): message
        }
    }

    /// Opens the runtime where it is on disk already; never downloads. Blocks for the time of opening a library.
    /// - Throws: `notFound` or `unavailable` where the operator named a library that is missing or cannot be opened.
    public func openIfPresent() throws(MonoflowError) {
        if current != nil { return }
        guard let library = try locator.find() else { return }
        finish(.success(try ModelBackend.onnxRuntime(library: library)))
    }

    /// The runtime; installs it first where needed. Waits without holding a thread.
    /// - Throws: `notFound`, `unavailable`: why there is none.
    public func backend() async throws(MonoflowError) -> ModelBackend {
        let result: Result<ModelBackend, MonoflowError> = await withCheckedContinuation { continuation in
            enum Next { case answer(Result<ModelBackend, MonoflowError>), start, wait }
            let next: Next = inner.withLock { inner in
                if let backend = inner.backend { return .answer(.success(backend)) }
                if inner.state != .installing, let failure = inner.failure, !isDue(failure.at) { return .answer(.failure(failure.error)) }
                inner.waiting.append(continuation)
                if inner.state == .installing { return .wait }
                inner.state = .installing
                return .start
            }
            switch next {
            case .answer(let result): continuation.resume(returning: result)
            case .start: queue.async { [self] in finish(open()) }
            case .wait: break
            }
        }
        return try result.get()
    }

    private func isDue(_ failed: DispatchTime) -> Bool { DispatchTime.now() >= failed + retryInterval }

    private func open() -> Result<ModelBackend, MonoflowError> {
        do throws(MonoflowError) {
            let library = if let found = try locator.find() { found } else { try installer.install() }
            return .success(try ModelBackend.onnxRuntime(library: library))
        } catch {
            return .failure(error)
        }
    }

    private func finish(_ result: Result<ModelBackend, MonoflowError>) {
        let waiting = inner.withLock { inner in
            switch result {
            case .success(let backend):
                inner.backend = backend
                inner.state = .ready(version: backend.version)
            case .failure(let error):
                inner.failure = (error, .now())
                inner.state = .failed(error.description)
            }
            defer { inner.waiting = [] }
            return inner.waiting
        }
        for continuation in waiting { continuation.resume(returning: result) }
    }
}

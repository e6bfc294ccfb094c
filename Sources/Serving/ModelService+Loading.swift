import Core
import Database
import Inference

// What a starting server takes up again.
extension ModelService {
    /// Reads what is recorded and what the repository folder holds; all of it is `Loading` when this returns. Blocks
    /// for the time of a query; `loadInBackground` does the rest.
    /// - Parameter repository: a folder of `NAME/VERSION/model.onnx`, served in the namespace `default`.
    /// - Throws: `notFound` where the repository folder cannot be read; failures of the database.
    public func restore(repository: ModelRepository?) throws(MonoflowError) {
        let (records, numbers) = try database.readBlocking { (try ModelStore.all($0), try ModelStore.lastVersions($0)) }
        for record in records { registry.put(record.namespace, record.name, Self.version(record, .loading)) }
        for number in numbers { registry.setLast(number.namespace, number.name, number.version) }
        guard let repository else { return }
        let contents = try repository.scan()
        for problem in contents.problems { logger.warning("\(problem)") }
        for entry in contents.entries {
            if registry.model(Self.repositoryNamespace, entry.name)?[entry.version] != nil {
                logger.warning("\(entry.path) is not served: version \(entry.version) of model \(entry.name) was deployed through the API")
                continue
            }
            registry.put(Self.repositoryNamespace, entry.name, ServedVersion(
                version: entry.version, origin: .repository(path: entry.path), options: [:], state: .loading))
        }
    }

    /// Loads every version that is not ready, and returns when each is `Ready` or `Failed` for good. What failed only
    /// because something is missing for now is tried again after `retryDelay`, until the calling task is cancelled.
    /// - Parameter attempted: told after each round; for tests.
    public func loadInBackground(retryDelay: Duration = .seconds(60), attempted: (@Sendable () async -> Void)? = nil) async {
        while !Task.isCancelled {
            let waiting = registry.unready().filter { Self.isWorthTrying($0.version.state) }
            if waiting.isEmpty { return }
            await withTaskGroup(of: Void.self) { group in
                for (namespace, name, version) in waiting {
                    group.addTask { await self.load(namespace, name, version) }
                }
            }
            await attempted?()
            if registry.unready().contains(where: { Self.isWorthTrying($0.version.state) }) {
                try? await Task.sleep(for: retryDelay)
            }
        }
    }

    private static func isWorthTrying(_ state: ServingState) -> Bool {
        switch state {
        case .loading: true
        case .ready: false
        case .failed(let error): error.code == .unavailable || error.code == .resourceExhausted
        }
    }

    private func load(_ namespace: String, _ name: String, _ version: ServedVersion) async {
        _ = registry.setState(namespace, name, version.version, .loading)
        do throws(MonoflowError) {
            let path: String
            switch version.origin {
            case .deployed(let digest): path = try self.path(of: digest)
            case .repository(let file): path = file
            }
            let instance = try await loader.load(name: name, version: "\(version.version)", path: path, options: version.options)
            // Deleted while it was loading: nobody will ask for it.
            if !registry.setState(namespace, name, version.version, .ready(instance)) { loader.release(instance) }
        } catch {
            logger.error("namespace \(namespace): \(error)")
            _ = registry.setState(namespace, name, version.version, .failed(error))
        }
    }
}

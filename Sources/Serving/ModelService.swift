import Artifacts
import Core
import Database
import Inference
import Logging

/// What a version is made from.
public struct ModelSource: Sendable {
    /// SHA-256 of the model's file in the artifact store.
    public var digest: String
    /// The artifact and the run that it came from, where it did.
    public var artifactID: Int64?
    public var runID: String?
    /// The backend's own load options, e.g. `intra_op_threads`.
    public var options: [String: String]

    public init(digest: String, artifactID: Int64? = nil, runID: String? = nil, options: [String: String] = [:]) {
        (self.digest, self.artifactID, self.runID, self.options) = (digest, artifactID, runID, options)
    }
}

/// The models of all namespaces: deploying, deleting, and finding the one that answers a request.
public final class ModelService: Sendable {
    /// The namespace in which the repository folder is served.
    public static let repositoryNamespace = "default"

    let database: MetadataDatabase
    let blobs: BlobStore
    let loader: any ModelLoader
    let clock: WallClock
    let logger: Logger
    let registry = ModelRegistry()

    public init(database: MetadataDatabase, blobs: BlobStore, loader: any ModelLoader, clock: WallClock, logger: Logger) {
        (self.database, self.blobs, self.loader, self.clock, self.logger) = (database, blobs, loader, clock, logger)
    }

    /// Makes a version served, and returns when it is: loads the file, writes the version down, then shows it.
    /// Until then, and where anything fails, every request is answered as before.
    /// - Parameter version: nil: the next number.
    /// - Throws: `invalidArgument` for a bad name or a damaged model, `unimplemented` for one that cannot be served,
    ///   `notFound` for an unknown digest, `alreadyExists` for a taken version, `unavailable` without a runtime.
    @discardableResult
    public func deploy(namespace: String, name: String, version requested: Int?, source: ModelSource) async throws(MonoflowError) -> ServedModel {
        try ModelNames.check(name)
        if let requested, requested < 1 {
            throw MonoflowError(.invalidArgument, "deploy model", "model \(name) version \(requested)", "a version is a whole number from 1 on")
        }
        let path = try path(of: source.digest)
        let version = try registry.reserve(namespace, name, requested)
        defer { registry.unreserve(namespace, name, version) }
        let instance = try await loader.load(name: name, version: "\(version)", path: path, options: source.options)
        let record = ModelVersionRecord(
            namespace: namespace, name: name, version: version, digest: source.digest, options: source.options,
            artifactID: source.artifactID, runID: source.runID, createdAt: clock.now())
        do {
            try await database.write { try ModelStore.insert($0, record) }
        } catch {
            loader.release(instance)
            throw error
        }
        return registry.put(namespace, name, Self.version(record, .ready(instance)))
    }

    /// - Throws: `notFound`; `failedPrecondition` for a version of the repository folder.
    public func delete(namespace: String, name: String, version: Int) async throws(MonoflowError) {
        let found = try find(namespace, name, version, operation: "delete model")
        try refuseRepository([found], name)
        try await database.write { try ModelStore.deleteVersion($0, namespace, name, version) }
        drop(namespace, name, version)
    }

    /// Deletes a model with all its versions; its numbers begin at 1 again.
    /// - Throws: `notFound`; `failedPrecondition` where the repository folder holds a version of it.
    public func delete(namespace: String, name: String) async throws(MonoflowError) {
        let model = try model(namespace: namespace, name: name)
        try refuseRepository(model.versions, name)
        try await database.write { try ModelStore.deleteModel($0, namespace, name) }
        for version in model.versions { drop(namespace, name, version.version) }
        registry.forgetNumbers(namespace, name)
    }

    /// Deletes every model of the namespace.
    /// - Throws: `failedPrecondition` where one is served from the repository folder.
    public func removeAll(of namespace: String) async throws(MonoflowError) {
        for model in models(namespace: namespace) {
            do throws(MonoflowError) { try await delete(namespace: namespace, name: model.name) } catch where error.code == .notFound {}
        }
    }

    private func drop(_ namespace: String, _ name: String, _ version: Int) {
        if let instance = registry.remove(namespace, name, version)?.instance { loader.release(instance) }
    }

    private func refuseRepository(_ versions: [ServedVersion], _ name: String) throws(MonoflowError) {
        for version in versions {
            guard case .repository(let path) = version.origin else { continue }
            throw MonoflowError(.failedPrecondition, "delete model", "model \(name) version \(version.version)",
                "it is served from the model repository, which is read-only", hint: "remove \(path) and start the server again")
        }
    }

    func path(of digest: String) throws(MonoflowError) -> String {
        do {
            let path = try blobs.path(digest: digest)
            if Files.exists(path) { return path }
        } catch {
            throw MonoflowError.wrap(error, "find model", digest)
        }
        throw MonoflowError(.notFound, "find model", digest, "the artifact store has no such object")
    }

    static func version(_ record: ModelVersionRecord, _ state: ServingState) -> ServedVersion {
        ServedVersion(
            version: record.version, origin: .deployed(digest: record.digest), options: record.options,
            artifactID: record.artifactID, runID: record.runID, createdAt: record.createdAt, state: state)
    }
}

// Looking up: cheap enough for every request.
extension ModelService {
    /// Models of a namespace, by name.
    public func models(namespace: String) -> [ServedModel] { registry.models(namespace) }

    /// - Throws: `notFound`.
    public func model(namespace: String, name: String) throws(MonoflowError) -> ServedModel {
        guard let model = registry.model(namespace, name) else {
            throw MonoflowError(.notFound, "find model", "model \(name)", "no such model in namespace \(namespace)")
        }
        return model
    }

    /// What answers a request.
    /// - Parameter version: nil: the newest that is ready.
    /// - Throws: `notFound`; `unavailable` with the reason where the version is not ready.
    public func instance(namespace: String, name: String, version: Int? = nil) throws(MonoflowError) -> ModelInstance {
        if let version {
            let found = try find(namespace, name, version, operation: "find model")
            if let instance = found.instance { return instance }
            throw notReady(name, found)
        }
        let model = try model(namespace: namespace, name: name)
        if let instance = model.current?.instance { return instance }
        guard let newest = model.versions.last else {
            throw MonoflowError(.notFound, "find model", "model \(name)", "it has no version")
        }
        throw notReady(name, newest)
    }

    public func isReady(namespace: String, name: String, version: Int? = nil) throws(MonoflowError) -> Bool {
        if let version { return try find(namespace, name, version, operation: "find model").instance != nil }
        return try model(namespace: namespace, name: name).current != nil
    }

    /// One sentence on why a version is not ready; empty where it is.
    public func message(_ version: ServedVersion) -> String {
        switch version.state {
        case .ready: ""
        case .loading: loader.obstacle ?? "the model is being loaded"
        case .failed(let error): error.description
        }
    }

    private func find(_ namespace: String, _ name: String, _ version: Int, operation: String) throws(MonoflowError) -> ServedVersion {
        let model = try model(namespace: namespace, name: name)
        guard let found = model[version] else {
            let known = model.versions.map { "\($0.version)" }.joined(separator: ", ")
            throw MonoflowError(.notFound, operation, "model \(name) version \(version)", "no such version; there are \(known)")
        }
        return found
    }

    private func notReady(_ name: String, _ version: ServedVersion) -> MonoflowError {
        MonoflowError(.unavailable, "find model", "model \(name) version \(version.version)", "not ready: \(message(version))")
    }
}

import Core
import Inference

/// Where a version stands in this process.
///
///     loading → ready
///        ↓ ↑ again, where the failure may pass (`unavailable`)
///      failed
public enum ServingState: Sendable {
    case loading
    case ready(ModelInstance)
    case failed(MonoflowError)

    /// As the native API writes it.
    public var name: String {
        switch self {
        case .loading: "Loading"
        case .ready: "Ready"
        case .failed: "Failed"
        }
    }
}

/// One version of a model.
public struct ServedVersion: Sendable {
    public enum Origin: Sendable, Equatable {
        /// Deployed through the API; in the database and the artifact store.
        case deployed(digest: String)
        /// Found in the model repository folder; read-only.
        case repository(path: String)
    }

    public var version: Int
    public var origin: Origin
    public var options: [String: String]
    public var artifactID: Int64?
    public var runID: String?
    /// Nil for what the repository folder holds.
    public var createdAt: Timestamp?
    public var state: ServingState

    public var instance: ModelInstance? { if case .ready(let instance) = state { instance } else { nil } }
}

/// A model with its versions, ascending.
public struct ServedModel: Sendable {
    public let namespace: String
    public let name: String
    public internal(set) var versions: [ServedVersion] = []
    /// The newest version that is ready: it answers requests that name none. Kept up with `versions`.
    public internal(set) var current: ServedVersion?

    public subscript(version: Int) -> ServedVersion? { versions.first { $0.version == version } }

    mutating func put(_ version: ServedVersion) {
        versions.removeAll { $0.version == version.version }
        let index = versions.firstIndex { $0.version > version.version } ?? versions.count
        versions.insert(version, at: index)
        current = versions.last { $0.instance != nil }
    }

    mutating func remove(_ version: Int) {
        versions.removeAll { $0.version == version }
        current = versions.last { $0.instance != nil }
    }
}

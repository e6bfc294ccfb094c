import Core
import Inference
import Synchronization

/// The models of this process, in memory: what each request looks up. The lock is held for a dictionary access only.
final class ModelRegistry: Sendable {
    private struct Key: Hashable {
        var namespace: String
        var name: String
    }

    private struct State {
        var models: [String: [String: ServedModel]] = [:]
        /// Versions that are being deployed: taken, but not to be seen yet.
        var reserved: [Key: Set<Int>] = [:]
        /// The highest number that was ever deployed.
        var last: [Key: Int] = [:]
    }

    private let state = Mutex(State())

    func model(_ namespace: String, _ name: String) -> ServedModel? { state.withLock { $0.models[namespace]?[name] } }

    /// By name.
    func models(_ namespace: String) -> [ServedModel] {
        state.withLock { Array(($0.models[namespace] ?? [:]).values) }.sorted { $0.name < $1.name }
    }

    func setLast(_ namespace: String, _ name: String, _ version: Int) {
        state.withLock { $0.last[Key(namespace: namespace, name: name)] = version }
    }

    /// Takes a version's number, so that two deployments at the same time get different ones.
    /// - Parameter requested: nil: the next one.
    /// - Throws: `alreadyExists` for a number that is used or being deployed.
    func reserve(_ namespace: String, _ name: String, _ requested: Int?) throws(MonoflowError) -> Int {
        let key = Key(namespace: namespace, name: name)
        let version: Int? = state.withLock { state in
            let used = Set((state.models[namespace]?[name]?.versions ?? []).map(\.version)).union(state.reserved[key] ?? [])
            if let requested, used.contains(requested) { return nil }
            let version = requested ?? max(used.max() ?? 0, state.last[key] ?? 0) + 1
            state.reserved[key, default: []].insert(version)
            return version
        }
        guard let version else {
            throw MonoflowError(.alreadyExists, "deploy model", "model \(name) version \(requested ?? 0)", "the version exists or is being deployed",
                hint: "choose another number, or next")
        }
        return version
    }

    /// Gives the number back where the deployment failed.
    func unreserve(_ namespace: String, _ name: String, _ version: Int) {
        let key = Key(namespace: namespace, name: name)
        state.withLock { state in
            state.reserved[key]?.remove(version)
            if state.reserved[key]?.isEmpty == true { state.reserved[key] = nil }
        }
    }

    /// Makes a version visible in one step: requests see the model without it or with it.
    /// - Returns: the model as it is now.
    @discardableResult
    func put(_ namespace: String, _ name: String, _ version: ServedVersion) -> ServedModel {
        state.withLock { state in
            var model = state.models[namespace]?[name] ?? ServedModel(namespace: namespace, name: name)
            model.put(version)
            state.models[namespace, default: [:]][name] = model
            let key = Key(namespace: namespace, name: name)
            state.last[key] = max(state.last[key] ?? 0, version.version)
            return model
        }
    }

    /// - Returns: false where the version is gone.
    func setState(_ namespace: String, _ name: String, _ version: Int, _ new: ServingState) -> Bool {
        state.withLock { state in
            guard var found = state.models[namespace]?[name]?[version] else { return false }
            found.state = new
            state.models[namespace]?[name]?.put(found)
            return true
        }
    }

    /// Removes a version, and the model with its last one.
    /// - Returns: what was removed.
    func remove(_ namespace: String, _ name: String, _ version: Int) -> ServedVersion? {
        state.withLock { state in
            guard let found = state.models[namespace]?[name]?[version] else { return nil }
            state.models[namespace]?[name]?.remove(version)
            if state.models[namespace]?[name]?.versions.isEmpty == true { state.models[namespace]?[name] = nil }
            return found
        }
    }

    /// Lets the numbers begin at 1 again.
    func forgetNumbers(_ namespace: String, _ name: String) {
        state.withLock { $0.last[Key(namespace: namespace, name: name)] = nil }
    }

    /// Every version that is not ready, with its place.
    func unready() -> [(namespace: String, name: String, version: ServedVersion)] {
        state.withLock { state in
            state.models.values.flatMap(\.values).flatMap { model in
                model.versions.filter { $0.instance == nil }.map { (model.namespace, model.name, $0) }
            }
        }
    }
}

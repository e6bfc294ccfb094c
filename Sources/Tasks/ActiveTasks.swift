import Synchronization

/// Which tasks run now, and for whom; read at each call that a task makes to this server.
public final class ActiveTasks: Sendable {
    private let namespaces = Mutex<[String: String]>([:])

    public init() {}

    /// The namespace of a task that has been started and has not ended; nil for any other.
    public func namespace(of taskID: String) -> String? { namespaces.withLock { $0[taskID] } }

    func insert(_ taskID: String, namespace: String) { namespaces.withLock { $0[taskID] = namespace } }
    func remove(_ taskID: String) { namespaces.withLock { $0[taskID] = nil } }
}

import Core
import Database
import Logging
import Resources
import Tasks

/// What the rules and controllers of this domain work with.
struct TrainingContext: Sendable {
    let database: MetadataDatabase
    let resources: ResourceService
    let engine: TaskEngine
    let queue: WorkQueue
    let events: EventRecorder
    let clock: WallClock
    let logger: Logger
    let capacity: PodReader.Capacity
    let executorName: String
    /// Changes each new pod before it is checked.
    let transform: PodTransform
    /// Removes what an ended task has left, its log above all.
    let removeTask: @Sendable (String) -> Void
    let volumes: any VolumeDirectories

    func kind(_ key: String) -> KindReference? {
        guard let definition = resources.kinds.definition(key), let version = definition.storedVersion else { return nil }
        return KindReference(definition, version)
    }

    /// Nil where no object has that uid.
    func object(uid: String) async throws -> JSON? {
        try await database.read { try ResourceStore.find($0, uid: uid) }.map { try JSONParser.parse($0.document) }
    }

    func objects(_ kind: String, namespace: String? = nil) async throws -> [JSON] {
        try await database.read { try ResourceStore.list($0, ResourceQuery(kind: kind, namespace: namespace)) }.items.map { try JSONParser.parse($0.document) }
    }

    /// Deletes the object, if it is still that one.
    func delete(_ object: JSON, kind: String, propagation: DeletionPropagation) async throws {
        guard let kind = self.kind(kind) else { return }
        do {
            _ = try await resources.delete(kind, namespace: object.namespace, name: object.name, DeleteOptions(propagation: propagation, uid: object.uid))
        } catch let error as MonoflowError where error.code == .notFound || error.code == .conflict {}
    }

    /// A pod has come, ended or gone.
    func podChanged(_ pod: JSON) {
        if let job = pod.controller("Job") { queue.add(.job(uid: job)) }
        guard PodStatus.hasEnded(pod) || pod.isLeaving else { return }
        for volume in pod["spec"]?["volumes"]?.arrayValue ?? [] {
            guard let claim = volume["persistentVolumeClaim"]?["claimName"]?.stringValue else { continue }
            queue.add(.claim(namespace: pod.namespace, name: claim))
        }
    }
}

/// Changes a new pod before it is checked and stored: defaults of a namespace, variables and volumes that labels ask for.
public typealias PodTransform = @Sendable (inout JSON) throws(MonoflowError) -> Void

/// Where the directories of persistent volume claims are.
public protocol VolumeDirectories: Sendable {
    /// Makes the directory, which belongs to the namespace's user; an existing one stays as it is.
    func makeVolume(namespace: String, claim: String) throws
    /// Removes the directory with all that it holds. Nothing happens where there is none.
    func removeVolume(namespace: String, claim: String) throws
}

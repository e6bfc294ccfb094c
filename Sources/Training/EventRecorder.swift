import Core
import Logging
import Resources

/// Writes `Event` objects about what becomes of pods, jobs and cron jobs. They belong to the object, or to another one that goes before it, and go with that.
struct EventRecorder: Sendable {
    enum EventType: String, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    let resources: ResourceService
    let clock: WallClock
    let logger: Logger
    private static let longestMessage = 1_024

    /// Best effort: an event that cannot be written holds nothing up.
    /// - Parameter owner: the object that the event goes with; nil is the one that it tells of.
    func record(_ object: JSON, _ type: EventType, _ reason: String, _ message: String, owner: JSON? = nil) async {
        guard let definition = resources.kinds.definition("events"), let version = definition.storedVersion else { return }
        let now = JSON.string(clock.now().rfc3339()), owner = owner ?? object, kind = object["kind"]?.stringValue ?? ""
        let event: JSON = [
            "apiVersion": "v1", "kind": "Event",
            "metadata": [
                "name": .string("\(object.name.prefix(200)).\(Identifiers.random().filter { $0 != "-" }.prefix(16))"), "namespace": .string(object.namespace),
                "ownerReferences": [[
                    "apiVersion": owner["apiVersion"] ?? "", "kind": owner["kind"] ?? "", "name": .string(owner.name), "uid": .string(owner.uid),
                ]],
            ],
            "involvedObject": [
                "apiVersion": object["apiVersion"] ?? "", "kind": .string(kind), "namespace": .string(object.namespace), "name": .string(object.name),
                "uid": .string(object.uid), "resourceVersion": object["metadata"]?["resourceVersion"] ?? "",
            ],
            "type": .string(type.rawValue), "reason": .string(reason), "message": .string(String(message.prefix(Self.longestMessage))),
            "source": ["component": .string(kind == "Pod" ? "monoflow" : kind.lowercased() + "-controller")],
            "firstTimestamp": now, "lastTimestamp": now, "count": 1,
        ]
        do {
            _ = try await resources.create(KindReference(definition, version), namespace: object.namespace, event, WriteOptions(manager: "monoflow"))
        } catch {
            logger.warning("an event was not written: \(error)")
        }
    }
}

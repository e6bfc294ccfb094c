import Core
import Resources

/// The kind `persistentvolumeclaims`: each is a directory of its namespace, there at once, which goes with the claim once no pod uses it.
struct ClaimRules: KindRules {
    static let kind = "persistentvolumeclaims"
    static let finalizer = "kubernetes.io/pvc-protection"

    let context: TrainingContext

    func complete(_ change: inout ResourceChange) throws(MonoflowError) {
        guard change.operation == .create else { return }
        let uid = change.new.uid
        change.new.setFinalizer(Self.finalizer, true)
        change.new["spec"]?["volumeName"] = .string("pvc-" + uid)
        if change.new["spec"]?["storageClassName"] == nil { change.new["spec"]?["storageClassName"] = "standard" }
        // How much is used is not limited: what was asked for is shown.
        change.new["status"] = .make([
            "phase": "Bound", "accessModes": change.new["spec"]?["accessModes"], "capacity": change.new["spec"]?["resources"]?["requests"],
        ])
    }

    func errors(_ change: ResourceChange) -> [FieldError] {
        guard change.operation != .remove else { return [] }
        let path = FieldPath().field("spec"), spec = change.new["spec"] ?? [:]
        var errors: [FieldError] = []
        for field in ["selector", "dataSource", "dataSourceRef"] where spec[field] != nil && spec[field] != .null {
            errors.append(FieldError(path.field(field), .notSupported, "Unsupported value: a claim's volume is a new, empty directory"))
        }
        if spec["volumeMode"]?.stringValue == "Block" { errors.append(.notSupported(path.field("volumeMode"), "Block", ["Filesystem"])) }
        if spec["accessModes"]?.arrayValue?.isEmpty ?? true { errors.append(.required(path.field("accessModes"), "at least 1 access mode is required")) }
        if let storage = spec["resources"]?["requests"]?["storage"] {
            if ((try? Quantity(storage)) ?? .zero) <= .zero {
                errors.append(.invalid(path.field("resources").field("requests").key("storage"), storage, "must be greater than zero"))
            }
        } else {
            errors.append(.required(path.field("resources").field("requests").key("storage")))
        }
        guard let old = change.old?["spec"] else { return errors }
        func fixed(_ spec: JSON) -> JSON {
            var spec = spec
            spec["resources"] = nil
            return spec
        }
        if !fixed(spec).isEqualValue(to: fixed(old)) { errors.append(.forbidden(path, "spec is immutable after creation except resources.requests")) }
        return errors
    }

    func committed(_ change: ResourceChange) async {
        guard change.operation != .remove else { return }
        context.queue.add(.claim(namespace: change.key.namespace, name: change.key.name))
    }
}

/// Makes and removes the directories of claims.
struct ClaimController: Sendable {
    let context: TrainingContext

    func reconcile(namespace: String, name: String) async throws {
        let key = ResourceKey(kind: ClaimRules.kind, namespace: namespace, name: name)
        guard let stored = try await context.database.read({ try ResourceStore.find($0, key) }) else { return }
        guard try JSONParser.parse(stored.document).isLeaving else { return try context.volumes.makeVolume(namespace: namespace, claim: name) }
        // The end of each of them has the claim looked at again.
        let isUsed = try await context.objects(PodRules.kind, namespace: namespace).contains { !PodStatus.hasEnded($0) && Self.uses($0, name) }
        if isUsed { return }
        try context.volumes.removeVolume(namespace: namespace, claim: name)
        try await context.resources.revise(uid: stored.uid) { $0.setFinalizer(ClaimRules.finalizer, false) }
    }

    private static func uses(_ pod: JSON, _ claim: String) -> Bool {
        pod["spec"]?["volumes"]?.arrayValue?.contains { $0["persistentVolumeClaim"]?["claimName"]?.stringValue == claim } ?? false
    }
}

import Access
import Core
import GRDB
import Resources

/// The kind `profiles`: a namespace with its owner and its quota. The profile and all that it makes are written in one transaction; the namespace has the
/// profile as its owner, so that it goes with it.
struct ProfileRules: KindRules {
    static let kind = "profiles.kubeflow.org"

    let access: AccessService
    let resources: ResourceService
    let contents: NamespaceContents
    let bindings: BindingProjection
    let protected: Set<String>
    /// The namespace's quota may have changed.
    let quotaChanged: @Sendable (String) async -> Void

    static func owner(_ document: JSON?) -> Subject? {
        guard let owner = document?["spec"]?["owner"], let name = owner["name"]?.stringValue, !name.isEmpty else { return nil }
        return owner["kind"]?.stringValue == "Group" ? .group(name) : .user(name)
    }

    static func quota(_ document: JSON?) -> JSON? {
        guard let hard = document?["spec"]?["resourceQuotaSpec"]?["hard"], hard.objectValue?.isEmpty == false else { return nil }
        return document?["spec"]?["resourceQuotaSpec"]
    }

    func complete(_ change: inout ResourceChange) throws(MonoflowError) {
        guard change.operation != .remove else { return }
        if change.new.isBeingDeleted {
            if protected.contains(change.key.name) {
                throw MonoflowError(
                    .permissionDenied, "delete profile", change.key.name,
                    "profiles.kubeflow.org \"\(change.key.name)\" is forbidden: its namespace may not be deleted")
            }
        } else if change.subresource == nil {
            // All that the profile asks for is there with it.
            change.new["status"] = ["conditions": [["type": "Ready", "status": "True", "message": ""], ["type": "Successful", "status": "True", "message": ""]]]
        }
    }

    func errors(_ change: ResourceChange) -> [FieldError] {
        let spec = FieldPath().field("spec"), path = spec.field("owner").field("name"), name = change.new["spec"]?["owner"]?["name"]?.stringValue ?? ""
        var errors: [FieldError] = []
        do { try AccessNames.checkName(name, of: "owner") } catch { errors.append(.invalid(path, .string(name), error.hint ?? error.message)) }
        return errors + QuotaFields.errors(change.new["spec"]?["resourceQuotaSpec"]?["hard"], spec.field("resourceQuotaSpec").field("hard"))
    }

    func write(_ db: GRDB.Database, _ change: ResourceChange) throws {
        guard change.operation != .remove, !change.new.isBeingDeleted, let owner = Self.owner(change.new) else { return }
        let name = change.key.name
        if change.operation == .create, try ResourceStore.find(db, change.key) != nil {
            throw MonoflowError(.alreadyExists, "create profile", name, "a profile of this name exists")
        }
        try namespace(db, change.new, owner)
        var concerned: Set<Subject> = [owner]
        try resources.put(db, kind: RoleBinding.kind, namespace: name, name: RoleBinding.ownerName) { before in
            if let before { concerned.formUnion(RoleBinding(before, namespace: name).subjects) }
            var binding = before ?? [:]
            var annotations = binding.metadata["annotations"] ?? [:]
            annotations["user"] = .string(owner.name)
            annotations["role"] = "admin"
            binding.setMetadata("annotations", annotations)
            binding["roleRef"] = RoleBinding.reference(.owner)
            binding["subjects"] = [RoleBinding.json(owner)]
            return binding
        }
        try bindings.recompute(db, name, concerned, keepsOwner: false)
        let quota = Self.quota(change.new)
        // An empty one takes away what the profile gave, and nothing that was there before it.
        guard quota != nil || Self.quota(change.old) != nil else { return }
        try resources.put(db, kind: QuotaFields.kind, namespace: name, name: QuotaFields.profileQuota) { before in
            guard let quota else { return nil }
            // An admin's, which an owner who takes the namespace over must not widen.
            if change.operation == .create, let before, before["spec"]?["hard"] != quota["hard"] {
                throw MonoflowError(
                    .conflict, "create profile", name, "the namespace has a quota \(QuotaFields.profileQuota) already",
                    hint: "leave resourceQuotaSpec out, or delete the quota")
            }
            var object = before ?? [:]
            object["spec"] = quota
            var status = object["status"] ?? [:]
            status["hard"] = quota["hard"]
            object["status"] = status
            return object
        }
    }

    /// Makes the namespace, or takes over the one that is there.
    private func namespace(_ db: GRDB.Database, _ profile: JSON, _ owner: Subject) throws {
        let name = profile.name
        let isThere = try ResourceStore.find(db, ResourceKey(kind: NamespaceRules.kind, namespace: "", name: name)) != nil
        if isThere { try access.checkOpen(db, name) } else { try access.addNamespace(db, name) }
        let reference: JSON = [
            "apiVersion": "kubeflow.org/v1", "kind": "Profile", "name": .string(name), "uid": .string(profile.uid), "controller": true,
            "blockOwnerDeletion": true,
        ]
        try resources.put(db, kind: NamespaceRules.kind, name: name) { before in
            var object = before ?? ["status": ["phase": "Active"]]
            var labels = object.metadata["labels"] ?? [:], annotations = object.metadata["annotations"] ?? [:]
            labels["kubernetes.io/metadata.name"] = .string(name)
            for (key, value) in Self.labels where labels[key] == nil { labels[key] = .string(value) }
            annotations["owner"] = .string(owner.name)
            object.setMetadata("labels", labels)
            object.setMetadata("annotations", annotations)
            let references = object.metadata["ownerReferences"]?.arrayValue ?? []
            // What a deleted profile has left goes with it, and never to the next owner.
            if references.contains(where: { $0["kind"]?.stringValue == "Profile" && $0["uid"]?.stringValue != profile.uid }) {
                throw MonoflowError(
                    .conflict, "create profile", name, "the namespace of a deleted profile of this name is being removed",
                    hint: "try again when it is gone")
            }
            let others = references.filter { $0["kind"]?.stringValue != "Profile" }
            object.setMetadata("ownerReferences", .array(others + [reference]))
            return object
        }
        if !isThere { try contents.ensure(db, name) }
    }

    /// What Kubeflow's components look for in namespaces of profiles.
    private static let labels = [
        ("app.kubernetes.io/part-of", "kubeflow-profile"), ("katib.kubeflow.org/metrics-collector-injection", "enabled"),
        ("pipelines.kubeflow.org/enabled", "true"), ("serving.kubeflow.org/inferenceservice", "enabled"),
    ]

    func committed(_ change: ResourceChange) async {
        guard change.operation != .remove, !change.new.isBeingDeleted else { return }
        if access.settings(of: change.key.name) == nil { access.namespaceAdded(change.key.name) }
        access.membershipChanged()
        await quotaChanged(change.key.name)
    }
}

import Access
import Core
import GRDB
import Resources

/// The kind `namespaces`: each object stands for a namespace that roles and tokens know, and is made with it in one transaction. A deleted one is held by
/// a finalizer, `Terminating`, until `NamespaceDrainer` has emptied it, and goes with the namespace in one transaction.
struct NamespaceRules: KindRules {
    static let kind = "namespaces"
    static let finalizer = "kubernetes"

    let access: AccessService
    let resources: ResourceService
    let contents: NamespaceContents
    /// Namespaces that stay, such as that of the first start.
    let protected: Set<String>
    /// A namespace is to be emptied.
    let terminating: @Sendable () -> Void

    func complete(_ change: inout ResourceChange) throws(MonoflowError) {
        guard change.operation != .remove else { return }
        let name = change.key.name
        if Self.begins(change) {
            guard !protected.contains(name) else {
                throw MonoflowError(.permissionDenied, "delete namespace", name, "namespaces \"\(name)\" is forbidden: this namespace may not be deleted")
            }
            if !change.new.finalizers.contains(Self.finalizer) {
                change.new.setMetadata("finalizers", .array((change.new.finalizers + [Self.finalizer]).map { .string($0) }))
            }
            change.new["status"] = ["phase": "Terminating"]
            return
        }
        var labels = change.new.metadata["labels"] ?? [:]
        labels["kubernetes.io/metadata.name"] = .string(name)
        change.new.setMetadata("labels", labels)
        if change.new.isBeingDeleted {
            var status = change.new["status"] ?? [:]
            status["phase"] = "Terminating"
            change.new["status"] = status
        } else if change.subresource == nil || change.new["status"] == nil {
            change.new["status"] = ["phase": "Active"]
        }
    }

    /// Whether the change is the one that begins the deletion.
    private static func begins(_ change: ResourceChange) -> Bool {
        change.new.isBeingDeleted && change.old?.isBeingDeleted == false
    }

    func write(_ db: GRDB.Database, _ change: ResourceChange) throws {
        let name = change.key.name
        switch change.operation {
        case .create:
            try access.addNamespace(db, name)
            try contents.ensure(db, name)
        case .update:
            if Self.begins(change) { try access.terminateNamespace(db, name) }
        case .remove:
            let kinds = try ResourceStore.kinds(db, in: name)
            guard kinds.isEmpty else {
                throw MonoflowError(
                    .conflict, "delete namespace", name, "there are objects of \(kinds.joined(separator: ", ")) in it", hint: "wait for their end")
            }
            try access.removeNamespace(db, name)
        }
    }

    func committed(_ change: ResourceChange) async {
        switch change.operation {
        case .create: access.namespaceAdded(change.key.name)
        case .update:
            guard Self.begins(change) else { return }
            access.namespaceTerminating(change.key.name)
            terminating()
        case .remove: access.namespaceRemoved(change.key.name)
        }
    }
}

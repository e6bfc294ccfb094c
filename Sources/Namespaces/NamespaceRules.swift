import Access
import Core
import GRDB
import Resources

/// The kind `namespaces`: each object stands for a namespace that roles and tokens know, and is made with it in one transaction.
public struct NamespaceRules: KindRules {
    public static let kind = "namespaces"

    let access: AccessService

    public init(access: AccessService) { self.access = access }

    public func complete(_ change: inout ResourceChange) throws(MonoflowError) {
        if change.operation == .remove || change.new["metadata"]?["deletionTimestamp"] != nil {
            throw MonoflowError(
                .unimplemented, "delete namespace", change.key.name, "namespaces cannot be deleted yet", hint: "delete what is in it; see the roadmap")
        }
        var labels = change.new["metadata"]?["labels"] ?? [:]
        labels["kubernetes.io/metadata.name"] = .string(change.key.name)
        change.new["metadata"]?["labels"] = labels
        if change.subresource == nil { change.new["status"] = ["phase": "Active"] }
    }

    public func write(_ db: GRDB.Database, _ change: ResourceChange) throws {
        if change.operation == .create { try access.addNamespace(db, change.key.name) }
    }

    public func committed(_ change: ResourceChange) async {
        if change.operation == .create { access.namespaceAdded(change.key.name) }
    }
}

/// Brings namespaces that were made before there were objects, or by the first start, into the store.
public enum NamespaceObjects {
    /// Stores an object for every namespace that has none; before requests are answered.
    public static func adopt(_ access: AccessService, _ resources: ResourceService) async throws {
        guard let definition = resources.kinds.definition(NamespaceRules.kind), let version = definition.storedVersion else { return }
        let kind = KindReference(definition, version)
        resources.setRules(of: NamespaceRules.kind, AdoptionRules(rules: NamespaceRules(access: access)))
        for name in access.namespaceNames {
            let object: JSON = ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": .string(name)]]
            do {
                _ = try await resources.create(kind, namespace: "", object, WriteOptions(manager: "monoflow"))
            } catch let error as MonoflowError where error.code == .alreadyExists {}
        }
        resources.setRules(of: NamespaceRules.kind, NamespaceRules(access: access))
    }

    /// The namespace is there already.
    private struct AdoptionRules: KindRules {
        let rules: NamespaceRules
        func complete(_ change: inout ResourceChange) throws(MonoflowError) { try rules.complete(&change) }
    }
}

import Core
import GRDB

// Writes that join a transaction of somebody else, such as that of another object's rules.
extension ResourceService {
    /// Asked in the transaction that stores a new object of a namespaced kind; a throw refuses it. Before requests are answered.
    public func setAdmission(_ check: @escaping @Sendable (GRDB.Database, ResourceKey) throws -> Void) { admission.withLock { $0 = Admission(check: check) } }

    /// Makes, changes or removes an object of a built-in kind without confidential fields. Nothing is validated and the kind's own rules are not asked:
    /// the caller does what they would do. An object that finalizers hold is marked instead of removed.
    /// - Parameters:
    ///   - kind: its key.
    ///   - edit: from the object as it is stored, nil where there is none, to how it shall be; nil for none.
    /// - Returns: the object as it is now.
    /// - Throws: `internalError` where the kind is not served; what `edit` throws.
    @discardableResult
    public func put(
        _ db: GRDB.Database, kind key: String, namespace: String = "", name: String, _ edit: (JSON?) throws -> JSON?
    ) throws -> JSON? {
        guard let definition = kinds.definition(key), let version = definition.storedVersion, definition.sealedFields.isEmpty else {
            throw MonoflowError(.internalError, "write \(key)", name, "the kind is not served")
        }
        let kind = KindReference(definition, version), resourceKey = definition.key(namespace, name), now = clock.now()
        let stored = try ResourceStore.find(db, resourceKey), before = try stored.map { try JSONParser.parse($0.document) }
        var document: JSON, isRemoved = false
        if let edited = try edit(before) {
            document = edited
        } else if let before {
            document = before
            isRemoved = before.finalizers.isEmpty
            if !isRemoved, !before.isBeingDeleted { document.setMetadata("deletionTimestamp", .string(now.rfc3339())) }
        } else {
            return nil
        }
        document["apiVersion"] = .string(kind.apiVersion)
        document["kind"] = .string(definition.kind)
        guard let stored, let before else {
            document.setMetadata("name", .string(name))
            if definition.isNamespaced { document.setMetadata("namespace", .string(namespace)) }
            document.setMetadata("uid", .string(identifiers.next()))
            document.setMetadata("creationTimestamp", .string(now.rfc3339()))
            if definition.hasGeneration { document.setMetadata("generation", 1) }
            document = track(nil, document, kind, now)
            let version = try ResourceStore.insert(db, definition.prepared(document, resourceKey), at: now)
            document.setMetadata("resourceVersion", .string(String(version)))
            return document
        }
        let old = definition.prepared(before, resourceKey)
        if isRemoved {
            _ = try ResourceStore.delete(db, old, indexes: old, version: stored.version, at: now)
            return nil
        }
        if document.isSameObject(as: before) { return before }
        ObjectDraft.count(&document, over: before, kind)
        document = track(before, document, kind, now)
        if let version = try ResourceStore.update(db, definition.prepared(document, resourceKey), over: old, version: stored.version, at: now) {
            document.setMetadata("resourceVersion", .string(String(version)))
        }
        return document
    }

    /// A transaction for writes that join it.
    public func transaction<T: Sendable>(_ body: @escaping @Sendable (GRDB.Database) throws -> T) async throws(MonoflowError) -> T {
        try await database.write(body)
    }

    /// A snapshot of the store.
    public func snapshot<T: Sendable>(_ body: @escaping @Sendable (GRDB.Database) throws -> T) async throws(MonoflowError) -> T {
        try await database.read(body)
    }

    /// Objects of a kind without confidential fields in a namespace, all of them, as the transaction sees them.
    public func documents(_ db: GRDB.Database, kind key: String, namespace: String) throws -> [JSON] {
        try ResourceStore.list(db, ResourceQuery(kind: key, namespace: namespace)).items.map { try JSONParser.parse($0.document) }
    }

    private func track(_ before: JSON?, _ after: JSON, _ kind: KindReference, _ now: Timestamp) -> JSON {
        let writer = FieldWriter("monoflow", apiVersion: kind.apiVersion, scope: .whole, now: now)
        return ServerSideApply.track(before: before, after: after, by: writer, schema: kind.version.schema)
    }
}

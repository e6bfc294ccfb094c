import Core

/// Who writes to an object, and how the write is recorded in its managed fields.
public struct FieldWriter: Sendable, Hashable {
    /// `fieldManager` of the request, or what the server makes of its user agent.
    public var manager: String
    /// The version that the request was made in, which is the version of the documents at hand. Entries of other versions are taken to name the
    /// same fields.
    public var apiVersion: String
    /// As the entry records it: `status`, `scale`; empty for the main resource.
    public var subresource: String
    public var scope: FieldScope
    public var now: Timestamp

    public init(_ manager: String, apiVersion: String, subresource: String = "", scope: FieldScope = .whole, now: Timestamp) {
        self.manager = manager
        self.apiVersion = apiVersion
        self.subresource = subresource
        self.scope = scope
        self.now = now
    }

    func owner(_ operation: ManagedFields.Operation) -> ManagedFields.Owner {
        ManagedFields.Owner(manager, operation, apiVersion: apiVersion, subresource: subresource)
    }
}

/// Server-side apply, and the record of who owns which field of an object, as Kubernetes documents them ("Server-Side Apply"). Pure functions over
/// documents: reading, defaulting, validating and storing them is the caller's part.
public enum ServerSideApply {
    /// Who owns the fields of an object that nobody's writes were recorded for when it is first applied to.
    static let beforeFirstApply = "before-first-apply"

    /// Merges an applied configuration into an object.
    ///
    /// The configuration's fields become the manager's. Fields that the manager applied before and leaves out now go, unless somebody else owns them.
    /// Fields that would change and that others own are conflicts; with `force` the manager takes them.
    /// - Parameters:
    ///   - live: the stored object; nil where the configuration creates it.
    ///   - patch: the configuration, of `apiVersion`, `kind` and what the manager wants.
    ///   - schema: of the kind; nil where it has none.
    /// - Returns: the object with its managed fields; `live` itself where nothing changes.
    /// - Throws: `ApplyConflict`; `MonoflowError.invalidArgument` whose subject is the path of what is wrong with the configuration.
    public static func apply(live: JSON?, patch: JSON, by writer: FieldWriter, force: Bool = false, schema: Schema?) throws -> JSON {
        let applied = try ApplyConfiguration(patch, schema, by: writer).document
        let owner = writer.owner(.apply)
        let before = recorded(of: live, by: writer, schema)
        let fields = FieldSetBuilder.applied(applied, schema, writer.scope)
        let last = before[owner]
        var result = live.map { TypedMerge.merge($0, applied, schema, DocumentPlace.root(writer.scope)) } ?? applied
        let abandoned = last.subtracting(fields)
        if !abandoned.isEmpty {
            let kept = before.entries.reduce(fields) { $1.owner.isSameEntry(as: owner) ? $0 : $0.union($1.fields) }
            result = Pruning.pruned(result, last: abandoned, kept: kept, schema)
        }
        let difference = live.map { DocumentDifference($0, result, schema, writer.scope) } ?? DocumentDifference(result, result, schema, writer.scope)
        if let live, !force { try refuse(conflicts(before, difference, except: owner), live: live, schema, by: writer) }

        var after = before
        after.release(difference, except: owner)
        if fields != last || !difference.isEmpty { after.set(owner, fields, time: writer.now.rfc3339()) }
        result = LastApplied.updated(in: result, applied: applied, by: writer)
        if let live, after == before, result == live { return live }
        return result.with(after)
    }

    /// The object's entries. Ones that cannot be read count as none.
    private static func recorded(of live: JSON?, by writer: FieldWriter, _ schema: Schema?) -> ManagedFields {
        guard let live else { return ManagedFields() }
        var managed = (try? ManagedFields(of: live)) ?? ManagedFields()
        if managed.entries.isEmpty {
            let scope: FieldScope = writer.scope == .whole ? .whole : .withoutStatus
            let owner = ManagedFields.Owner(beforeFirstApply, .update, apiVersion: writer.apiVersion)
            managed.set(owner, FieldSetBuilder.written(live, schema, scope), time: writer.now.rfc3339())
        }
        return managed
    }

    /// What others own of what would change.
    private static func conflicts(
        _ managed: ManagedFields, _ difference: DocumentDifference, except owner: ManagedFields.Owner
    ) -> [(owner: ManagedFields.Owner, fields: FieldSet)] {
        if difference.modified.isEmpty && difference.added.isEmpty { return [] }
        return managed.entries.compactMap { entry in
            if entry.owner.isSameEntry(as: owner) { return nil }
            let fields = entry.fields.intersectionTrees(difference.modified).union(entry.fields.intersection(difference.added))
            return fields.isEmpty ? nil : (entry.owner, fields)
        }
    }

    /// Throws the conflicts, but for those that moving from client-side apply brings with it.
    private static func refuse(
        _ conflicts: [(owner: ManagedFields.Owner, fields: FieldSet)], live: JSON, _ schema: Schema?, by writer: FieldWriter
    ) throws(ApplyConflict) {
        if conflicts.isEmpty { return }
        let allowed = LastApplied.fields(of: live, schema, by: writer)
        let rest = conflicts.compactMap { conflict in
            let fields = conflict.fields.subtracting(allowed)
            return fields.isEmpty ? nil : (owner: conflict.owner, fields: fields)
        }
        if !rest.isEmpty { throw ApplyConflict(rest) }
    }
}

extension JSON {
    /// The object with these managed fields in place of its own.
    func with(_ managed: ManagedFields) -> JSON {
        var metadata = self["metadata"]?.objectValue ?? [:]
        let list = managed.json
        if list == nil && metadata["managedFields"] == nil { return self }
        metadata["managedFields"] = list
        var result = self
        result["metadata"] = .object(metadata)
        return result
    }
}

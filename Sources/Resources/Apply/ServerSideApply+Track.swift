import Core

extension ServerSideApply {
    /// Records an ordinary create, update or patch in the object's managed fields: what was added or changed becomes the writer's and nobody else's,
    /// and what is gone leaves every entry. An entry that is left without fields goes; of more than `ManagedFields.maximumUpdates` the oldest are joined.
    ///
    /// The client may have written the entries itself, which is how `kubectl` moves an object from client-side apply. `[{}]` clears them before the
    /// write is recorded. An empty list, none, or one that cannot be read stands for the stored entries.
    /// - Parameters:
    ///   - before: the stored object; nil where it is new.
    ///   - after: the object to store, defaults filled in.
    /// - Returns: `after` with its managed fields.
    public static func track(before: JSON?, after: JSON, by writer: FieldWriter, schema: Schema?) -> JSON {
        let difference = DocumentDifference(before, after, schema, writer.scope)
        let asked = asked(of: after, before)
        if difference.isEmpty && asked == nil { return after.with(before?["metadata"]?["managedFields"]) }

        var managed = asked ?? before.flatMap { try? ManagedFields(of: $0) } ?? ManagedFields()
        let owner = writer.owner(.update)
        managed.release(difference, except: owner)
        if !difference.isEmpty {
            let own = managed[owner].subtractingTrees(difference.removed).subtractingTrees(difference.modified)
                .union(difference.modified).union(difference.added)
            managed.set(owner, own, time: writer.now.rfc3339())
            managed.joinAncient()
        }
        return after.with(managed)
    }

    /// The entries that the client wrote itself; nil where the stored ones hold.
    private static func asked(of after: JSON, _ before: JSON?) -> ManagedFields? {
        guard let asked = after["metadata"]?["managedFields"], !asked.isNull, asked != [], asked != before?["metadata"]?["managedFields"] else { return nil }
        return asked == [.object([:])] ? ManagedFields() : try? ManagedFields(json: asked)
    }
}

extension JSON {
    fileprivate func with(_ list: JSON?) -> JSON {
        guard case .object(var metadata)? = self["metadata"], metadata["managedFields"] != list else { return self }
        metadata["managedFields"] = list
        var result = self
        result["metadata"] = .object(metadata)
        return result
    }
}

import Core

/// What becomes of the objects that name a deleted one as their owner.
public enum DeletionPropagation: String, Sendable {
    /// They go afterwards.
    case background = "Background"
    /// They go first, those that block the owner's deletion at least.
    case foreground = "Foreground"
    /// They stay, without the owner.
    case orphan = "Orphan"

    /// The finalizer that keeps the owner until that is done.
    var finalizer: String? {
        switch self {
        case .background: nil
        case .foreground: "foregroundDeletion"
        case .orphan: "orphan"
        }
    }
}

public struct DeleteOptions: Sendable {
    public var propagation: DeletionPropagation?
    /// What the object must be.
    public var uid: String?
    public var resourceVersion: String?
    public var isDryRun = false
    /// Seconds that the object has to end, of kinds that take time to; nil leaves it to the object.
    public var gracePeriodSeconds: Int64?

    public init(propagation: DeletionPropagation? = nil, uid: String? = nil) {
        self.propagation = propagation
        self.uid = uid
    }
}

extension ResourceService {
    /// Deletes an object, or marks it where finalizers hold it.
    /// - Returns: `isRemoved` where it is gone.
    /// - Throws: `notFound`; `conflict` where it is not the object that the options describe.
    public func delete(_ kind: KindReference, namespace: String, name: String, _ options: DeleteOptions) async throws -> WriteResult {
        let key = kind.definition.key(namespace, name)
        let (result, commit) = try await turns.take(key) {
            for _ in 0..<Self.attempts {
                guard let stored = try await database.read({ try ResourceStore.find($0, key) }) else { throw Self.missing(kind.definition, name) }
                try check(stored, options, kind)
                if let done = try await delete(stored, kind, options) { return done }
            }
            throw Self.changed(kind.definition, name)
        }
        await finish(commit)
        return result
    }

    /// - Returns: nil where another version is stored by now; no commit where nothing was written.
    private func delete(_ stored: StoredResource, _ kind: KindReference, _ options: DeleteOptions) async throws -> (WriteResult, Commit?)? {
        var before = try JSONParser.parse(sealing.opened(stored).document)
        before["apiVersion"] = .string(kind.apiVersion)
        var change = ResourceChange(operation: .update, key: stored.key, old: before, new: before, subresource: nil)
        if let propagation = options.propagation {
            let others = [DeletionPropagation.foreground, .orphan].compactMap(\.finalizer)
            var finalizers = before.finalizers.filter { !others.contains($0) || $0 == propagation.finalizer }
            if let own = propagation.finalizer, !finalizers.contains(own) { finalizers.append(own) }
            change.new.setFinalizers(finalizers)
        }
        if !before.isBeingDeleted {
            change.new.setMetadata("deletionTimestamp", .string(clock.now().rfc3339()))
            change.new.setMetadata("deletionGracePeriodSeconds", .int(options.gracePeriodSeconds ?? defaultGrace(kind, before)))
            if let generation = before.metadata["generation"]?.intValue { change.new.setMetadata("generation", .int(generation + 1)) }
            try rules(of: kind.key)?.complete(&change)
        }
        if change.new.finalizers.isEmpty {
            change.operation = .remove
            // As it was: nobody waits for this one.
            for key in ["deletionTimestamp", "deletionGracePeriodSeconds"] { change.new.setMetadata(key, before.metadata[key]) }
        }
        let isRemoved = change.operation == .remove
        var result = WriteResult(document: change.new, isRemoved: isRemoved)
        if options.isDryRun || !isRemoved && change.new.isSameObject(as: before) { return (result, nil) }
        guard let commit = try await write(change, over: stored, kind) else { return nil }
        result.document.setMetadata("resourceVersion", .string(String(commit.version)))
        return (result, commit)
    }

    /// Pods say themselves how long they may take.
    private func defaultGrace(_ kind: KindReference, _ object: JSON) -> Int64 {
        kind.key == "pods" ? object["spec"]?["terminationGracePeriodSeconds"]?.intValue ?? 30 : 0
    }

    private func check(_ stored: StoredResource, _ options: DeleteOptions, _ kind: KindReference) throws(MonoflowError) {
        func refuse(_ what: String, _ wanted: String, _ found: String) -> MonoflowError {
            MonoflowError(
                .conflict, "delete \(kind.key)", stored.key.name,
                "Precondition failed: \(what) in precondition: \(wanted), \(what) in object meta: \(found)")
        }
        if let uid = options.uid, uid != stored.uid { throw refuse("UID", uid, stored.uid) }
        if let version = options.resourceVersion, version != String(stored.version) {
            throw refuse("ResourceVersion", version, String(stored.version))
        }
    }
}

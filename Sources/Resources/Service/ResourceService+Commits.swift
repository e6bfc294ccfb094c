import Core

/// A change that is durable.
struct Commit: Sendable {
    /// In the stored version, with its resourceVersion.
    var change: ResourceChange
    var kind: KindReference
    var version: Int64

    init(_ change: ResourceChange, _ kind: KindReference, version: Int64) {
        self.change = change
        self.kind = kind
        self.version = version
        self.change.new.setMetadata("resourceVersion", .string(String(version)))
    }

    /// Owners and objects on their way out that the change may be of interest to.
    fileprivate var concerned: [String] {
        let new = change.new, isLeaving = change.operation == .remove || new.isBeingDeleted
        var uids = isLeaving ? [new.metadataText("uid") ?? ""] : []
        let before = change.old?.metadata["ownerReferences"] ?? .null, after = new.metadata["ownerReferences"] ?? .null
        if isLeaving || before != after { uids += (change.old?.ownerUIDs ?? []) + new.ownerUIDs }
        return uids
    }
}

extension ResourceService {
    /// Tells the kind's rules and the garbage collector of a change.
    func finish(_ commit: Commit?) async {
        guard let commit else { return }
        await rules(of: commit.kind.key)?.committed(commit.change)
        var concerned = commit.concerned
        // A definition that is being deleted waits for the last object of its kind.
        if commit.change.operation == .remove, let definition = kinds.definition(commit.kind.key), definition.isTerminating,
            case .custom(let uid) = definition.origin { concerned.append(uid) }
        if !concerned.isEmpty { collector.changed(concerned) }
    }

    /// Changes what the server itself keeps in an object. Nothing is validated: the object may have been stored under other rules, and must end even so.
    /// - Returns: false where nothing of that uid is there, or its kind is not served.
    @discardableResult
    func edit(_ resource: StoredResource, _ body: @Sendable (inout JSON) -> Void) async throws -> Bool {
        guard let kind = storedKind(resource) else { return false }
        let commit: Commit? = try await turns.take(resource.key) {
            for _ in 0..<Self.attempts {
                guard let stored = try await database.read({ try ResourceStore.find($0, uid: resource.uid) }) else { return nil }
                let before = try JSONParser.parse(sealing.opened(stored).document)
                var change = ResourceChange(operation: .update, key: stored.key, old: before, new: before, subresource: nil)
                body(&change.new)
                if change.new.isSameObject(as: before) { return nil }
                let writer = FieldWriter("monoflow", apiVersion: kind.apiVersion, scope: .whole, now: clock.now())
                change.new = ServerSideApply.track(before: before, after: change.new, by: writer, schema: kind.version.schema)
                if change.new.isBeingDeleted && change.new.finalizers.isEmpty { change.operation = .remove }
                if let commit = try await write(change, over: stored, kind) { return commit }
            }
            throw Self.changed(kind.definition, resource.key.name)
        }
        await finish(commit)
        return commit != nil
    }

    /// Changes an object on behalf of a controller of this server, which sees to everything that the object says: status, finalizers, metadata. The
    /// kind's rules join the transaction and are told; they are not asked, and nothing is validated.
    /// - Returns: false where no object of that uid is there, or the body changed nothing.
    @discardableResult
    public func revise(uid: String, _ body: @Sendable (inout JSON) -> Void) async throws -> Bool {
        guard let found = try await database.read({ try ResourceStore.find($0, uid: uid) }) else { return false }
        return try await edit(found, body)
    }

    func storedKind(_ resource: StoredResource) -> KindReference? {
        guard let definition = kinds.definition(resource.key.kind), let version = definition.storedVersion else { return nil }
        return KindReference(definition, version)
    }
}

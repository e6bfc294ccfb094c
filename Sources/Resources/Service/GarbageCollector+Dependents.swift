import Core
import Synchronization

/// What becomes of the objects that name an owner.
extension ResourceService {
    private static let page = 100
    /// Owners of owners that are looked at for a circle.
    private static let maximumAncestors = 1_000

    /// The owner is gone: dependents that have no other go, too.
    func releaseDependents(of uid: String) async throws {
        try await forEachDependent(of: uid) { dependent, document in
            // An owner of a kind that is not kept here may well exist elsewhere.
            guard !document.isBeingDeleted, let owner = document.owner(uid), self.isKnown(owner) else { return }
            try await self.release(dependent, document, from: uid, .background)
        }
    }

    func orphanDependents(of uid: String) async throws {
        try await forEachDependent(of: uid) { dependent, _ in try await self.dropOwner(uid, from: dependent) }
    }

    /// - Returns: whether there are dependents left that block the owner.
    func deleteDependents(of owner: StoredResource) async throws -> Bool {
        let blocking = Mutex<Set<String>>([])
        try await forEachDependent(of: owner.uid) { dependent, document in
            if !document.isBeingDeleted {
                let hasOwn = try await self.database.read { try ResourceStore.hasDependents($0, of: dependent.uid) }
                try await self.release(dependent, document, from: owner.uid, hasOwn ? .foreground : .background)
            }
            guard let left = try await self.database.read({ try ResourceStore.find($0, uid: dependent.uid) }) else { return }
            if try JSONParser.parse(left.document).owner(owner.uid)?["blockOwnerDeletion"]?.boolValue == true {
                _ = blocking.withLock { $0.insert(dependent.uid) }
            }
        }
        let left = blocking.withLock { $0 }
        // In a circle of owners each would wait for the next.
        return left.isEmpty ? false : !left.isSubset(of: try await ancestors(of: owner))
    }

    /// Takes an owner that is gone or going out of the dependent, which goes itself where nobody else owns it.
    private func release(_ dependent: StoredResource, _ document: JSON, from uid: String, _ propagation: DeletionPropagation) async throws {
        for owner in document.metadata["ownerReferences"]?.arrayValue ?? [] where owner["uid"]?.stringValue != uid {
            if try await holds(owner) { return try await dropOwner(uid, from: dependent) }
        }
        guard let kind = storedKind(dependent) else { return }
        // Only as it was looked at: an owner may have been given to it meanwhile. A conflict is tried again.
        var options = DeleteOptions(propagation: propagation, uid: dependent.uid)
        options.resourceVersion = String(dependent.version)
        do {
            _ = try await delete(kind, namespace: dependent.key.namespace, name: dependent.key.name, options)
        } catch let error as MonoflowError where error.code == .notFound {}
    }

    /// Whether the owner is there to stay, or may be.
    private func holds(_ owner: JSON) async throws -> Bool {
        let uid = owner["uid"]?.stringValue ?? ""
        guard let stored = try await database.read({ try ResourceStore.find($0, uid: uid) }) else { return !isKnown(owner) }
        let document = try JSONParser.parse(stored.document)
        return !(document.isBeingDeleted && document.finalizers.contains("foregroundDeletion"))
    }

    private func isKnown(_ owner: JSON) -> Bool {
        guard let apiVersion = owner["apiVersion"]?.stringValue, let kind = owner["kind"]?.stringValue else { return false }
        return kinds.current.match(apiVersion: apiVersion, kind: kind) != nil
    }

    private func dropOwner(_ uid: String, from dependent: StoredResource) async throws {
        try await edit(dependent) { object in
            let left = object.metadata["ownerReferences"]?.arrayValue?.filter { $0["uid"]?.stringValue != uid } ?? []
            object.setMetadata("ownerReferences", left.isEmpty ? nil : .array(left))
        }
    }

    /// The uids of the object's owners, their owners, and so on.
    private func ancestors(of resource: StoredResource) async throws -> Set<String> {
        var seen: Set<String> = [], next = try JSONParser.parse(resource.document).ownerUIDs
        while let uid = next.popLast(), seen.count < Self.maximumAncestors {
            guard seen.insert(uid).inserted, let owner = try await database.read({ try ResourceStore.find($0, uid: uid) }) else { continue }
            next += try JSONParser.parse(owner.document).ownerUIDs
        }
        return seen
    }

    /// Runs the body for every dependent, many at a time so that their writes share commits.
    /// - Throws: one of the errors, after the others have had their turn.
    private func forEachDependent(of uid: String, _ body: @escaping @Sendable (StoredResource, JSON) async throws -> Void) async throws {
        var last: Int64 = 0, failure: (any Error)?
        while true {
            let after = last, page = try await database.read { try ResourceStore.dependents($0, of: uid, after: after, limit: Self.page) }
            await withTaskGroup(of: (any Error)?.self) { group in
                for (_, dependent) in page {
                    group.addTask {
                        do {
                            try await body(dependent, try JSONParser.parse(dependent.document))
                            return nil
                        } catch { return error }
                    }
                }
                for await error in group { failure = failure ?? error }
            }
            guard let end = page.last, page.count == Self.page else { break }
            last = end.row
        }
        if let failure { throw failure }
    }
}

extension JSON {
    fileprivate func owner(_ uid: String) -> JSON? { metadata["ownerReferences"]?.arrayValue?.first { $0["uid"]?.stringValue == uid } }
}

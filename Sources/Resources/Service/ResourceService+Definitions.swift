import Core

/// Keeps the kinds that are served and the definitions that say so in step.
extension ResourceService {
    private static let page = 200

    /// Deletes the objects of a kind whose definition is being deleted.
    /// - Returns: whether none is left.
    func removeObjects(ofDefinition stored: StoredResource) async throws -> Bool {
        let key = stored.key.name
        // A definition that never got its names has no objects.
        guard let definition = kinds.definition(key), definition.origin == .custom(uid: stored.uid), let version = definition.storedVersion else { return true }
        let kind = KindReference(definition, version)
        var query = ResourceQuery(kind: key)
        query.limit = Self.page
        while true {
            let asked = query, page = try await database.read { try ResourceStore.list($0, asked) }
            try await withThrowingTaskGroup { group in
                for item in page.items {
                    group.addTask {
                        do {
                            _ = try await self.delete(kind, namespace: item.key.namespace, name: item.key.name, DeleteOptions(uid: item.uid))
                        } catch let error as MonoflowError where error.code == .notFound {}
                    }
                }
                try await group.waitForAll()
            }
            guard page.hasMore, let last = page.items.last else { break }
            query.after = (last.key.namespace, last.key.name)
        }
        return try await !database.read { try ResourceStore.exists($0, kind: key) }
    }

    /// Writes down which definitions have their names, and serves those that can have them now.
    func reconcileDefinitions() async throws {
        guard kinds.definition(CustomKindRules.kind) != nil else { return }
        let stored = try await database.read { try ResourceStore.list($0, ResourceQuery(kind: CustomKindRules.kind)).items }
        for resource in stored {
            let document = try JSONParser.parse(resource.document)
            guard !document.isBeingDeleted, let definition = try? CustomKindReader.read(document) else { continue }
            let conflict = kinds.current.conflict(of: definition), isServed = kinds.definition(definition.key)?.origin == definition.origin
            if CustomKindRules.isAccepted(document) == (conflict == nil), isServed || conflict != nil { continue }
            let kinds = kinds, now = clock.now()
            // Before the definition says so: whoever has read that uses it.
            if conflict == nil { try? kinds.serve(definition, version: resource.version) }
            try await edit(resource) { object in
                guard let definition = try? CustomKindReader.read(object) else { return }
                let names = object["spec"]?["names"] ?? [:]
                object["status"] = CustomKindRules.status(definition, kinds.current.conflict(of: definition), names: names, before: object["status"], now: now)
            }
        }
    }
}

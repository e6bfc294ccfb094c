import Core

extension ResourceService {
    /// Creates an object.
    /// - Parameter body: of the version that was asked for; a name, or `generateName`.
    /// - Throws: `InvalidResource`; `alreadyExists`; `invalidArgument` where the body is not of this kind or place.
    public func create(_ kind: KindReference, namespace: String, _ body: JSON, _ options: WriteOptions) async throws -> WriteResult {
        try await create(kind, namespace: namespace, body, options, tracks: true)
    }

    /// - Parameter tracks: false where the body has its managed fields.
    func create(_ kind: KindReference, namespace: String, _ body: JSON, _ options: WriteOptions, tracks: Bool) async throws -> WriteResult {
        var draft = try ObjectDraft(body, kind, namespace: namespace, options)
        try draft.makeNew()
        // As it is now: the kind may have been found before its end began.
        if kinds.definition(kind.key)?.isTerminating == true {
            throw MonoflowError(.unimplemented, "create \(kind.key)", "", "create not allowed while custom resource definition is terminating")
        }
        draft.tracks = tracks
        let generates = draft.document.metadataText("name") == nil && draft.document.metadataText("generateName") != nil
        for attempt in 1... {
            if generates {
                var generator = SystemRandomNumberGenerator()
                let base = draft.document.metadataText("generateName") ?? ""
                draft.document.setMetadata("name", .string(Names.generate(base, limit: kind.definition.nameRule.limit, using: &generator)))
            }
            do {
                return try await insert(draft, options)
            } catch let error as MonoflowError where error.code == .alreadyExists && generates && attempt < 8 {
                continue
            }
        }
        throw MonoflowError(.internalError, "create \(kind.key)", "", "no name was found")
    }

    /// Puts the object in the stored one's place. - Throws: as `change`, and `invalidArgument` where the names differ.
    public func replace(
        _ kind: KindReference, namespace: String, name: String, subresource: Subresource? = nil, _ body: JSON, _ options: WriteOptions
    ) async throws -> WriteResult {
        let draft = try ObjectDraft(body, kind, namespace: namespace, options)
        guard draft.document.metadataText("name") == name else {
            throw MonoflowError(
                .invalidArgument, "update \(kind.key)", name,
                "the name of the object (\(draft.document.metadataText("name") ?? "")) does not match the name on the URL (\(name))")
        }
        var result = try await change(kind, namespace: namespace, name: name, subresource: subresource, options) { _ in draft.document }
        result.warnings = draft.warnings + result.warnings
        return result
    }

    /// Changes the stored object by a function of it. Where the result names a resourceVersion, it must be the stored one; else the function is
    /// applied again to what others have written meanwhile.
    /// - Parameters:
    ///   - tracks: false where the function has written the managed fields itself.
    ///   - edit: from the object in the version asked for to how it shall be.
    /// - Throws: `InvalidResource`; `notFound`; `conflict`; what `edit` throws.
    public func change(
        _ kind: KindReference, namespace: String, name: String, subresource: Subresource? = nil, _ options: WriteOptions, tracks: Bool = true,
        _ edit: @Sendable (JSON) throws -> JSON
    ) async throws -> WriteResult {
        let key = kind.definition.key(namespace, name)
        let (result, commit) = try await turns.take(key) {
            for _ in 0..<Self.attempts {
                guard let found = try await database.read({ try ResourceStore.find($0, key) }) else { throw Self.missing(kind.definition, name) }
                let stored = try sealing.opened(found)
                var current = try JSONParser.parse(stored.document)
                current["apiVersion"] = .string(kind.apiVersion)
                let edited = try edit(current)
                try check(edited, against: stored, kind)
                let draft = try ObjectDraft(edited, kind, over: current, subresource, options, tracks: tracks)
                if let done = try await store(draft, over: stored, current, kind, options) { return done }
                // Somebody was faster: a version that the client named no longer matches, and one that was only read is read again.
            }
            throw Self.changed(kind.definition, name)
        }
        await finish(commit)
        return result
    }

    // MARK: Inside

    /// What an edited object says of itself must be so.
    private func check(_ edited: JSON, against stored: StoredResource, _ kind: KindReference) throws(MonoflowError) {
        let name = stored.key.name
        if let asked = edited.metadataText("resourceVersion"), asked != String(stored.version) { throw Self.changed(kind.definition, name) }
        if let uid = edited.metadataText("uid"), uid != stored.uid {
            throw MonoflowError(.conflict, "update \(kind.key)", name, "Precondition failed: UID in precondition: \(uid), UID in object meta: \(stored.uid)")
        }
        if let named = edited.metadataText("name"), named != name {
            throw MonoflowError(.invalidArgument, "update \(kind.key)", name, "the name of the object (\(named)) does not match the name on the URL (\(name))")
        }
        if let namespace = edited.metadataText("namespace"), namespace != stored.key.namespace {
            throw MonoflowError(
                .invalidArgument, "update \(kind.key)", name, "the namespace of the provided object does not match the namespace sent on the request")
        }
    }

    private func insert(_ draft: ObjectDraft, _ options: WriteOptions) async throws -> WriteResult {
        let kind = draft.kind, now = clock.now()
        var document = draft.document
        document.setMetadata("uid", .string(identifiers.next()))
        document.setMetadata("creationTimestamp", .string(now.rfc3339()))
        if kind.definition.hasGeneration { document.setMetadata("generation", 1) }
        let key = kind.definition.key(document.metadataText("namespace") ?? "", document.metadataText("name") ?? "")
        var change = ResourceChange(operation: .create, key: key, old: nil, new: document, subresource: nil)
        try complete(&change, kind)
        let writer = FieldWriter(options.manager, apiVersion: kind.apiVersion, scope: kind.scope(nil), now: now)
        if draft.tracks { change.new = ServerSideApply.track(before: nil, after: change.new, by: writer, schema: kind.version.schema) }
        return try await insert(change, kind, options, draft.warnings)
    }

    /// Stores a new object that has been completed and validated.
    func insert(_ change: ResourceChange, _ kind: KindReference, _ options: WriteOptions, _ warnings: [String]) async throws -> WriteResult {
        var result = WriteResult(document: change.new, isCreated: true, warnings: warnings)
        if options.isDryRun {
            let key = change.key
            if try await database.read({ try ResourceStore.find($0, key) }) != nil { throw Self.taken(kind.definition, key.name) }
            return result
        }
        let stored = StoredChange(change, kind), rules = rules(of: kind.key), sealing = sealing, now = clock.now()
        let admit = kind.definition.isNamespaced ? admission.withLock { $0 } : nil
        let version: Int64
        do {
            version = try await database.write { db in
                // A kind that went meanwhile gets no object that nobody could reach.
                if case .custom(let uid) = kind.definition.origin, try !ResourceStore.exists(db, uid: uid) { throw Self.unknown(kind) }
                try admit?.check(db, stored.change.key)
                try rules?.write(db, stored.change)
                return try ResourceStore.insert(db, sealing.sealed(stored.prepared, stored.change.new), at: now)
            }
        } catch {
            throw error.code == .alreadyExists ? Self.taken(kind.definition, change.key.name) : error
        }
        result.document.setMetadata("resourceVersion", .string(String(version)))
        await finish(Commit(stored.change, kind, version: version))
        return result
    }

    /// - Parameter stored: opened.
    /// - Returns: nil where another version is stored by now; no commit where nothing was written.
    private func store(
        _ draft: ObjectDraft, over stored: StoredResource, _ before: JSON, _ kind: KindReference, _ options: WriteOptions
    ) async throws -> (WriteResult, Commit?)? {
        var change = ResourceChange(operation: .update, key: stored.key, old: before, new: draft.document, subresource: draft.subresource)
        try complete(&change, kind)
        ObjectDraft.count(&change.new, over: before, kind)
        if draft.tracks {
            let writer = FieldWriter(
                options.manager, apiVersion: kind.apiVersion, subresource: draft.subresource?.rawValue ?? "", scope: kind.scope(draft.subresource), now: clock.now())
            change.new = ServerSideApply.track(before: before, after: change.new, by: writer, schema: kind.version.schema)
        }
        var result = WriteResult(document: change.new, warnings: draft.warnings)
        // An object of an older stored version is written in the present one even so.
        let isOutdated = kind.definition.storedVersion.map { VersionedDocument.converting(stored.document, to: kind.definition.apiVersion($0.name)) != nil } == true
        if change.new.isSameObject(as: before), !isOutdated {
            result.document = before
            return (result, nil)
        }
        if change.new.isBeingDeleted && change.new.finalizers.isEmpty { change.operation = .remove }
        result.isRemoved = change.operation == .remove
        if options.isDryRun { return (result, nil) }
        guard let commit = try await write(change, over: stored, kind) else { return nil }
        result.document.setMetadata("resourceVersion", .string(String(commit.version)))
        return (result, commit)
    }

    /// Stores a change or a removal with what the kind's rules make of it; `finish` is to be told of it once no turn is held.
    /// - Returns: nil where another version is stored by now.
    func write(_ change: ResourceChange, over stored: StoredResource, _ kind: KindReference) async throws -> Commit? {
        let new = StoredChange(change, kind), old = kind.definition.prepared(change.old ?? change.new, stored.key)
        let rules = rules(of: kind.key), sealing = sealing, now = clock.now()
        do {
            let version = try await database.write { db in
                try rules?.write(db, new.change)
                let prepared = try sealing.sealed(new.prepared, new.change.new)
                let version = new.change.operation == .remove
                    ? try ResourceStore.delete(db, prepared, indexes: old, version: stored.version, at: now)
                    : try ResourceStore.update(db, prepared, over: old, version: stored.version, at: now)
                // Undoes what the rules wrote.
                guard let version else { throw Self.stale }
                return version
            }
            return Commit(new.change, kind, version: version)
        } catch {
            if error == Self.stale { return nil }
            throw error
        }
    }

    private func complete(_ change: inout ResourceChange, _ kind: KindReference) throws {
        let rules = rules(of: kind.key)
        rules?.normalize(&change.new)
        try rules?.complete(&change)
        var errors = MetadataValidation.validate(change.new, name: kind.definition.nameRule, isNamespaced: kind.definition.isNamespaced)
        if errors.isEmpty { errors = kind.version.validation.errors(of: change.new).filter { !Self.isOld($0, change) } }
        if errors.isEmpty { errors = rules?.errors(change) ?? [] }
        guard errors.isEmpty else {
            throw InvalidResource(group: kind.definition.group, kind: kind.definition.kind, name: change.key.name, errors: errors)
        }
    }

    /// What has not been touched stays, also where the schema has become stricter: else nobody could let go of such an object.
    private static func isOld(_ error: FieldError, _ change: ResourceChange) -> Bool {
        guard case .field(let name)? = error.path.steps.first, let before = change.old?[name], let now = change.new[name] else { return false }
        return before.isEqualValue(to: now)
    }

    /// Another version is stored by now.
    static let stale = MonoflowError(.conflict, "store resource", "", "another version is stored by now")

    static func unknown(_ kind: KindReference) -> MonoflowError {
        MonoflowError(.notFound, "find kind", kind.key, "the server could not find the requested resource")
    }

    static func taken(_ definition: KindDefinition, _ name: String) -> MonoflowError {
        MonoflowError(.alreadyExists, "create \(definition.key)", name, "\(definition.key) \"\(name)\" already exists")
    }
}

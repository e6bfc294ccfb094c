import Core

/// A change as a client words it.
public enum ResourcePatch: Sendable {
    /// RFC 7386.
    case merge(JSON)
    /// RFC 6902.
    case json(JSON)
    case strategic(JSON)
    /// Server-side apply. - Parameter force: takes fields of other managers over.
    case apply(JSON, force: Bool)
}

extension ResourceService {
    /// - Throws: as `change`; `ApplyConflict`; `failedPrecondition` where a JSON patch does not fit the object.
    public func patch(
        _ kind: KindReference, namespace: String, name: String, subresource: Subresource? = nil, _ patch: ResourcePatch, _ options: WriteOptions
    ) async throws -> WriteResult {
        let schema = kind.version.schema
        switch patch {
        case .merge(let document):
            return try await change(kind, namespace: namespace, name: name, subresource: subresource, options) { MergePatch.apply(document, to: $0) }
        case .json(let document):
            let parsed = try JSONPatch(document)
            return try await change(kind, namespace: namespace, name: name, subresource: subresource, options) { try parsed.apply(to: $0) }
        case .strategic(let document):
            let parsed = try StrategicMergePatch(document)
            return try await change(kind, namespace: namespace, name: name, subresource: subresource, options) { try parsed.apply(to: $0, schema: schema) }
        case .apply(let document, let force):
            return try await apply(kind, namespace: namespace, name: name, subresource: subresource, document, force: force, options)
        }
    }

    private func apply(
        _ kind: KindReference, namespace: String, name: String, subresource: Subresource?, _ configuration: JSON, force: Bool, _ options: WriteOptions
    ) async throws -> WriteResult {
        var given = try ObjectDraft(configuration, kind, configuring: name, namespace: namespace, options)
        rules(of: kind.key)?.normalize(&given.document)
        let draft = given
        let writer = FieldWriter(
            options.manager, apiVersion: kind.apiVersion, subresource: subresource?.rawValue ?? "", scope: kind.scope(subresource), now: clock.now())
        let schema = kind.version.schema
        for _ in 0..<Self.attempts {
            do {
                var result = try await change(kind, namespace: namespace, name: name, subresource: subresource, options, tracks: false) {
                    try ServerSideApply.apply(live: $0, patch: draft.document, by: writer, force: force, schema: schema)
                }
                result.warnings = draft.warnings + result.warnings
                return result
            } catch let error as MonoflowError where error.code == .notFound && subresource == nil {
                // Nothing there yet: the configuration is the object, unless somebody creates it meanwhile.
            }
            do {
                let document = try ServerSideApply.apply(live: nil, patch: draft.document, by: writer, force: force, schema: schema)
                return try await create(kind, namespace: namespace, document, options, tracks: false)
            } catch let error as MonoflowError where error.code == .alreadyExists {
                continue
            }
        }
        throw Self.changed(kind.definition, name)
    }
}

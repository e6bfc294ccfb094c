import Core

/// Seals the confidential values of documents for the store, and opens them for readers.
///
/// Sealed are the members of the kind's `sealedFields`, each by itself, and the values of the object's annotations: clients such as kubectl keep a copy
/// of what they applied in one. Names of members, labels and all other metadata stay readable, which indexes and selectors need.
struct DocumentSealing: Sendable {
    /// Top-level fields by the kind's key, of the kinds that have any.
    let fields: [String: [String]]
    /// Nil: objects of those kinds can be neither written nor read.
    let keys: SecretKeys?

    init(_ kinds: KindTable, keys: SecretKeys?) {
        fields = Dictionary(uniqueKeysWithValues: kinds.kinds.filter { !$0.sealedFields.isEmpty }.map { ($0.key, $0.sealedFields) })
        self.keys = keys
    }

    func isSealed(_ kind: String) -> Bool { fields[kind] != nil }

    // MARK: Documents

    /// As the store keeps the document.
    func sealed(_ document: JSON, _ key: ResourceKey) throws(MonoflowError) -> JSON {
        guard let fields = fields[key.kind] else { return document }
        let keys = try needKeys(key)
        return try Self.mapped(document, fields) { place, value throws(MonoflowError) in
            .string(keys.seal(value.serialized(), authenticating: Self.authenticated(document, key, place)))
        }
    }

    /// As readers have it.
    func opened(_ document: JSON, _ key: ResourceKey) throws(MonoflowError) -> JSON {
        guard let fields = fields[key.kind] else { return document }
        let keys = try needKeys(key)
        return try Self.mapped(document, fields) { place, value throws(MonoflowError) in
            do throws(MonoflowError) {
                return try JSONParser.parse(keys.open(value.stringValue ?? "", authenticating: Self.authenticated(document, key, place)))
            } catch {
                throw MonoflowError(error.code, "read \(key.kind)", Self.subject(key), error.message, hint: error.hint)
            }
        }
    }

    /// The stored document with every value sealed by the newest key; nil where that is so already.
    func resealed(_ stored: JSON, _ key: ResourceKey) throws(MonoflowError) -> JSON? {
        let newest = try needKeys(key).newestID
        if keyIDs(in: stored, kind: key.kind).allSatisfy({ $0 == newest }) { return nil }
        return try sealed(opened(stored, key), key)
    }

    /// The keys that values of a stored document are sealed with.
    func keyIDs(in stored: JSON, kind: String) -> Set<String> {
        var ids: Set<String> = []
        guard let fields = fields[kind] else { return ids }
        _ = Self.mapped(stored, fields) { _, value in
            if let id = value.stringValue.flatMap(SealingKey.keyID) { ids.insert(id) }
            return value
        }
        return ids
    }

    // MARK: Rows

    /// What is to be written in place of a prepared object. Inside the transaction: once a key is no longer the newest and the writes that were under way
    /// are done, nothing is sealed with it any more.
    func sealed(_ resource: PreparedResource, _ document: JSON) throws(MonoflowError) -> PreparedResource {
        guard isSealed(resource.key.kind) else { return resource }
        var resource = resource
        resource.document = VersionedDocument(try sealed(document, resource.key))
        return resource
    }

    func opened(_ stored: StoredResource) throws(MonoflowError) -> StoredResource {
        guard isSealed(stored.key.kind) else { return stored }
        var stored = stored
        stored.document = try opened(JSONParser.parse(stored.document), stored.key).text()
        return stored
    }

    func opened(_ event: LoggedEvent) throws(MonoflowError) -> LoggedEvent {
        guard isSealed(event.key.kind) else { return event }
        var event = event
        event.document = try opened(JSONParser.parse(event.document), event.key).text()
        return event
    }

    // MARK: Inside

    /// Replaces each confidential value. A field that is no object, which no schema of ours allows, is one value.
    private static func mapped<Failure: Error>(
        _ document: JSON, _ fields: [String], _ change: (_ place: [String], JSON) throws(Failure) -> JSON
    ) throws(Failure) -> JSON {
        var document = document
        for field in fields {
            if let value = document[field] { document[field] = try members(of: value, at: [field], change) }
        }
        if let annotations = document.metadata["annotations"] {
            document.setMetadata("annotations", try members(of: annotations, at: ["metadata", "annotations"], change))
        }
        return document
    }

    private static func members<Failure: Error>(
        of value: JSON, at place: [String], _ change: (_ place: [String], JSON) throws(Failure) -> JSON
    ) throws(Failure) -> JSON {
        switch value {
        case .null: return .null
        case .object(var members):
            for index in members.values.indices { members.values[index] = try change(place + [members.keys[index]], members.values[index]) }
            return .object(members)
        default: return try change(place, value)
        }
    }

    /// Ties a sealed text to its object and its place: moved elsewhere it cannot be opened.
    private static func authenticated(_ document: JSON, _ key: ResourceKey, _ place: [String]) -> [UInt8] {
        let uid = document.metadataText("uid") ?? ""
        return JSON.array(([key.kind, key.namespace, key.name, uid] + place).map { .string($0) }).serialized()
    }

    private static func subject(_ key: ResourceKey) -> String { key.namespace.isEmpty ? key.name : "\(key.namespace)/\(key.name)" }

    private func needKeys(_ key: ResourceKey) throws(MonoflowError) -> SecretKeys {
        guard let keys else {
            throw MonoflowError(.failedPrecondition, "seal \(key.kind)", Self.subject(key), "this server has no keys to keep confidential objects with")
        }
        return keys
    }
}

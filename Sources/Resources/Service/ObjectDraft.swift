import Core

/// An object on its way into the store: what a client sent, less what it may not decide, with what its kind fills in. In the version that was asked for.
struct ObjectDraft: Sendable {
    var document: JSON
    let kind: KindReference
    var subresource: Subresource?
    var warnings: [String] = []
    /// Whether the write is still to be recorded in the managed fields.
    var tracks = true

    /// Metadata that the server alone writes.
    private static let systemMetadata = ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"]

    /// Of a new object, or of one that is put in another's place.
    init(_ body: JSON, _ kind: KindReference, namespace: String, _ options: WriteOptions) throws {
        self.kind = kind
        document = body
        // Clients of built-in kinds leave out what the path says.
        if kind.definition.origin == .builtIn, document.objectValue != nil {
            if document["apiVersion"]?.stringValue ?? "" == "" { document["apiVersion"] = .string(kind.apiVersion) }
            if document["kind"]?.stringValue ?? "" == "" { document["kind"] = .string(kind.definition.kind) }
        }
        try Self.checkHead(document, kind)
        if kind.definition.isNamespaced {
            if let named = document.metadataText("namespace"), named != namespace {
                throw MonoflowError(
                    .invalidArgument, "write \(kind.key)", document.metadataText("name") ?? "",
                    "the namespace of the provided object does not match the namespace sent on the request")
            }
            document.setMetadata("namespace", .string(namespace))
        } else {
            document.setMetadata("namespace", nil)
        }
        try clean(options)
    }

    /// Of an applied configuration: unknown fields go, but nothing is filled in, because all of it becomes the manager's.
    init(_ configuration: JSON, _ kind: KindReference, configuring name: String, namespace: String, _ options: WriteOptions) throws {
        self.kind = kind
        document = configuration
        try Self.checkHead(document, kind)
        if let named = document.metadataText("name"), named != name {
            throw MonoflowError(.invalidArgument, "apply \(kind.key)", name, "the name of the object (\(named)) does not match the name on the URL (\(name))")
        }
        if let named = document.metadataText("namespace"), kind.definition.isNamespaced, named != namespace {
            throw MonoflowError(
                .invalidArgument, "apply \(kind.key)", name, "the namespace of the provided object does not match the namespace sent on the request")
        }
        document.setMetadata("name", .string(name))
        if kind.definition.isNamespaced { document.setMetadata("namespace", .string(namespace)) }
        try prune(options)
    }

    /// Of a new object: nothing of it is there yet.
    mutating func makeNew() throws(MonoflowError) {
        if document.metadataText("resourceVersion") != nil {
            throw MonoflowError(
                .invalidArgument, "create \(kind.key)", document.metadataText("name") ?? "", "resourceVersion should not be set on objects to be created")
        }
        for key in Self.systemMetadata { document.setMetadata(key, nil) }
        if kind.version.hasStatus { document["status"] = nil }
    }

    /// Of a change: the edited object, with everything that this change may not touch as it was.
    init(_ edited: JSON, _ kind: KindReference, over current: JSON, _ subresource: Subresource?, _ options: WriteOptions, tracks: Bool) throws {
        self.kind = kind
        self.subresource = subresource
        self.tracks = tracks
        try Self.checkHead(edited, kind)
        switch subresource {
        case .status:
            document = current
            document["status"] = edited["status"]
            document.setMetadata("managedFields", edited.metadata["managedFields"])
        case nil:
            document = edited
            if kind.version.hasStatus { document["status"] = current["status"] }
        }
        for key in ["name", "namespace"] + Self.systemMetadata { document.setMetadata(key, current.metadata[key]) }
        try clean(options)
        let added = current.isBeingDeleted ? document.finalizers.filter { !current.finalizers.contains($0) } : []
        if !added.isEmpty {
            let path = FieldPath().field("metadata").field("finalizers")
            throw InvalidResource(
                group: kind.definition.group, kind: kind.definition.kind, name: document.metadataText("name") ?? "",
                errors: [.forbidden(path, "no new finalizers can be added if the object is being deleted, found new finalizers \(added)")])
        }
    }

    private static func checkHead(_ document: JSON, _ kind: KindReference) throws(MonoflowError) {
        guard document.objectValue != nil else {
            throw MonoflowError(.invalidArgument, "write \(kind.key)", "", "the body must be an object, not \(document.kindName)")
        }
        let apiVersion = document["apiVersion"]?.stringValue ?? "", name = document["kind"]?.stringValue ?? ""
        guard apiVersion == kind.apiVersion, name == kind.definition.kind else {
            throw MonoflowError(
                .invalidArgument, "write \(kind.key)", document.metadataText("name") ?? "",
                "the object provided is \(apiVersion.isEmpty ? "of no apiVersion" : apiVersion), \(name.isEmpty ? "of no kind" : "Kind=" + name); "
                    + "the path is of \(kind.apiVersion), Kind=\(kind.definition.kind)")
        }
        if let metadata = document["metadata"], !metadata.isNull, metadata.objectValue == nil {
            throw MonoflowError(.invalidArgument, "write \(kind.key)", "metadata", "must be an object, not \(metadata.kindName)")
        }
    }

    /// Unknown fields go, or are refused; defaults come.
    private mutating func clean(_ options: WriteOptions) throws(MonoflowError) {
        try prune(options)
        SchemaDefaults.fill(&document, by: kind.version.schema)
    }

    private mutating func prune(_ options: WriteOptions) throws(MonoflowError) {
        let unknown = SchemaPruning.prune(&document, by: kind.version.schema)
        if !unknown.isEmpty {
            let texts = unknown.map { "unknown field \"\($0)\"" }
            switch options.fieldValidation {
            case .strict:
                throw MonoflowError(
                    .invalidArgument, "write \(kind.key)", document.metadataText("name") ?? "", "strict decoding error: " + texts.joined(separator: ", "))
            case .warn: warnings += texts
            case .ignore: break
            }
        }
    }

    /// Counts the generation on where the object differs from the stored one beyond metadata and status.
    static func count(_ object: inout JSON, over stored: JSON, _ kind: KindReference) {
        func content(_ object: JSON) -> JSON {
            var content = object
            content["metadata"] = nil
            if kind.version.hasStatus { content["status"] = nil }
            return content
        }
        guard let generation = stored.metadata["generation"]?.intValue, !content(object).isEqualValue(to: content(stored)) else { return }
        object.setMetadata("generation", .int(generation + 1))
    }
}

/// A change in the version that the kind keeps its objects in.
struct StoredChange: Sendable {
    var change: ResourceChange
    var prepared: PreparedResource

    init(_ change: ResourceChange, _ kind: KindReference) {
        var change = change
        if let stored = kind.storedAPIVersion {
            change.new["apiVersion"] = .string(stored)
            if change.old != nil { change.old?["apiVersion"] = .string(stored) }
        }
        self.change = change
        prepared = kind.definition.prepared(change.new, change.key)
    }
}

import Core

/// A kind of resource that the server knows: its names, its versions and their schemas. Built in, or made by a CustomResourceDefinition.
public struct KindDefinition: Sendable {
    public enum Origin: Sendable, Hashable {
        case builtIn
        /// The UID of the CustomResourceDefinition.
        case custom(uid: String)
    }

    /// Empty for the core group.
    public var group: String
    public var kind: String
    public var plural: String
    public var singular: String
    public var shortNames: [String]
    /// Words such as `all` that stand for several kinds in `kubectl get`.
    public var categories: [String]
    public var listKind: String
    public var isNamespaced: Bool
    /// In the order that clients prefer, the first one first. Exactly one is stored.
    public var versions: [KindVersion]
    public var origin: Origin
    /// Its definition is being deleted: there are no new objects.
    public var isTerminating = false
    /// Top-level fields whose values are sealed in the store and never shown in errors, such as the `data` of secrets.
    public let sealedFields: [String]

    /// - Parameters:
    ///   - singular: `kind` in lower case where left out.
    ///   - listKind: `kind` with `List` behind it where left out.
    ///   - versions: at least one, in any order.
    public init(
        group: String, kind: String, plural: String, singular: String? = nil, shortNames: [String] = [], categories: [String] = [], listKind: String? = nil,
        isNamespaced: Bool = true, versions: [KindVersion], origin: Origin = .builtIn, sealedFields: [String] = []
    ) {
        self.group = group
        self.kind = kind
        self.plural = plural
        self.singular = singular ?? kind.lowercased()
        self.shortNames = shortNames
        self.categories = categories
        self.listKind = listKind ?? kind + "List"
        self.isNamespaced = isNamespaced
        self.versions = versions.sorted { VersionOrder.precedes($0.name, $1.name) }.map { $0.hiding(sealedFields) }
        self.origin = origin
        self.sealedFields = sealedFields
    }

    /// `plural.group`, or `plural` alone in the core group: the name of its CustomResourceDefinition.
    public var key: String { group.isEmpty ? plural : "\(plural).\(group)" }

    public var servedVersions: [KindVersion] { versions.filter(\.isServed) }

    /// The version that objects are stored in.
    public var storedVersion: KindVersion? { versions.first(where: \.isStored) }

    public func version(_ name: String) -> KindVersion? { versions.first { $0.name == name } }

    /// As an object's `apiVersion` has it: `batch/v1`, or `v1` alone in the core group.
    public func apiVersion(_ version: String) -> String { group.isEmpty ? version : "\(group)/\(version)" }
}

/// One version of a kind.
public struct KindVersion: Sendable {
    /// Where the scale subresource finds its numbers: JSON paths such as `.spec.replicas`.
    public struct Scale: Sendable, Equatable {
        public var specReplicasPath: String
        public var statusReplicasPath: String
        public var labelSelectorPath: String?

        public init(specReplicasPath: String, statusReplicasPath: String, labelSelectorPath: String? = nil) {
            self.specReplicasPath = specReplicasPath
            self.statusReplicasPath = statusReplicasPath
            self.labelSelectorPath = labelSelectorPath
        }
    }

    public var name: String
    public var isServed: Bool
    public var isStored: Bool
    /// The text of the `Warning` header; nil where the version is not deprecated.
    public var deprecationWarning: String?
    /// The schema with its patterns compiled.
    public private(set) var validation: SchemaValidation
    /// `status` is written through a subresource of its own and by no other way.
    public var hasStatus: Bool
    public var scale: Scale?
    /// Every column of the table, the name among them, in order.
    public var columns: [PrinterColumn]
    /// What field selectors may name besides `metadata.name` and `metadata.namespace`: `spec.color`, `status.phase`.
    public var selectableFields: [String]
    /// The schema has `x-kubernetes-validations`, which are not evaluated.
    public var hasUncheckedRules: Bool

    /// Of a whole object: apiVersion, kind and metadata are among its fields.
    public var schema: Schema { validation.schema }

    public init(
        _ name: String, isServed: Bool = true, isStored: Bool = true, deprecationWarning: String? = nil, schema: Schema, hasStatus: Bool = false,
        scale: Scale? = nil, columns: [PrinterColumn] = [.name, .age], selectableFields: [String] = [], hasUncheckedRules: Bool = false
    ) {
        self.name = name
        self.isServed = isServed
        self.isStored = isStored
        self.deprecationWarning = deprecationWarning
        self.validation = SchemaValidation(schema)
        self.hasStatus = hasStatus
        self.scale = scale
        self.columns = columns
        self.selectableFields = selectableFields
        self.hasUncheckedRules = hasUncheckedRules
    }

    /// The same with errors that show no values of these fields.
    fileprivate func hiding(_ fields: [String]) -> KindVersion {
        if fields.isEmpty { return self }
        var version = self
        version.validation = SchemaValidation(schema, confidential: Set(fields))
        return version
    }
}

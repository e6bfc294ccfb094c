import Core
import OrderedCollections

/// A node of a structural schema: OpenAPI v3 as Kubernetes uses it for custom resources, with its extensions. Immutable, so that a tree is shared freely.
/// Built-in kinds are written with the factory functions of `Schema+Build.swift`; those of user-defined kinds are read by `SchemaReader`.
public final class Schema: Sendable {
    public enum ValueType: String, Sendable, CaseIterable { case object, array, string, integer, number, boolean }

    /// How server-side apply and strategic merge take a list (`x-kubernetes-list-type`). Absent means atomic.
    public enum ListType: String, Sendable, CaseIterable { case atomic, set, map }

    /// How server-side apply takes an object (`x-kubernetes-map-type`). Absent means granular.
    public enum MapType: String, Sendable, CaseIterable { case granular, atomic }

    /// Nil: any kind of value.
    public let type: ValueType?
    public let description: String
    public let fields: OrderedDictionary<String, Schema>
    /// Of keys that `fields` does not name. Nil: such keys are unknown, and pruned unless `keepsUnknown`.
    public let additional: Schema?
    public let items: Schema?
    public let required: [String]
    /// Filled in where the field is absent.
    public let fallback: JSON?
    public let isNullable: Bool
    /// `x-kubernetes-int-or-string`.
    public let isIntOrString: Bool
    /// `x-kubernetes-preserve-unknown-fields`.
    public let keepsUnknown: Bool
    /// `x-kubernetes-embedded-resource`: apiVersion, kind and metadata are known without being listed.
    public let isEmbeddedResource: Bool
    public let listType: ListType?
    /// Names of the fields that tell the items of a `map` list apart.
    public let listKeys: [String]
    public let mapType: MapType?
    /// `x-kubernetes-patch-merge-key`: a strategic merge patch joins this list's items by the field. Nil: the list is replaced as a whole.
    public let patchKey: String?
    /// `x-kubernetes-patch-strategy: merge` on a list of scalars: a strategic merge patch joins the two as sets.
    public let mergesAsSet: Bool
    public let checks: SchemaChecks

    public init(
        _ type: ValueType?, description: String = "", fields: OrderedDictionary<String, Schema> = [:], additional: Schema? = nil, items: Schema? = nil,
        required: [String] = [], fallback: JSON? = nil, isNullable: Bool = false, isIntOrString: Bool = false, keepsUnknown: Bool = false,
        isEmbeddedResource: Bool = false, listType: ListType? = nil, listKeys: [String] = [], mapType: MapType? = nil, patchKey: String? = nil,
        mergesAsSet: Bool = false, checks: SchemaChecks = SchemaChecks()
    ) {
        self.type = type
        self.description = description
        self.fields = fields
        self.additional = additional
        self.items = items
        self.required = required
        self.fallback = fallback
        self.isNullable = isNullable
        self.isIntOrString = isIntOrString
        self.keepsUnknown = keepsUnknown
        self.isEmbeddedResource = isEmbeddedResource
        self.listType = listType
        self.listKeys = listKeys
        self.mapType = mapType
        self.patchKey = patchKey
        self.mergesAsSet = mergesAsSet
        self.checks = checks
    }

    /// The schema of an object's field: named, or of any key; nil where the field is unknown.
    public func field(_ name: String) -> Schema? { fields[name] ?? additional }
}

/// What restricts the values of a node beyond their shape.
public struct SchemaChecks: Sendable, Equatable {
    public var allowed: [JSON] = []
    /// `date-time`, `byte`, `int32`, … ; unknown ones are not checked.
    public var format: String?
    /// A regular expression that must match somewhere in the string.
    public var pattern: String?
    public var minimum: Double?
    public var maximum: Double?
    public var exclusiveMinimum = false
    public var exclusiveMaximum = false
    public var multipleOf: Double?
    public var minLength: Int?
    public var maxLength: Int?
    public var minItems: Int?
    public var maxItems: Int?
    public var uniqueItems = false
    public var minProperties: Int?
    public var maxProperties: Int?
    /// Value validations: each holds, at least one holds, exactly one holds, does not hold. They neither prune nor fill in.
    public var allOf: [SchemaAlternative] = []
    public var anyOf: [SchemaAlternative] = []
    public var oneOf: [SchemaAlternative] = []
    public var not: [SchemaAlternative] = []

    public init() {}
}

/// A schema below `allOf`, `anyOf`, `oneOf` or `not`; compared by identity.
public struct SchemaAlternative: Sendable, Equatable {
    public let schema: Schema
    public init(_ schema: Schema) { self.schema = schema }
    public static func == (a: SchemaAlternative, b: SchemaAlternative) -> Bool { a.schema === b.schema }
}

import Core

/// How far ownership divides a value: into an object's fields, a list's items by their keys or values, or not at all.
enum Topology {
    case leaf
    case object(JSONObject)
    case keyed([JSON], keys: [String])
    case set([JSON])

    /// By the schema; objects without one divide by field and lists without one do not divide, as Kubernetes deduces it for unknown nodes.
    /// A list that only says how a strategic merge patch joins it divides in the same way.
    init(of value: JSON, _ schema: Schema?, depth: Int) {
        guard depth < FieldSet.maximumDepth else { self = .leaf; return }
        switch value {
        case .object(let object): self = schema?.mapType == .atomic ? .leaf : .object(object)
        case .array(let items):
            if let keys = schema?.itemKeys { self = .keyed(items, keys: keys) } else { self = schema?.isSetList == true ? .set(items) : .leaf }
        default: self = .leaf
        }
    }

    /// The element that stands for an item of a keyed list. Keys that the item leaves out count with their defaults, or else as null; an item
    /// that is no object stands for itself.
    static func element(of item: JSON, keys: [String], _ items: Schema?) -> PathElement {
        guard case .object(let object) = item else { return .value(item) }
        return .key(keys.map { (name: $0, value: object[$0] ?? items?.field($0)?.fallback ?? .null) })
    }

    /// The elements of a keyed list or a set in the order of its items.
    static func elements(_ list: [JSON], keys: [String]?, _ items: Schema?) -> [PathElement] {
        list.map { item in keys.map { element(of: item, keys: $0, items) } ?? .value(item) }
    }
}

extension Schema {
    /// The fields that tell a list's items apart; nil where nothing does.
    var itemKeys: [String]? {
        switch listType {
        case .map: listKeys.isEmpty ? nil : listKeys
        case .set, .atomic: nil
        case nil: patchKey.map { [$0] }
        }
    }

    var isSetList: Bool { listType == .set || listType == nil && patchKey == nil && mergesAsSet }
}

/// Which fields of a document a writer may own: a kind with a status subresource keeps status apart from the rest.
public enum FieldScope: Sendable, Hashable {
    /// All fields: the kind has no status subresource.
    case whole
    /// The main resource of a kind with a status subresource.
    case withoutStatus
    /// The status subresource.
    case statusOnly
}

/// Where a walk over a document stands, for what is not owned there: the document's identity and what the server keeps of it.
enum DocumentPlace {
    case root(FieldScope)
    case metadata
    case below

    private static let systemMetadata: Set<String> = [
        "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
        "managedFields", "selfLink",
    ]

    /// Whether nobody can own the field here.
    func omits(_ name: String) -> Bool {
        switch self {
        case .below: false
        case .metadata: Self.systemMetadata.contains(name)
        case .root(.whole): name == "apiVersion" || name == "kind"
        case .root(.withoutStatus): name == "apiVersion" || name == "kind" || name == "status"
        case .root(.statusOnly): name != "status"
        }
    }

    /// The place of the field's value.
    func below(_ name: String) -> DocumentPlace { if case .root = self, name == "metadata" { .metadata } else { .below } }

    var isMetadata: Bool { if case .metadata = self { true } else { false } }

    /// The schema of the field's value. Metadata is the same in every kind, whether its schema says so or not.
    func schema(of name: String, in schema: Schema?) -> Schema? {
        if case .root = self, name == "metadata", schema?.fields[name]?.fields.isEmpty ?? true { return Self.metadataSchema }
        return schema?.field(name)
    }

    /// What of an object's metadata divides otherwise than unknown fields do.
    private static let metadataSchema = Schema.object([
        "labels": .map(.string()), "annotations": .map(.string()), "finalizers": .set(.string()),
        "ownerReferences": .keyedList(["uid"], Schema(.object, keepsUnknown: true, mapType: .atomic)),
    ])
}

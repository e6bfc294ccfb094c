import Core
import OrderedCollections

// Words that only the schemas of built-in kinds need.
extension Schema {
    /// An object of which the named fields are known and checked, and the others kept as they are.
    static func openObject(_ fields: OrderedDictionary<String, Schema>, required: [String] = [], _ description: String = "") -> Schema {
        Schema(.object, description: description, fields: fields, required: required, keepsUnknown: true)
    }

    /// An object that server-side apply takes as one value.
    static func atomicObject(_ fields: OrderedDictionary<String, Schema>, required: [String] = [], _ description: String = "") -> Schema {
        Schema(.object, description: description, fields: fields, required: required, mapType: .atomic)
    }

    /// An open object that server-side apply takes as one value.
    static func openAtomicObject(_ fields: OrderedDictionary<String, Schema>, required: [String] = [], _ description: String = "") -> Schema {
        Schema(.object, description: description, fields: fields, required: required, keepsUnknown: true, mapType: .atomic)
    }

    /// A list that a strategic merge patch joins by a field while server-side apply takes it as one value.
    static func patchedList(by key: String, _ items: Schema, _ description: String = "") -> Schema {
        Schema(.array, description: description, items: items, listType: .atomic, patchKey: key)
    }

    /// A list that is one value for both kinds of patch, and says so.
    static func atomicList(_ items: Schema, _ description: String = "") -> Schema {
        Schema(.array, description: description, items: items, listType: .atomic)
    }

    /// An amount such as `500m` or `2Gi`; a plain number is taken too.
    static func quantity(_ description: String = "") -> Schema { intOrString(description) }

    /// Amounts by the name of the resource: cpu, memory, nvidia.com/gpu.
    static func quantities(_ description: String = "") -> Schema { map(quantity(), description) }

    /// A reference to an object of the same namespace by its name.
    static func localReference(_ description: String = "") -> Schema { atomicObject(["name": .string("Name of the object.", fallback: "")], description) }

    /// Which objects are meant, by their labels.
    static func labelSelector(_ description: String = "") -> Schema {
        atomicObject([
            "matchLabels": .map(.string(), "Labels with the values that they must have."),
            "matchExpressions": .atomicList(.object([
                "key": .string("The label."),
                "operator": .string("In, NotIn, Exists or DoesNotExist."),
                "values": .atomicList(.string(), "Values of In and NotIn."),
            ], required: ["key", "operator"]), "Conditions that all hold."),
        ], description)
    }

    /// A reference to any object.
    static func objectReference(_ description: String = "", required: [String] = []) -> Schema {
        atomicObject([
            "kind": .string("Kind of the object."), "namespace": .string("Its namespace."), "name": .string("Its name."), "uid": .string("Its UID."),
            "apiVersion": .string("API version of the object."), "resourceVersion": .string("The version that is meant."),
            "fieldPath": .string("The part of the object that is meant, such as spec.containers{name}."),
        ], required: required, description)
    }

    /// The members that most conditions have.
    static let condition = Schema.openObject([
        "type": .string("What the condition tells of."), "status": .string("True, False or Unknown."), "reason": .string("One word for why."),
        "message": .string("A sentence for people."), "lastTransitionTime": .time("When the status last changed."),
        "lastProbeTime": .time("When the condition was last looked at."), "lastUpdateTime": .time("When the condition was last written."),
        "observedGeneration": .integer("The generation that the condition tells of.", format: "int64"),
    ], required: ["type", "status"])
}

extension PrinterColumn {
    /// A computed column.
    static func computed(_ name: String, _ value: Computed, type: ValueType = .string, priority: Int = 0) -> PrinterColumn {
        PrinterColumn(name, type, .computed(value), priority: priority)
    }
}

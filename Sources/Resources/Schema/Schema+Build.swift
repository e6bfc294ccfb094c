import Core
import OrderedCollections

// Words for the schemas of built-in kinds.
extension Schema {
    public static func object(_ fields: OrderedDictionary<String, Schema>, required: [String] = [], _ description: String = "") -> Schema {
        Schema(.object, description: description, fields: fields, required: required)
    }

    /// An object of free keys.
    public static func map(_ value: Schema, _ description: String = "") -> Schema { Schema(.object, description: description, additional: value) }

    /// An object of which nothing is known: kept as it is.
    public static func anyObject(_ description: String = "") -> Schema { Schema(.object, description: description, keepsUnknown: true) }

    public static func string(_ description: String = "", fallback: JSON? = nil, allowed: [String] = [], format: String? = nil, pattern: String? = nil) -> Schema {
        var checks = SchemaChecks()
        checks.allowed = allowed.map { .string($0) }
        checks.format = format
        checks.pattern = pattern
        return Schema(.string, description: description, fallback: fallback, checks: checks)
    }

    public static func integer(_ description: String = "", fallback: JSON? = nil, minimum: Double? = nil, maximum: Double? = nil, format: String? = "int32") -> Schema {
        var checks = SchemaChecks()
        checks.minimum = minimum
        checks.maximum = maximum
        checks.format = format
        return Schema(.integer, description: description, fallback: fallback, checks: checks)
    }

    public static func boolean(_ description: String = "", fallback: JSON? = nil) -> Schema { Schema(.boolean, description: description, fallback: fallback) }

    public static func number(_ description: String = "") -> Schema { Schema(.number, description: description) }

    public static func time(_ description: String = "") -> Schema { string(description, format: "date-time") }

    /// A whole number or a text, as ports and quantities are.
    public static func intOrString(_ description: String = "") -> Schema { Schema(nil, description: description, isIntOrString: true) }

    /// A list that is replaced as a whole.
    public static func list(_ items: Schema, _ description: String = "") -> Schema { Schema(.array, description: description, items: items) }

    /// A list without repetitions, joined by both kinds of patch.
    public static func set(_ items: Schema, _ description: String = "") -> Schema {
        Schema(.array, description: description, items: items, listType: .set, mergesAsSet: true)
    }

    /// A list whose items are told apart by fields.
    /// - Parameter patchKey: what a strategic merge patch joins by; the first key where left out.
    public static func keyedList(_ keys: [String], _ items: Schema, patchKey: String? = nil, _ description: String = "") -> Schema {
        Schema(.array, description: description, items: items, listType: .map, listKeys: keys, patchKey: patchKey ?? keys.first)
    }
}

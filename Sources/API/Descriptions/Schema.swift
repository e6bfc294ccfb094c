import Core

/// Words to write schemas with, as OpenAPI 3.0 has them.
enum Schema {
    static let text: JSON = ["type": "string"]
    static let flag: JSON = ["type": "boolean"]
    static let integer: JSON = ["type": "integer", "format": "int64"]
    static let number: JSON = ["type": "number"]
    static let time: JSON = ["type": "string", "format": "date-time"]
    static let binary: JSON = ["type": "string", "format": "binary"]
    /// Any JSON value.
    static let any: JSON = [:]
    /// An object of whatever members.
    static let anyObject: JSON = ["type": "object", "additionalProperties": true]

    static func ref(_ component: String) -> JSON { ["$ref": .string("#/components/schemas/" + component)] }
    static func list(_ item: JSON) -> JSON { ["type": "array", "items": item] }
    static func list(_ component: String) -> JSON { list(ref(component)) }
    static func map(_ value: JSON) -> JSON { ["type": "object", "additionalProperties": value] }
    static func word(_ words: String...) -> JSON { ["type": "string", "enum": .array(words.map { .string($0) })] }

    /// An object whose members of `required` are always there, those of `optional` where they have a value.
    static func object(_ required: KeyValuePairs<String, JSON>, optional: KeyValuePairs<String, JSON> = [:]) -> JSON {
        var properties = JSONObject()
        for (name, schema) in required { properties[name] = schema }
        for (name, schema) in optional { properties[name] = schema }
        return .make([
            "type": "object", "properties": .object(properties), "required": required.isEmpty ? nil : .array(required.map { .string($0.key) }),
        ])
    }
}

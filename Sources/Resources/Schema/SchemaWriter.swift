import Core
import OrderedCollections

/// Writes schema nodes as OpenAPI v3 with Kubernetes' extensions, as `/openapi/v3`, `kubectl explain` and a CustomResourceDefinition have them.
public struct SchemaWriter: Sendable {
    private let references: [ObjectIdentifier: String]

    /// - Parameter references: nodes that are written elsewhere, by identity, with the `$ref` to write in their place.
    public init(references: [ObjectIdentifier: String] = [:]) { self.references = references }

    /// The node in full; what it holds by reference where there is one.
    public func json(_ schema: Schema) -> JSON {
        var out: JSONObject = [:]
        if let type = schema.type { out["type"] = .string(type.rawValue) }
        if !schema.description.isEmpty { out["description"] = .string(schema.description) }
        if !schema.fields.isEmpty { out["properties"] = .object(schema.fields.mapValues(child)) }
        if let additional = schema.additional { out["additionalProperties"] = child(additional) }
        if let items = schema.items { out["items"] = child(items) }
        if !schema.required.isEmpty { out["required"] = strings(schema.required) }
        if let fallback = schema.fallback { out["default"] = fallback }
        if schema.isNullable { out["nullable"] = true }
        write(schema.checks, into: &out)
        writeExtensions(of: schema, into: &out)
        return .object(out)
    }

    private func child(_ schema: Schema) -> JSON {
        guard let reference = references[ObjectIdentifier(schema)] else { return json(schema) }
        // A reference may have no sibling in OpenAPI 3.0, hence the allOf.
        return .make([
            "description": schema.description.isEmpty ? nil : .string(schema.description),
            "allOf": [["$ref": .string(reference)]],
        ])
    }

    private func strings(_ list: [String]) -> JSON { .array(list.map { .string($0) }) }

    private func write(_ checks: SchemaChecks, into out: inout JSONObject) {
        func put(_ name: String, _ value: JSON?) { if let value { out[name] = value } }
        func number(_ value: Double?) -> JSON? { value.map { value in Int64(exactly: value).map { .int($0) } ?? .double(value) } }
        func count(_ value: Int?) -> JSON? { value.map { .int(Int64($0)) } }
        func list(_ alternatives: [SchemaAlternative]) -> JSON? { alternatives.isEmpty ? nil : .array(alternatives.map { json($0.schema) }) }
        put("enum", checks.allowed.isEmpty ? nil : .array(checks.allowed))
        put("format", checks.format.map { .string($0) })
        put("pattern", checks.pattern.map { .string($0) })
        put("minimum", number(checks.minimum))
        put("maximum", number(checks.maximum))
        put("exclusiveMinimum", checks.exclusiveMinimum ? true : nil)
        put("exclusiveMaximum", checks.exclusiveMaximum ? true : nil)
        put("multipleOf", number(checks.multipleOf))
        put("minLength", count(checks.minLength))
        put("maxLength", count(checks.maxLength))
        put("minItems", count(checks.minItems))
        put("maxItems", count(checks.maxItems))
        put("uniqueItems", checks.uniqueItems ? true : nil)
        put("minProperties", count(checks.minProperties))
        put("maxProperties", count(checks.maxProperties))
        put("allOf", list(checks.allOf))
        put("anyOf", list(checks.anyOf))
        put("oneOf", list(checks.oneOf))
        // OpenAPI has one `not`; several of ours are one that refuses any of them.
        put("not", checks.not.count > 1 ? ["anyOf": .array(checks.not.map { json($0.schema) })] : checks.not.first.map { json($0.schema) })
    }

    private func writeExtensions(of schema: Schema, into out: inout JSONObject) {
        if schema.isIntOrString { out["x-kubernetes-int-or-string"] = true }
        if schema.keepsUnknown { out["x-kubernetes-preserve-unknown-fields"] = true }
        if schema.isEmbeddedResource { out["x-kubernetes-embedded-resource"] = true }
        if let type = schema.listType { out["x-kubernetes-list-type"] = .string(type.rawValue) }
        if !schema.listKeys.isEmpty { out["x-kubernetes-list-map-keys"] = strings(schema.listKeys) }
        if let type = schema.mapType { out["x-kubernetes-map-type"] = .string(type.rawValue) }
        if let key = schema.patchKey { out["x-kubernetes-patch-merge-key"] = .string(key) }
        if schema.patchKey != nil || schema.mergesAsSet { out["x-kubernetes-patch-strategy"] = "merge" }
    }
}

import Core
import OrderedCollections

/// Writes schema nodes as OpenAPI v2, which says less than v3. Clients check manifests by it and take an object with named properties for complete,
/// so whatever v2 cannot say is left open: nodes that keep unknown fields, that may be null, or that are of several types.
struct SwaggerSchemaWriter {
    /// Nodes that are written elsewhere, by identity, with the `$ref` to write in their place.
    let references: [ObjectIdentifier: String]

    /// The node in full; what it holds by reference where there is one.
    func json(_ schema: Schema) -> JSON {
        var out: JSONObject = [:]
        if !schema.description.isEmpty { out["description"] = .string(schema.description) }
        if !schema.isNullable && !schema.isIntOrString { writeType(of: schema, into: &out) }
        writeExtensions(of: schema, into: &out)
        return .object(out)
    }

    private func child(_ schema: Schema) -> JSON {
        guard let reference = references[ObjectIdentifier(schema)] else { return json(schema) }
        return .make(["description": schema.description.isEmpty ? nil : .string(schema.description), "$ref": .string(reference)])
    }

    private func writeType(of schema: Schema, into out: inout JSONObject) {
        // Clients refuse a list without items.
        guard let type = schema.type, type != .array || schema.items != nil else { return }
        out["type"] = .string(type.rawValue)
        if let format = schema.checks.format { out["format"] = .string(format) }
        if !schema.checks.allowed.isEmpty { out["enum"] = .array(schema.checks.allowed) }
        if let items = schema.items { out["items"] = child(items) }
        if schema.keepsUnknown { return }
        if let additional = schema.additional { out["additionalProperties"] = child(additional) }
        if schema.fields.isEmpty || schema.additional != nil { return }
        out["properties"] = .object(schema.fields.mapValues(child))
        if !schema.required.isEmpty { out["required"] = .array(schema.required.map { .string($0) }) }
    }

    private func writeExtensions(of schema: Schema, into out: inout JSONObject) {
        if schema.isIntOrString { out["x-kubernetes-int-or-string"] = true }
        if schema.keepsUnknown { out["x-kubernetes-preserve-unknown-fields"] = true }
        if schema.isEmbeddedResource { out["x-kubernetes-embedded-resource"] = true }
        if let type = schema.listType { out["x-kubernetes-list-type"] = .string(type.rawValue) }
        if !schema.listKeys.isEmpty { out["x-kubernetes-list-map-keys"] = .array(schema.listKeys.map { .string($0) }) }
        if let type = schema.mapType { out["x-kubernetes-map-type"] = .string(type.rawValue) }
        if let key = schema.patchKey { out["x-kubernetes-patch-merge-key"] = .string(key) }
        if schema.patchKey != nil || schema.mergesAsSet { out["x-kubernetes-patch-strategy"] = "merge" }
    }
}

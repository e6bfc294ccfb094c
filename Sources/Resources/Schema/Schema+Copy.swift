import Core
import OrderedCollections

extension Schema {
    /// The same node with other fields; the fields' own nodes are shared.
    func replacing(fields: OrderedDictionary<String, Schema>) -> Schema {
        Schema(
            type, description: description, fields: fields, additional: additional, items: items, required: required, fallback: fallback,
            isNullable: isNullable, isIntOrString: isIntOrString, keepsUnknown: keepsUnknown, isEmbeddedResource: isEmbeddedResource, listType: listType,
            listKeys: listKeys, mapType: mapType, patchKey: patchKey, mergesAsSet: mergesAsSet, checks: checks)
    }

    /// The same node with other checks.
    func replacing(checks: SchemaChecks) -> Schema {
        Schema(
            type, description: description, fields: fields, additional: additional, items: items, required: required, fallback: fallback,
            isNullable: isNullable, isIntOrString: isIntOrString, keepsUnknown: keepsUnknown, isEmbeddedResource: isEmbeddedResource, listType: listType,
            listKeys: listKeys, mapType: mapType, patchKey: patchKey, mergesAsSet: mergesAsSet, checks: checks)
    }

    /// The schema of a member of an object, with the three that every embedded resource has; nil where it is unknown.
    func member(_ name: String) -> Schema? {
        if let known = fields[name] { return known }
        if isEmbeddedResource, let known = ObjectMetaSchema.resourceFields[name] { return known }
        return additional
    }

    /// Every alternative below `allOf`, `anyOf`, `oneOf` and `not`.
    var alternatives: [SchemaAlternative] { checks.allOf + checks.anyOf + checks.oneOf + checks.not }
}

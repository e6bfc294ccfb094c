import Core

/// Fills in what a document leaves out, by Kubernetes' rules: a field's `fallback` where the field is absent, or null and not nullable; never in place of
/// a value that is there. Goes into the objects and items that exist, those just filled in among them. A null of a field that is not nullable and has no
/// fallback is dropped, as if it had not been written.
public enum SchemaDefaults {
    /// - Returns: whether anything changed.
    @discardableResult
    public static func fill(_ document: inout JSON, by schema: Schema) -> Bool {
        guard let filled = filled(document, schema) else { return false }
        document = filled
        return true
    }

    /// Nil where nothing changes, so that a complete document is never copied.
    private static func filled(_ value: JSON, _ schema: Schema) -> JSON? {
        switch value {
        case .object(let object): filled(object, schema).map { .object($0) }
        case .array(let items): schema.items.flatMap { filled(items, $0) }.map { .array($0) }
        default: nil
        }
    }

    private static func filled(_ items: [JSON], _ schema: Schema) -> [JSON]? {
        var result: [JSON]?
        for (index, item) in items.enumerated() {
            guard let changed = filled(item, schema) else { continue }
            if result == nil { result = items }
            result?[index] = changed
        }
        return result
    }

    private static func filled(_ object: JSONObject, _ schema: Schema) -> JSONObject? {
        var result: JSONObject?
        for (name, value) in object {
            guard let field = schema.member(name) else { continue }
            if case .null = value, !field.isNullable {
                if result == nil { result = object }
                if let fallback = field.fallback { result?[name] = filled(fallback, field) ?? fallback } else { result?.removeValue(forKey: name) }
            } else if let changed = filled(value, field) {
                if result == nil { result = object }
                result?[name] = changed
            }
        }
        for (name, field) in schema.fields {
            guard let fallback = field.fallback, object[name] == nil else { continue }
            if result == nil { result = object }
            result?[name] = filled(fallback, field) ?? fallback
        }
        return result
    }
}

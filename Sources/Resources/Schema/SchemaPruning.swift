import Core

/// Removes the fields that a schema does not know. Where the schema keeps unknown fields they stay, as a whole; what it does know below is pruned all the
/// same. An embedded resource's `apiVersion`, `kind` and `metadata` are known without being listed.
public enum SchemaPruning {
    /// Paths that are reported at most; all unknown fields are removed.
    public static let maximumReported = 100

    /// - Returns: the places of what was removed, in document order, for `fieldValidation` Strict and Warn.
    @discardableResult
    public static func prune(_ document: inout JSON, by schema: Schema) -> [FieldPath] {
        var walk = Walk()
        if let pruned = walk.pruned(document, schema) { document = pruned }
        return walk.unknown
    }

    /// The places of the unknown fields of a document that is left as it is.
    public static func unknownFields(of document: JSON, by schema: Schema) -> [FieldPath] {
        var walk = Walk()
        _ = walk.pruned(document, schema)
        return walk.unknown
    }

    private struct Walk {
        var unknown: [FieldPath] = []
        private var path = FieldPath()

        /// Nil where nothing is removed.
        mutating func pruned(_ value: JSON, _ schema: Schema) -> JSON? {
            switch value {
            case .object(let object):
                // An object where the schema wants something else is for validation to refuse, whole.
                guard schema.type == .object || schema.type == nil, !schema.isIntOrString else { return nil }
                return pruned(object, schema).map { .object($0) }
            case .array(let items):
                guard let itemSchema = schema.items else { return nil }
                var result: [JSON]?
                for (index, item) in items.enumerated() {
                    path.steps.append(.index(index))
                    defer { path.steps.removeLast() }
                    guard let changed = pruned(item, itemSchema) else { continue }
                    if result == nil { result = items }
                    result?[index] = changed
                }
                return result.map { .array($0) }
            default: return nil
            }
        }

        private mutating func pruned(_ object: JSONObject, _ schema: Schema) -> JSONObject? {
            var changed: [String: JSON] = [:]
            var dropped: Set<String> = []
            for (name, value) in object {
                guard let field = schema.member(name) else {
                    if schema.keepsUnknown { continue }
                    if unknown.count < SchemaPruning.maximumReported { unknown.append(path.field(name)) }
                    dropped.insert(name)
                    continue
                }
                path.steps.append(schema.fields[name] == nil && schema.additional != nil ? .key(name) : .field(name))
                defer { path.steps.removeLast() }
                if let pruned = pruned(value, field) { changed[name] = pruned }
            }
            if changed.isEmpty && dropped.isEmpty { return nil }
            // One pass: removing many keys one by one from an ordered dictionary is quadratic.
            var result = JSONObject(minimumCapacity: object.count - dropped.count)
            for (name, value) in object where !dropped.contains(name) { result[name] = changed[name] ?? value }
            return result
        }
    }
}

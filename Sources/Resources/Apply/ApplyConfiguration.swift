import Core

/// The body of a server-side apply: what a manager wants, and nothing else.
struct ApplyConfiguration {
    /// Without what cannot be applied: fields outside the scope, metadata that the server keeps, and nulls where the schema allows none. A resource
    /// version or uid stays, for the store to compare.
    let document: JSON

    /// - Throws: `MonoflowError.invalidArgument` whose subject is the path of what is wrong.
    init(_ patch: JSON, _ schema: Schema?, by writer: FieldWriter) throws(MonoflowError) {
        guard case .object(var object) = patch else { throw Self.error(FieldPath(), "expected an object, got \(patch.kindName)") }
        for name in ["apiVersion", "kind"] {
            guard let text = object[name]?.stringValue, !text.isEmpty else { throw Self.error(FieldPath().field(name), "is required to apply an object") }
        }
        guard object["apiVersion"] == .string(writer.apiVersion) else {
            throw Self.error(FieldPath().field("apiVersion"), "must be \"\(writer.apiVersion)\", the version of the request")
        }
        if let metadata = object["metadata"], !metadata.isNull {
            guard case .object(var fields) = metadata else {
                throw Self.error(FieldPath().field("metadata"), "expected an object, got \(metadata.kindName)")
            }
            if let managed = fields["managedFields"], !managed.isNull, managed != [] {
                throw Self.error(FieldPath().field("metadata").field("managedFields"), "must be nil in an object to apply")
            }
            fields.removeAll { DocumentPlace.metadata.omits($0.key) && (!Self.identity.contains($0.key) || $0.value.isNull) }
            object["metadata"] = .object(fields)
        } else {
            object["metadata"] = nil
        }
        let root = DocumentPlace.root(writer.scope)
        object.removeAll { root.omits($0.key) && $0.key != "apiVersion" && $0.key != "kind" && $0.key != "metadata" }
        if writer.scope == .statusOnly, case .object(let metadata)? = object["metadata"] {
            object["metadata"] = .object(metadata.filter { Self.identity.contains($0.key) })
        }
        document = .object(try Self.checked(object, schema, FieldPath(), depth: 0, root))
    }

    private static let identity: Set<String> = ["name", "namespace", "uid", "resourceVersion"]

    private static func error(_ path: FieldPath, _ message: String) -> MonoflowError {
        MonoflowError(.invalidArgument, "apply", path.description, message)
    }

    private static func checked(
        _ object: JSONObject, _ schema: Schema?, _ path: FieldPath, depth: Int, _ place: DocumentPlace
    ) throws(MonoflowError) -> JSONObject {
        var result = JSONObject(minimumCapacity: object.count)
        for (name, value) in object {
            let node = place.schema(of: name, in: schema)
            if value.isNull, let node, !node.isNullable, node.type != nil || node.isIntOrString { continue }
            let inner = schema?.fields[name] == nil && schema?.additional != nil ? path.key(name) : path.field(name)
            result[name] = try checked(value, node, inner, depth: depth + 1, place.below(name))
        }
        return result
    }

    private static func checked(_ value: JSON, _ schema: Schema?, _ path: FieldPath, depth: Int, _ place: DocumentPlace) throws(MonoflowError) -> JSON {
        switch Topology(of: value, schema, depth: depth) {
        case .object(let object): return .object(try checked(object, schema, path, depth: depth, place))
        case .keyed(let items, let keys):
            var seen: [PathElement: Int] = [:], result: [JSON] = []
            for (index, item) in items.enumerated() {
                let place = path.index(index)
                try check(item, keys: keys, schema?.items, place)
                if let other = seen.updateValue(index, forKey: Topology.element(of: item, keys: keys, schema?.items)) {
                    throw error(place, "has the keys of item \(other): \(keys.joined(separator: ", ")) must be unique in the list")
                }
                result.append(try checked(item, schema?.items, place, depth: depth + 1, .below))
            }
            return .array(result)
        case .set(let items):
            var seen: [PathElement: Int] = [:]
            for (index, item) in items.enumerated() {
                if item.isNull { throw error(path.index(index), "must not be null") }
                if let other = seen.updateValue(index, forKey: .value(item)) {
                    throw error(path.index(index), "repeats item \(other) of a list without repetitions")
                }
            }
            return value
        case .leaf: return value
        }
    }

    /// That an item of a keyed list has its keys.
    private static func check(_ item: JSON, keys: [String], _ schema: Schema?, _ path: FieldPath) throws(MonoflowError) {
        guard case .object(let object) = item else {
            throw error(path, item.isNull ? "must not be null" : "expected an object, got \(item.kindName)")
        }
        for key in keys {
            let value = object[key] ?? schema?.field(key)?.fallback ?? .null
            if value.isNull { throw error(path.field(key), "is required: it tells the list's items apart") }
            if !value.isScalar { throw error(path.field(key), "expected a scalar, got \(value.kindName)") }
        }
    }
}

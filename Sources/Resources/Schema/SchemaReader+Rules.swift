import Core

// The rules of structural schemas, as the documentation of CustomResourceDefinitions lists them.
extension SchemaReader {
    private static let unsupported = ["$ref", "definitions", "dependencies", "patternProperties", "additionalItems", "id"]

    /// Below `allOf` and its kin nothing may shape, describe or fill in values: that belongs to the node that they restrict.
    private static let structural = [
        "type", "description", "default", "additionalProperties", "nullable", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string",
        "x-kubernetes-embedded-resource", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type",
    ]

    mutating func refuseForbidden(in object: JSONObject, _ path: FieldPath, _ place: Place) {
        for name in Self.unsupported where present(name, of: object) != nil { report(.forbidden(path.field(name), "\(name) is not supported")) }
        if place.isValue {
            for name in Self.structural where present(name, of: object) != nil && !(name == "type" && place == .valueOfIntOrString) {
                report(.forbidden(path.field(name), "must be empty to be structural"))
            }
        }
        if place == .metadata {
            let extra = object.keys.contains { !["type", "description", "properties"].contains($0) && present($0, of: object) != nil }
            let others = object["properties"]?.objectValue?.keys.contains { $0 != "name" && $0 != "generateName" } ?? false
            if extra || others {
                report(.forbidden(path, "must not specify anything other than name and generateName, but metadata is implicitly specified"))
            }
        }
        if place == .belowMetadata && object["default"] != nil { report(.forbidden(path.field("default"), "must not be set in metadata")) }
        if object["x-kubernetes-preserve-unknown-fields"] == .bool(false) {
            report(.invalid(path.field("x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined"))
        }
        if object["uniqueItems"] == .bool(true) {
            report(.forbidden(path.field("uniqueItems"), "uniqueItems cannot be set to true, x-kubernetes-list-type set tells items apart"))
        }
    }

    mutating func checkStructure(of schema: Schema, _ object: JSONObject, _ path: FieldPath, _ place: Place) {
        if let pattern = schema.checks.pattern {
            do { _ = try LinearPattern(pattern) } catch {
                report(.invalid(path.field("pattern"), .string(pattern), "must be a valid regular expression, but isn't: \(error.message)"))
            }
        }
        if let step = schema.checks.multipleOf, step <= 0 { report(.invalid(path.field("multipleOf"), .double(step), "must be greater than 0")) }
        guard !place.isValue else { return }
        checkType(of: schema, object, path, place)
        checkList(of: schema, path)
        checkResource(schema, path, place)
        for (name, list) in [("allOf", schema.checks.allOf), ("anyOf", schema.checks.anyOf), ("oneOf", schema.checks.oneOf)] {
            for (index, value) in list.enumerated() { checkCompleteness(of: value.schema, path.field(name).index(index), schema, path) }
        }
        for value in schema.checks.not { checkCompleteness(of: value.schema, path.field("not"), schema, path) }
    }

    private mutating func checkType(of schema: Schema, _ object: JSONObject, _ path: FieldPath, _ place: Place) {
        let typePath = path.field("type")
        switch schema.type {
        case nil where place == .root: report(.required(typePath, "must not be empty at the root"))
        case nil where !schema.isIntOrString && !schema.keepsUnknown && place != .metadata && object["type"]?.stringValue?.isEmpty != false:
            report(.required(typePath, place == .item ? "must not be empty for specified array items" : "must not be empty for specified object fields"))
        case .some(let type) where place == .root && type != .object:
            report(.invalid(typePath, .string(type.rawValue), "must be object at the root"))
        case .some(let type) where schema.isIntOrString:
            report(.invalid(typePath, .string(type.rawValue), "must be empty if x-kubernetes-int-or-string is true"))
        case .some(let type) where schema.keepsUnknown && type != .object:
            report(.invalid(typePath, .string(type.rawValue), "must be object if x-kubernetes-preserve-unknown-fields is true"))
        case .some(let type) where type != .object && (!schema.fields.isEmpty || schema.additional != nil):
            report(.invalid(typePath, .string(type.rawValue), "must be object if properties or additionalProperties is specified"))
        case .some(let type) where type != .array && schema.items != nil:
            report(.invalid(typePath, .string(type.rawValue), "must be array if items is specified"))
        default: break
        }
        if schema.isIntOrString && schema.keepsUnknown {
            report(.forbidden(path.field("x-kubernetes-preserve-unknown-fields"), "must not be set together with x-kubernetes-int-or-string"))
        }
        if schema.additional != nil && !schema.fields.isEmpty {
            report(.forbidden(path.field("additionalProperties"), "additionalProperties and properties are mutual exclusive"))
        }
        if schema.additional != nil && place == .root { report(.forbidden(path.field("additionalProperties"), "must not be used at the root")) }
        if schema.type == .array && present("items", of: object) == nil { report(.required(path.field("items"), "must be specified")) }
        if schema.mapType != nil && schema.type != .object {
            report(.invalid(typePath, .string(schema.type?.rawValue ?? ""), "must be object if x-kubernetes-map-type is specified"))
        }
    }

    private mutating func checkList(of schema: Schema, _ path: FieldPath) {
        let typePath = path.field("x-kubernetes-list-type"), keysPath = path.field("x-kubernetes-list-map-keys")
        if schema.listType != nil && schema.type != .array {
            report(.invalid(path.field("type"), .string(schema.type?.rawValue ?? ""), "must be array if x-kubernetes-list-type is specified"))
        }
        if schema.listType == .map && schema.listKeys.isEmpty { report(.required(keysPath, "must not be empty if x-kubernetes-list-type is map")) }
        if schema.listType != .map && !schema.listKeys.isEmpty {
            report(.invalid(typePath, .string(schema.listType?.rawValue ?? ""), "must be map if x-kubernetes-list-map-keys is non-empty"))
        }
        guard let items = schema.items, schema.listType == .map || schema.listType == .set else { return }
        let itemsPath = path.field("items")
        if items.isNullable { report(.forbidden(itemsPath.field("nullable"), "cannot be nullable when x-kubernetes-list-type is set or map")) }
        if schema.listType == .set {
            let isAtomic = items.type == .array ? items.listType == nil || items.listType == .atomic : items.type != .object || items.mapType == .atomic
            if !isAtomic { report(.invalid(itemsPath, .string(items.type?.rawValue ?? ""), "must be atomic as item of a list with x-kubernetes-list-type=set")) }
            return
        }
        if items.type != .object {
            let type = JSON.string(items.type?.rawValue ?? "")
            report(.invalid(itemsPath.field("type"), type, "must be object if parent array's x-kubernetes-list-type is map"))
        }
        var seen: Set<String> = []
        for (index, key) in schema.listKeys.enumerated() {
            if !seen.insert(key).inserted { report(.duplicate(keysPath.index(index), .string(key))) }
            guard let field = items.fields[key] else {
                report(.invalid(keysPath.index(index), .string(key), "must be the name of a property of the items"))
                continue
            }
            let keyPath = itemsPath.field("properties").key(key)
            if field.type == .object || field.type == .array {
                report(.invalid(keyPath.field("type"), .string(field.type?.rawValue ?? ""), "must be a scalar type if parent array's x-kubernetes-list-type is map"))
            }
            if field.fallback == nil && !items.required.contains(key) {
                report(.required(keyPath.field("default"), "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"))
            }
        }
    }

    private mutating func checkResource(_ schema: Schema, _ path: FieldPath, _ place: Place) {
        if schema.isEmbeddedResource && schema.type != .object {
            report(.invalid(path.field("type"), .string(schema.type?.rawValue ?? ""), "must be object if x-kubernetes-embedded-resource is true"))
        }
        if schema.isEmbeddedResource && schema.fields.isEmpty && !schema.keepsUnknown {
            report(.required(path.field("properties"), "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"))
        }
        guard place == .root || schema.isEmbeddedResource else { return }
        for (name, type) in [("apiVersion", Schema.ValueType.string), ("kind", .string), ("metadata", .object)] {
            guard let field = schema.fields[name], field.type != type else { continue }
            report(.invalid(path.field("properties").key(name).field("type"), .string(field.type?.rawValue ?? ""), "must be \(type.rawValue)"))
        }
    }

    /// What `allOf` and its kin restrict has to be declared by the node itself: by it alone values are pruned and filled in.
    private mutating func checkCompleteness(of value: Schema, _ valuePath: FieldPath, _ schema: Schema, _ path: FieldPath) {
        for (name, field) in value.fields {
            let fieldPath = path.field("properties").key(name), inner = valuePath.field("properties").key(name)
            if let own = schema.fields[name] { checkCompleteness(of: field, inner, own, fieldPath) } else {
                report(.required(fieldPath, "because it is defined in \(inner)"))
            }
        }
        if let items = value.items {
            if let own = schema.items { checkCompleteness(of: items, valuePath.field("items"), own, path.field("items")) } else {
                report(.required(path.field("items"), "because it is defined in \(valuePath.field("items"))"))
            }
        }
        for (name, list) in [("allOf", value.checks.allOf), ("anyOf", value.checks.anyOf), ("oneOf", value.checks.oneOf), ("not", value.checks.not)] {
            for (index, inner) in list.enumerated() { checkCompleteness(of: inner.schema, valuePath.field(name).index(index), schema, path) }
        }
    }

    mutating func checkFallback(of schema: Schema, _ path: FieldPath) {
        guard var fallback = schema.fallback else { return }
        let path = path.field("default")
        if fallback.isNull && !schema.isNullable {
            report(.invalid(path, .null, "must not be null where nullable is not true"))
            return
        }
        for unknown in SchemaPruning.unknownFields(of: fallback, by: schema) {
            report(.invalid(FieldPath(path.steps + unknown.steps), fallback, "must not have unknown fields"))
        }
        SchemaDefaults.fill(&fallback, by: schema)
        for error in SchemaValidation(schema).errors(of: fallback, at: path) { report(error) }
    }
}

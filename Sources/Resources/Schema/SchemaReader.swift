import Core
import OrderedCollections

/// Reads an OpenAPI v3 schema of a CustomResourceDefinition (`schema.openAPIV3Schema`) into schema nodes and holds it to the rules of structural schemas.
/// `x-kubernetes-validations` (CEL) is not evaluated; whether there is any is told, so that the server can say so. `title`, `example`, `externalDocs` and
/// keywords that neither Kubernetes nor we know are passed over.
public struct SchemaReader {
    public struct Reading: Sendable {
        public let schema: Schema
        /// Some node has `x-kubernetes-validations`, which nothing here checks.
        public let hasRules: Bool
    }

    /// Schemas below one another at most.
    public static let maximumDepth = 100
    /// Errors that are collected at most.
    public static let maximumErrors = 100

    /// Where a node stands, which decides what it may say.
    enum Place {
        case root, field, item
        /// `metadata` of a resource, and what is below it: only checks of `name` and `generateName`.
        case metadata, belowMetadata
        /// Below `allOf`, `anyOf`, `oneOf` or `not`: only checks. The second form may name the types of an int-or-string.
        case value, valueOfIntOrString

        var isValue: Bool { self == .value || self == .valueOfIntOrString }
    }

    var errors: [FieldError] = []
    private var hasRules = false

    /// - Parameter path: where the schema stands in its document, for the errors' paths.
    /// - Throws: what breaks the rules, at most `maximumErrors`.
    public static func read(_ json: JSON, at path: FieldPath = FieldPath()) throws(FieldErrors) -> Reading {
        var reader = SchemaReader()
        let schema = reader.node(json, path, .root, depth: 1)
        guard reader.errors.isEmpty else { throw FieldErrors(reader.errors) }
        return Reading(schema: schema, hasRules: reader.hasRules)
    }

    mutating func report(_ error: FieldError) { if errors.count < Self.maximumErrors { errors.append(error) } }

    mutating func node(_ json: JSON, _ path: FieldPath, _ place: Place, depth: Int) -> Schema {
        guard case .object(let object) = json else {
            report(.wrongType(path, json, "object"))
            return Schema(nil)
        }
        guard depth <= Self.maximumDepth else {
            report(FieldError(path, .tooMany, "Invalid value: schemas are nested deeper than \(Self.maximumDepth)"))
            return Schema(nil)
        }
        let before = errors.count
        refuseForbidden(in: object, path, place)
        if let rules = object["x-kubernetes-validations"], !rules.isNull { hasRules = true }
        let type = self.type(of: object, path)
        let isIntOrString = bool("x-kubernetes-int-or-string", of: object, path)
        let isEmbedded = bool("x-kubernetes-embedded-resource", of: object, path)
        let fields = properties(of: object, path, place, isResource: place == .root || isEmbedded, depth: depth)
        let strategy = string("x-kubernetes-patch-strategy", of: object, path)
        let patchKey = string("x-kubernetes-patch-merge-key", of: object, path)
        let schema = Schema(
            type, description: string("description", of: object, path) ?? "", fields: fields, additional: additional(of: object, path, place, depth: depth),
            items: items(of: object, path, place, depth: depth), required: strings("required", of: object, path), fallback: object["default"],
            isNullable: bool("nullable", of: object, path), isIntOrString: isIntOrString,
            keepsUnknown: bool("x-kubernetes-preserve-unknown-fields", of: object, path), isEmbeddedResource: isEmbedded,
            listType: choice("x-kubernetes-list-type", of: object, path), listKeys: strings("x-kubernetes-list-map-keys", of: object, path),
            mapType: choice("x-kubernetes-map-type", of: object, path), patchKey: patchKey,
            mergesAsSet: patchKey == nil && strategy?.split(separator: ",").contains("merge") == true,
            checks: checks(of: object, path, isIntOrString ? .valueOfIntOrString : .value, depth: depth))
        checkStructure(of: schema, object, path, place)
        // A default is judged by a node that is itself right.
        if errors.count == before { checkFallback(of: schema, path) }
        return schema
    }

    private mutating func properties(
        of object: JSONObject, _ path: FieldPath, _ place: Place, isResource: Bool, depth: Int
    ) -> OrderedDictionary<String, Schema> {
        guard let json = present("properties", of: object) else { return [:] }
        let path = path.field("properties")
        guard case .object(let members) = json else {
            report(.wrongType(path, json, "object"))
            return [:]
        }
        var fields = OrderedDictionary<String, Schema>(minimumCapacity: members.count)
        for (name, member) in members {
            let below: Place = place.isValue ? .value : place == .metadata || place == .belowMetadata ? .belowMetadata
                : isResource && name == "metadata" ? .metadata : .field
            fields[name] = node(member, path.key(name), below, depth: depth + 1)
        }
        return fields
    }

    private mutating func additional(of object: JSONObject, _ path: FieldPath, _ place: Place, depth: Int) -> Schema? {
        guard let json = present("additionalProperties", of: object) else { return nil }
        let path = path.field("additionalProperties")
        switch json {
        case .bool(true): return Schema(nil, keepsUnknown: true)
        case .bool(false):
            report(.forbidden(path, "additionalProperties cannot be set to false"))
            return nil
        default: return node(json, path, place.isValue ? .value : place == .belowMetadata ? .belowMetadata : .field, depth: depth + 1)
        }
    }

    private mutating func items(of object: JSONObject, _ path: FieldPath, _ place: Place, depth: Int) -> Schema? {
        guard let json = present("items", of: object) else { return nil }
        let path = path.field("items")
        if case .array = json {
            report(.forbidden(path, "items must be a schema object and not an array"))
            return nil
        }
        return node(json, path, place.isValue ? .value : .item, depth: depth + 1)
    }

    private mutating func checks(of object: JSONObject, _ path: FieldPath, _ place: Place, depth: Int) -> SchemaChecks {
        var checks = SchemaChecks()
        checks.allowed = list("enum", of: object, path)
        checks.format = string("format", of: object, path)
        checks.pattern = string("pattern", of: object, path)
        checks.minimum = number("minimum", of: object, path)
        checks.maximum = number("maximum", of: object, path)
        checks.exclusiveMinimum = bool("exclusiveMinimum", of: object, path)
        checks.exclusiveMaximum = bool("exclusiveMaximum", of: object, path)
        checks.multipleOf = number("multipleOf", of: object, path)
        checks.minLength = count("minLength", of: object, path)
        checks.maxLength = count("maxLength", of: object, path)
        checks.minItems = count("minItems", of: object, path)
        checks.maxItems = count("maxItems", of: object, path)
        checks.uniqueItems = bool("uniqueItems", of: object, path)
        checks.minProperties = count("minProperties", of: object, path)
        checks.maxProperties = count("maxProperties", of: object, path)
        checks.allOf = alternatives("allOf", of: object, path, place, depth: depth)
        checks.anyOf = alternatives("anyOf", of: object, path, place, depth: depth)
        checks.oneOf = alternatives("oneOf", of: object, path, place, depth: depth)
        if let not = present("not", of: object) { checks.not = [SchemaAlternative(node(not, path.field("not"), .value, depth: depth + 1))] }
        return checks
    }

    private mutating func alternatives(_ name: String, of object: JSONObject, _ path: FieldPath, _ place: Place, depth: Int) -> [SchemaAlternative] {
        list(name, of: object, path).enumerated().map { index, json in
            SchemaAlternative(node(json, path.field(name).index(index), place, depth: depth + 1))
        }
    }
}

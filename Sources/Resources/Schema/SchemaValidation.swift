import Core

/// A schema made ready to judge documents: its patterns are compiled once, here. A value to keep beside the schema and to share.
public struct SchemaValidation: Sendable {
    /// Errors that are told at most; the search ends there.
    public static let maximumErrors = 100
    /// Bytes of a string that a pattern is matched against at most; a longer one is refused.
    public static let maximumPatternInput = 65_536

    public let schema: Schema
    let patterns: [ObjectIdentifier: LinearPattern]
    private let confidential: Set<String>

    /// A pattern that does not compile is not checked; `SchemaReader` refuses such a schema beforehand.
    /// - Parameter confidential: top-level fields whose values no error shows.
    public init(_ schema: Schema, confidential: Set<String> = []) {
        self.schema = schema
        self.confidential = confidential
        var compiled: [String: LinearPattern] = [:], patterns: [ObjectIdentifier: LinearPattern] = [:], seen: Set<ObjectIdentifier> = []
        var pending = [schema]
        while let node = pending.popLast() {
            guard seen.insert(ObjectIdentifier(node)).inserted else { continue }
            if let text = node.checks.pattern, let pattern = try? compiled[text] ?? LinearPattern(text) {
                compiled[text] = pattern
                patterns[ObjectIdentifier(node)] = pattern
            }
            pending += node.fields.values
            pending += node.alternatives.map(\.schema)
            if let items = node.items { pending.append(items) }
            if let additional = node.additional { pending.append(additional) }
        }
        self.patterns = patterns
    }

    /// What is wrong with a document, in document order; empty where it holds to the schema.
    /// - Parameter path: where the document stands, for the errors' paths.
    public func errors(of document: JSON, at path: FieldPath = FieldPath()) -> [FieldError] {
        var walk = SchemaWalk(patterns: patterns, path: path, limit: Self.maximumErrors, confidential: confidential)
        walk.check(document, schema)
        return walk.errors
    }
}

/// One pass over a document.
struct SchemaWalk {
    let patterns: [ObjectIdentifier: LinearPattern]
    /// Of the value that is being judged; grows and shrinks in place.
    var path: FieldPath
    let limit: Int
    private(set) var errors: [FieldError] = []
    private let confidential: Set<String>
    /// Whether the value that is being judged is, or holds, one that no error may show.
    private var hides: Bool
    private let root: Int

    init(patterns: [ObjectIdentifier: LinearPattern], path: FieldPath, limit: Int, confidential: Set<String> = []) {
        self.confidential = confidential
        hides = !confidential.isEmpty
        root = path.steps.count
        self.patterns = patterns
        self.path = path
        self.limit = limit
    }

    mutating func report(_ error: FieldError) { if errors.count < limit { errors.append(error) } }

    /// A value as errors may show it.
    func shown(_ value: JSON) -> JSON { hides ? FieldError.hidden : value }

    mutating func check(_ value: JSON, _ schema: Schema) {
        guard errors.count < limit else { return }
        if value.isNull && schema.isNullable { return }
        guard hasType(value, schema) else {
            report(.wrongType(path, value, schema.isIntOrString ? "integer,string" : schema.type?.rawValue ?? ""))
            return
        }
        if !schema.checks.allowed.isEmpty { checkAllowed(value, schema.checks.allowed) }
        switch value {
        case .string(let text): check(text, schema)
        case .int, .double: checkNumber(value, schema)
        case .array(let items): check(items, schema)
        case .object(let object): check(object, schema)
        case .null, .bool: break
        }
        checkAlternatives(value, schema)
    }

    private func hasType(_ value: JSON, _ schema: Schema) -> Bool {
        switch (schema.type, value) {
        case (nil, .string) where schema.isIntOrString: true
        case (nil, _) where schema.isIntOrString: value.intValue != nil
        case (nil, _), (.object, .object), (.array, .array), (.string, .string), (.boolean, .bool), (.number, .int), (.number, .double): true
        case (.integer, _): value.intValue != nil
        default: false
        }
    }

    private mutating func check(_ object: JSONObject, _ schema: Schema) {
        for name in schema.required where object[name] == nil { report(.required(path.field(name))) }
        if schema.isEmbeddedResource { checkResource(object, schema) }
        if let least = schema.checks.minProperties, object.count < least {
            report(.invalid(path, shown(.object(object)), "\(path) in body should have at least \(least) properties"))
        }
        if let most = schema.checks.maxProperties, object.count > most { report(.tooMany(path, object.count, most)) }
        if schema.fields.isEmpty && schema.additional == nil && !schema.isEmbeddedResource { return }
        for (name, value) in object {
            guard let field = schema.member(name) else { continue }
            let isTop = path.steps.count == root && !confidential.isEmpty
            if isTop { hides = confidential.contains(name) }
            path.steps.append(schema.fields[name] == nil && schema.additional != nil ? .key(name) : .field(name))
            check(value, field)
            path.steps.removeLast()
            // The document itself holds what is confidential.
            if isTop { hides = true }
            if errors.count >= limit { return }
        }
    }

    private mutating func checkResource(_ object: JSONObject, _ schema: Schema) {
        for name in ["apiVersion", "kind"] where !schema.required.contains(name) {
            switch object[name] {
            case nil, .null: report(.required(path.field(name), "must not be empty"))
            case .string(""): report(.required(path.field(name), "must not be empty"))
            default: break
            }
        }
    }

    private mutating func check(_ items: [JSON], _ schema: Schema) {
        if let least = schema.checks.minItems, items.count < least {
            report(.invalid(path, .int(Int64(items.count)), "\(path) in body should have at least \(least) items"))
        }
        if let most = schema.checks.maxItems, items.count > most { report(.tooMany(path, items.count, most)) }
        if schema.checks.uniqueItems && Set(items).count < items.count {
            report(.invalid(path, shown(.array(items)), "\(path) in body shouldn't contain duplicates"))
        }
        if let itemSchema = schema.items {
            for (index, item) in items.enumerated() {
                path.steps.append(.index(index))
                check(item, itemSchema)
                path.steps.removeLast()
                if errors.count >= limit { return }
            }
        }
        switch schema.listType {
        case .set: checkSet(items)
        case .map: checkMap(items, schema)
        case .atomic, nil: break
        }
    }

    private mutating func checkSet(_ items: [JSON]) {
        var seen = Set<JSON>(minimumCapacity: items.count)
        for (index, item) in items.enumerated() where !seen.insert(item).inserted { report(.duplicate(path.index(index), shown(item))) }
    }

    /// Items without one of the keys are told by `required`, not here.
    private mutating func checkMap(_ items: [JSON], _ schema: Schema) {
        var seen = Set<[JSON]>(minimumCapacity: items.count)
        for (index, item) in items.enumerated() {
            guard case .object(let object) = item else { continue }
            let keys = schema.listKeys.compactMap { object[$0] ?? schema.items?.fields[$0]?.fallback }
            guard keys.count == schema.listKeys.count, !seen.insert(keys).inserted else { continue }
            report(.duplicate(path.index(index), shown(.object(JSONObject(uniqueKeysWithValues: zip(schema.listKeys, keys))))))
        }
    }

    private func holds(_ value: JSON, _ alternative: SchemaAlternative) -> Bool {
        var walk = SchemaWalk(patterns: patterns, path: FieldPath(), limit: 1)
        walk.check(value, alternative.schema)
        return walk.errors.isEmpty
    }

    private mutating func checkAlternatives(_ value: JSON, _ schema: Schema) {
        for alternative in schema.checks.allOf { check(value, alternative.schema) }
        if !schema.checks.anyOf.isEmpty && !schema.checks.anyOf.contains(where: { holds(value, $0) }) {
            report(.invalid(path, shown(value), "\"\(path)\" must validate at least one schema (anyOf)"))
        }
        if !schema.checks.oneOf.isEmpty {
            let count = schema.checks.oneOf.reduce(0) { $0 + (holds(value, $1) ? 1 : 0) }
            let found = count == 0 ? "Found none valid" : "Found \(count) valid alternatives"
            if count != 1 { report(.invalid(path, shown(value), "\"\(path)\" must validate one and only one schema (oneOf). \(found)")) }
        }
        for alternative in schema.checks.not where holds(value, alternative) {
            report(.invalid(path, shown(value), "\"\(path)\" must not validate the schema (not)"))
        }
    }
}

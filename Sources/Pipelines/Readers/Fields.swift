import Core

/// Reads one object and knows which of its keys were read, so that nothing in a definition is ignored in
/// silence: `finish()` refuses what is left, naming its place.
final class Fields {
    let object: JSONObject
    /// E.g. `spec.templates[2] (train).container`.
    let path: String
    private var unread: Set<String>

    init(_ value: JSON, path: String) throws {
        guard case .object(let object) = value else {
            throw MonoflowError(.invalidArgument, "read pipeline", path, "must be an object, not \(value.kindName)")
        }
        self.object = object
        self.path = path
        unread = Set(object.keys)
    }

    func place(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    func fail(_ key: String, _ message: String, code: MonoflowError.Code = .invalidArgument, hint: String? = nil) -> MonoflowError {
        MonoflowError(code, "read pipeline", key.isEmpty ? path : place(key), message, hint: hint)
    }

    /// The value; null counts as absent.
    func take(_ key: String) -> JSON? {
        unread.remove(key)
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    func string(_ key: String) throws -> String? {
        guard let value = take(key) else { return nil }
        guard let text = value.stringValue else { throw fail(key, "must be text, not \(value.kindName)") }
        return text
    }

    /// Text, or a number or boolean as text, as Kubernetes' IntOrString fields allow.
    func scalarText(_ key: String) throws -> String? {
        guard let value = take(key) else { return nil }
        switch value {
        case .string(let text): return text
        case .int, .double, .bool: return value.text()
        default: throw fail(key, "must be text, not \(value.kindName)")
        }
    }

    func required(_ key: String) throws -> String {
        guard let text = try string(key), !text.isEmpty else { throw fail(key, "is missing") }
        return text
    }

    /// Text without Argo's placeholders.
    func literal(_ key: String) throws -> String? { try string(key).map { try ArgoText.literal($0, path: place(key)) } }

    func number(_ key: String) throws -> Double? {
        guard let value = take(key) else { return nil }
        guard let number = value.doubleValue else { throw fail(key, "must be a number, not \(value.kindName)") }
        return number
    }

    func bool(_ key: String) throws -> Bool? {
        guard let value = take(key) else { return nil }
        guard let flag = value.boolValue else { throw fail(key, "must be true or false, not \(value.kindName)") }
        return flag
    }

    func integer(_ key: String) throws -> Int? {
        guard let value = take(key) else { return nil }
        if let number = value.intValue ?? value.stringValue.flatMap(Int64.init) { return Int(number) }
        throw fail(key, "must be a whole number, not \(value.kindName)")
    }

    /// A whole number that is not negative.
    func count(_ key: String) throws -> Int? {
        guard let number = try integer(key) else { return nil }
        guard number >= 0 else { throw fail(key, "must not be negative") }
        return number
    }

    func list(_ key: String) throws -> [JSON] {
        guard let value = take(key) else { return [] }
        guard let items = value.arrayValue else { throw fail(key, "must be a list, not \(value.kindName)") }
        return items
    }

    func texts(_ key: String) throws -> [String]? {
        guard take(key) != nil else { return nil }
        return try list(key).enumerated().map { index, item in
            switch item {
            case .string(let text): return text
            case .int, .double, .bool: return item.text()
            default: throw fail("\(key)[\(index)]", "must be text, not \(item.kindName)")
            }
        }
    }

    func fields(_ key: String) throws -> Fields? {
        try take(key).map { try Fields($0, path: place(key)) }
    }

    /// The members of an object-valued key, in order.
    func members(_ key: String) throws -> [(name: String, value: JSON, path: String)] {
        guard let value = take(key) else { return [] }
        guard let object = value.objectValue else { throw fail(key, "must be an object, not \(value.kindName)") }
        return object.map { ($0.key, $0.value, place(key) + "." + $0.key) }
    }

    /// Each element as an object with its own place; `name` adds the element's own name to it.
    func objects(_ key: String, naming name: String? = "name") throws -> [Fields] {
        try list(key).enumerated().map { index, item in
            let label = name.flatMap { item[$0]?.stringValue }.map { " (\($0))" } ?? ""
            return try Fields(item, path: "\(place(key))[\(index)]\(label)")
        }
    }

    /// Keys that say nothing about what runs.
    func ignore(_ keys: String...) { unread.subtract(keys) }

    /// Keys that are kept with the definition but that this server has no use for: each present one is noted.
    func note(_ keys: [String], _ reason: String, into notes: inout [String]) {
        for key in keys where take(key) != nil { notes.append("\(place(key)): \(reason)") }
    }

    /// - Throws: `unimplemented` that names the first key which nothing read.
    func finish() throws {
        // Compilers write empty containers where nothing was asked for.
        func isEmpty(_ value: JSON) -> Bool { value.isNull || value == .array([]) || value == .object([:]) || value == .string("") }
        guard !unread.isEmpty, let (key, _) = object.first(where: { unread.contains($0.key) && !isEmpty($0.value) }) else { return }
        throw fail(key, "is not supported yet", code: .unimplemented, hint: "remove it, or see docs/PIPELINES.md for what is")
    }
}

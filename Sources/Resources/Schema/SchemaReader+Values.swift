import Core

// Typed members of a schema's JSON: absent and null are the same, another kind of value is an error.
extension SchemaReader {
    func present(_ name: String, of object: JSONObject) -> JSON? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    mutating func string(_ name: String, of object: JSONObject, _ path: FieldPath) -> String? {
        guard let value = present(name, of: object) else { return nil }
        if value.stringValue == nil { report(.wrongType(path.field(name), value, "string")) }
        return value.stringValue
    }

    mutating func bool(_ name: String, of object: JSONObject, _ path: FieldPath) -> Bool {
        guard let value = present(name, of: object) else { return false }
        if value.boolValue == nil { report(.wrongType(path.field(name), value, "boolean")) }
        return value.boolValue ?? false
    }

    mutating func number(_ name: String, of object: JSONObject, _ path: FieldPath) -> Double? {
        guard let value = present(name, of: object) else { return nil }
        if value.doubleValue == nil { report(.wrongType(path.field(name), value, "number")) }
        return value.doubleValue
    }

    mutating func count(_ name: String, of object: JSONObject, _ path: FieldPath) -> Int? {
        guard let value = present(name, of: object) else { return nil }
        guard let count = value.intValue else {
            report(.wrongType(path.field(name), value, "integer"))
            return nil
        }
        if count < 0 { report(.invalid(path.field(name), value, "must be greater than or equal to 0")) }
        return Int(count)
    }

    mutating func list(_ name: String, of object: JSONObject, _ path: FieldPath) -> [JSON] {
        guard let value = present(name, of: object) else { return [] }
        if value.arrayValue == nil { report(.wrongType(path.field(name), value, "array")) }
        return value.arrayValue ?? []
    }

    mutating func strings(_ name: String, of object: JSONObject, _ path: FieldPath) -> [String] {
        var result: [String] = []
        for (index, item) in list(name, of: object, path).enumerated() {
            if let text = item.stringValue { result.append(text) } else { report(.wrongType(path.field(name).index(index), item, "string")) }
        }
        return result
    }

    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, of object: JSONObject, _ path: FieldPath) -> Choice? {
        guard let text = string(name, of: object, path) else { return nil }
        let choice = Choice(rawValue: text)
        if choice == nil { report(.notSupported(path.field(name), .string(text), Choice.allCases.map(\.rawValue).sorted())) }
        return choice
    }

    mutating func type(of object: JSONObject, _ path: FieldPath) -> Schema.ValueType? {
        object["type"] == .string("") ? nil : choice("type", of: object, path)
    }
}

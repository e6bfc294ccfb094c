import Core

/// What secrets and config maps have in common: maps of data with keys that can be names of files, of bounded size, which an object can forbid to change.
enum ConfigDataRules {
    /// Bytes of all values and keys together.
    static let maximumBytes = 1 << 20
    private static let maximumKeyBytes = 253

    /// Keys that are no names, and data that is too much.
    static func errors(of document: JSON, _ fields: [String]) -> [FieldError] {
        var errors: [FieldError] = [], bytes = 0
        for field in fields {
            for (key, value) in document[field]?.objectValue ?? [:] {
                bytes += key.utf8.count + (value.stringValue?.utf8.count ?? 0)
                if let problem = problem(ofKey: key) { errors.append(.invalid(FieldPath().field(field).key(key), .string(key), problem)) }
            }
        }
        // Base64 makes four letters of three bytes.
        if bytes > maximumBytes / 3 * 4 + maximumKeyBytes {
            errors.append(FieldError(FieldPath().field(fields[0]), .tooLong, "Too long: may not be more than \(maximumBytes) bytes"))
        }
        return errors
    }

    /// What an object that is `immutable` does not let be done.
    static func changes(of new: JSON, over old: JSON, _ fields: [String]) -> [FieldError] {
        guard old["immutable"]?.boolValue == true else { return [] }
        let message = "field is immutable when `immutable` is set"
        var errors: [FieldError] = []
        if new["immutable"]?.boolValue != true { errors.append(.forbidden(FieldPath().field("immutable"), message)) }
        for field in fields where !members(new, field).isEqualValue(to: members(old, field)) { errors.append(.forbidden(FieldPath().field(field), message)) }
        return errors
    }

    /// No map is an empty one.
    private static func members(_ document: JSON, _ field: String) -> JSON { .object(document[field]?.objectValue ?? [:]) }

    private static func problem(ofKey key: String) -> String? {
        if key.isEmpty { return "a key may not be empty" }
        if key.utf8.count > maximumKeyBytes { return "must be no more than \(maximumKeyBytes) characters" }
        if key == "." || key.hasPrefix("..") { return "may not be '.' and may not begin with '..'" }
        let isGood = key.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
        return isGood ? nil : "a key consists of letters, digits, '-', '_' and '.' (such as 'key.name', 'KEY_NAME' or 'key-name')"
    }
}

/// Rules of config maps beyond their schema.
struct ConfigMapRules: KindRules {
    private static let fields = ["data", "binaryData"]

    func errors(_ change: ResourceChange) -> [FieldError] {
        if change.operation == .remove { return [] }
        var errors = ConfigDataRules.errors(of: change.new, Self.fields)
        let bytes = change.new["binaryData"]?.objectValue ?? [:]
        for (key, _) in change.new["data"]?.objectValue ?? [:] where bytes[key] != nil {
            errors.append(.invalid(FieldPath().field("binaryData").key(key), .string(key), "the key is in `data`, too"))
        }
        if let old = change.old { errors += ConfigDataRules.changes(of: change.new, over: old, Self.fields) }
        return errors
    }
}

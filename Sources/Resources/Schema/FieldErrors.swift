import Core

/// Everything that is wrong with a document, thrown as one.
public struct FieldErrors: Error, Sendable, Equatable, CustomStringConvertible {
    /// In the order in which they were found; never empty where it is thrown.
    public var list: [FieldError]

    public init(_ list: [FieldError]) { self.list = list }

    /// As the `message` of a Kubernetes `Status` shows them: the one error, or all of them in brackets.
    public var description: String {
        list.count == 1 ? list[0].description : "[" + list.map(\.description).joined(separator: ", ") + "]"
    }
}

// The sentences of Kubernetes' field errors, which clients and people know.
extension FieldError {
    /// The field is absent and must not be.
    public static func required(_ path: FieldPath, _ detail: String = "") -> FieldError {
        FieldError(path, .required, detail.isEmpty ? "Required value" : "Required value: " + detail)
    }

    /// The value is of the right kind and wrong all the same.
    public static func invalid(_ path: FieldPath, _ value: JSON, _ detail: String) -> FieldError {
        FieldError(path, .invalid, "Invalid value: \(shown(value)): \(detail)")
    }

    /// The value is none of those that the field knows.
    public static func notSupported(_ path: FieldPath, _ value: JSON, _ supported: [String]) -> FieldError {
        let words = supported.map { "\"\($0)\"" }.joined(separator: ", ")
        return FieldError(path, .notSupported, "Unsupported value: \(shown(value))" + (words.isEmpty ? "" : ": supported values: \(words)"))
    }

    /// The field may not be set here.
    public static func forbidden(_ path: FieldPath, _ detail: String) -> FieldError { FieldError(path, .forbidden, "Forbidden: " + detail) }

    /// The value is there twice where each may be there once.
    public static func duplicate(_ path: FieldPath, _ value: JSON) -> FieldError { FieldError(path, .duplicate, "Duplicate value: \(shown(value))") }

    /// More members than allowed.
    public static func tooMany(_ path: FieldPath, _ count: Int, _ maximum: Int) -> FieldError {
        FieldError(path, .tooMany, "Too many: \(count): must have at most \(maximum) items")
    }

    /// The value is of another kind than the schema's `type`.
    public static func wrongType(_ path: FieldPath, _ value: JSON, _ type: String) -> FieldError {
        FieldError(path, .typeInvalid, "Invalid value: \"\(value.typeName)\": \(path) in body must be of type \(type): \"\(value.typeName)\"")
    }

    /// Stands for a value that is confidential.
    static let hidden = JSON.string("(not shown)")

    /// A value's compact text, cut where it is long: an error never repeats a document.
    static func shown(_ value: JSON) -> String {
        switch value {
        case .array(let items) where items.count > 16: return "[… \(items.count) items]"
        case .object(let object) where object.count > 16: return "{… \(object.count) fields}"
        default: break
        }
        let text = value.text()
        return text.utf8.count <= 256 ? text : text.prefix(256) + "…"
    }
}

extension JSON {
    /// The word of JSON Schema for this kind of value.
    var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .int: "integer"
        case .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}

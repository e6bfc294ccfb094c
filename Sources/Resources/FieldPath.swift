/// A place in a document, written as Kubernetes writes it: `spec.containers[0].name`, `metadata.labels[a.b/c]`.
public struct FieldPath: Sendable, Hashable, CustomStringConvertible {
    public enum Step: Sendable, Hashable {
        case field(String)
        /// A key of a map with free keys, written in brackets.
        case key(String)
        case index(Int)
    }

    public var steps: [Step]
    public init(_ steps: [Step] = []) { self.steps = steps }

    public func field(_ name: String) -> FieldPath { FieldPath(steps + [.field(name)]) }
    public func key(_ name: String) -> FieldPath { FieldPath(steps + [.key(name)]) }
    public func index(_ index: Int) -> FieldPath { FieldPath(steps + [.index(index)]) }

    public var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .field(let name): text += text.isEmpty ? name : "." + name
            case .key(let name): text += "[\(name)]"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }
}

/// One thing that is wrong with a document, at its place.
public struct FieldError: Sendable, Equatable, CustomStringConvertible {
    /// As `Status.details.causes[].reason` names them.
    public enum Reason: String, Sendable {
        case required = "FieldValueRequired"
        case invalid = "FieldValueInvalid"
        case notSupported = "FieldValueNotSupported"
        case typeInvalid = "FieldValueTypeInvalid"
        case duplicate = "FieldValueDuplicate"
        case tooLong = "FieldValueTooLong"
        case tooMany = "FieldValueTooMany"
        case forbidden = "FieldValueForbidden"
    }

    public var path: FieldPath
    public var reason: Reason
    /// What is wrong, the value included where it is short.
    public var message: String

    public init(_ path: FieldPath, _ reason: Reason, _ message: String) {
        self.path = path
        self.reason = reason
        self.message = message
    }

    public var description: String { "\(path): \(message)" }
}

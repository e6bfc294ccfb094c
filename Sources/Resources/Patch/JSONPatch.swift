import Core

/// JSON Patch (RFC 6902): operations that are applied one after another, all or none of them.
///
/// Errors: `invalidArgument` for a patch that is not one (HTTP 400); `failedPrecondition` where it is one and does not fit the document, be it
/// that a place is absent or a test fails (HTTP 422); `payloadTooLarge` for what would take or grow too much (HTTP 413). Each names the
/// operation's number, counted from 0, and its pointer.
public struct JSONPatch: Sendable, Equatable {
    /// Most operations of a patch.
    public static let maximumOperations = 10_000
    /// What a document may grow to by copying, in bytes of its text, by estimate.
    public static let maximumSize = 16 << 20

    public enum Operation: Sendable, Equatable {
        case add(JSONPointer, JSON)
        case remove(JSONPointer)
        case replace(JSONPointer, JSON)
        case move(from: JSONPointer, to: JSONPointer)
        case copy(from: JSONPointer, to: JSONPointer)
        case test(JSONPointer, JSON)
    }

    public let operations: [Operation]

    public init(operations: [Operation]) { self.operations = operations }

    /// Reads a patch document, which is a list of objects `{"op", "path", "value" or "from"}`; other members are ignored.
    public init(_ document: JSON) throws(MonoflowError) {
        guard case .array(let items) = document else {
            throw MonoflowError(.invalidArgument, "read JSON patch", "", "a patch is a list of operations, not \(document.kindName)")
        }
        guard items.count <= Self.maximumOperations else {
            throw MonoflowError(.payloadTooLarge, "read JSON patch", "", "\(items.count) operations, and at most \(Self.maximumOperations) are allowed")
        }
        var operations: [Operation] = []
        operations.reserveCapacity(items.count)
        for (index, item) in items.enumerated() { operations.append(try Self.operation(item, index)) }
        self.operations = operations
    }

    private static func operation(_ item: JSON, _ index: Int) throws(MonoflowError) -> Operation {
        func error(_ message: String) -> MonoflowError {
            let path = item["path"]?.stringValue.map { " (\(item["op"]?.stringValue ?? "?") \"\($0)\")" } ?? ""
            return MonoflowError(.invalidArgument, "read JSON patch", "operation \(index)\(path)", message)
        }
        guard case .object(let members) = item else { throw error("an operation is an object, not \(item.kindName)") }
        func pointer(_ name: String) throws(MonoflowError) -> JSONPointer {
            guard let member = members[name] else { throw error("\"\(name)\" is missing") }
            guard case .string(let text) = member else { throw error("\"\(name)\" is a string, not \(member.kindName)") }
            do throws(MonoflowError) { return try JSONPointer(text) } catch { throw refused(name, error) }
        }
        func refused(_ name: String, _ cause: MonoflowError) -> MonoflowError { error("\"\(name)\": \(cause.message)") }
        func value() throws(MonoflowError) -> JSON {
            guard let value = members["value"] else { throw error("\"value\" is missing") }
            return value
        }
        guard let op = members["op"] else { throw error("\"op\" is missing") }
        let path = try pointer("path")
        switch op {
        case "add": return .add(path, try value())
        case "replace": return .replace(path, try value())
        case "test": return .test(path, try value())
        case "remove":
            if path.tokens.isEmpty { throw error("the whole document cannot be removed") }
            return .remove(path)
        case "move":
            let from = try pointer("from")
            if from.isProperPrefix(of: path) { throw error("\"\(from)\" cannot be moved into itself") }
            return .move(from: from, to: path)
        case "copy": return .copy(from: try pointer("from"), to: path)
        default: throw error("\"op\" is one of add, remove, replace, move, copy and test, not \(op.kindName == "a string" ? op.text() : op.kindName)")
        }
    }
}

extension JSONPatch.Operation: CustomStringConvertible {
    public var description: String {
        switch self {
        case .add(let path, _): "add \"\(path)\""
        case .remove(let path): "remove \"\(path)\""
        case .replace(let path, _): "replace \"\(path)\""
        case .move(let from, let to): "move \"\(from)\" to \"\(to)\""
        case .copy(let from, let to): "copy \"\(from)\" to \"\(to)\""
        case .test(let path, _): "test \"\(path)\""
        }
    }
}

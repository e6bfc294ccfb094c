import ArgumentParser
import Core

/// How objects are shown.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    case table, wide, json, yaml, name

    var isTable: Bool { self == .table || self == .wide }
}

/// Documents as text.
enum DocumentText {
    static func render(_ document: JSON, _ format: OutputFormat) throws -> String {
        format == .yaml ? try YAMLText.render(document) : indented(document) + "\n"
    }

    /// JSON with two blanks a level.
    static func indented(_ value: JSON, _ depth: Int = 0) -> String {
        let inner = String(repeating: "  ", count: depth + 1), outer = String(repeating: "  ", count: depth)
        switch value {
        case .array(let items) where !items.isEmpty:
            return "[\n" + items.map { inner + indented($0, depth + 1) }.joined(separator: ",\n") + "\n\(outer)]"
        case .object(let members) where !members.isEmpty:
            return "{\n" + members.map { "\(inner)\(JSON.string($0.key).text()): \(indented($0.value, depth + 1))" }.joined(separator: ",\n") + "\n\(outer)}"
        default: return value.text()
        }
    }
}

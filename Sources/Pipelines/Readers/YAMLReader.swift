import Core
import Yams

/// YAML (and so JSON) documents as `JSON`. Aliases are followed within a bound, so that a small text cannot
/// stand for a huge value.
public enum YAMLReader {
    static let maximumNodes = 500_000
    static let maximumDepth = 200
    /// Bytes of all texts once aliases are followed.
    static let maximumBytes = 64 << 20

    /// - Throws: `invalidArgument` that names line and column.
    public static func documents(_ text: String) throws -> [JSON] {
        do {
            var result: [JSON] = []
            // By hand: `for` would iterate over a copy, and the error below would stay in it.
            var nodes = try Yams.compose_all(yaml: text)
            while let node = nodes.next() {
                var budget = (nodes: maximumNodes, bytes: maximumBytes)
                result.append(try convert(node, depth: 0, budget: &budget))
            }
            // The sequence ends at an error without throwing it.
            if let error = nodes.error { throw error }
            return result
        } catch let error as YamlError {
            throw MonoflowError(.invalidArgument, "read YAML", place(error), reason(error))
        }
    }

    private static func convert(_ node: Node, depth: Int, budget: inout (nodes: Int, bytes: Int)) throws -> JSON {
        budget.nodes -= 1
        budget.bytes -= node.scalar?.string.utf8.count ?? 0
        guard budget.nodes > 0, budget.bytes >= 0, depth < maximumDepth else {
            throw MonoflowError(.invalidArgument, "read YAML", mark(node), "too large or too deeply nested once its aliases are followed")
        }
        switch node {
        case .scalar(let scalar): return value(scalar, node)
        case .sequence(let items):
            return .array(try items.map { try convert($0, depth: depth + 1, budget: &budget) })
        case .mapping(let pairs):
            var object = JSONObject(minimumCapacity: pairs.count)
            for (key, value) in pairs {
                guard let name = key.scalar?.string else {
                    throw MonoflowError(.invalidArgument, "read YAML", mark(key), "a mapping's key must be text")
                }
                guard object.updateValue(try convert(value, depth: depth + 1, budget: &budget), forKey: name) == nil else {
                    throw MonoflowError(.invalidArgument, "read YAML", mark(key), "the key \"\(name)\" stands twice")
                }
            }
            return .object(object)
        case .alias: throw MonoflowError(.invalidArgument, "read YAML", mark(node), "an alias without its anchor")
        }
    }

    /// Plain scalars by the core schema as every compiler here writes it (`yes` and `0o7` stay text).
    private static func value(_ scalar: Node.Scalar, _ node: Node) -> JSON {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        switch node.tag.rawValue {
        case Tag.Name.null.rawValue: return .null
        case Tag.Name.bool.rawValue:
            switch scalar.string.lowercased() {
            case "true": return .bool(true)
            case "false": return .bool(false)
            default: return .string(scalar.string)
            }
        case Tag.Name.int.rawValue: return Int64(scalar.string).map { .int($0) } ?? .string(scalar.string)
        case Tag.Name.float.rawValue:
            guard let number = Double(scalar.string), number.isFinite else { return .string(scalar.string) }
            return .double(number)
        default: return .string(scalar.string)
        }
    }

    private static func mark(_ node: Node) -> String {
        node.mark.map { "line \($0.line) column \($0.column)" } ?? ""
    }

    private static func place(_ error: YamlError) -> String {
        switch error {
        case .reader(_, let offset, _, _): offset.map { "byte \($0)" } ?? ""
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            "line \(mark.line) column \(mark.column)"
        case .duplicatedKeysInMapping(let keys, let context): "\(context.mark.line): \(keys)"
        default: ""
        }
    }

    private static func reason(_ error: YamlError) -> String {
        switch error {
        case .reader(let problem, _, _, _): "malformed YAML: \(problem)"
        case .scanner(_, let problem, _, _), .parser(_, let problem, _, _), .composer(_, let problem, _, _): "malformed YAML: \(problem)"
        case .duplicatedKeysInMapping(let keys, _): "malformed YAML: keys that stand twice: \(keys)"
        default: "malformed YAML: \(error)"
        }
    }
}

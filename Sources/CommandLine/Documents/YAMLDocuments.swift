import Core
import Yams

/// The documents of a YAML text with the lines of their fields.
enum YAMLDocuments {
    static let maximumNodes = 500_000
    static let maximumDepth = 200

    /// Empty documents are left out. - Throws: `failedPrecondition` that names the file, the document and the line.
    static func read(_ text: String, file: String) throws(MonoflowError) -> [SourceDocument] {
        var found: [SourceDocument] = [], number = 0
        do {
            // By hand: `for` would iterate over a copy, and the error below would stay in it.
            var nodes = try Yams.compose_all(yaml: text)
            while let node = nodes.next() {
                number += 1
                var reader = Reader(file: file, number: number)
                let (json, lines) = try reader.convert(node, depth: 0)
                if json == .null { continue }
                found.append(SourceDocument(json: json, place: DocumentPlace(file: file, number: number, line: node.mark?.line), lines: lines))
            }
            // The sequence ends at an error without throwing it.
            if let error = nodes.error { throw error }
            return found
        } catch let error as YamlError {
            let (line, problem) = explain(error)
            let place = "\(file): document \(number + 1)" + (line.map { ", line \($0)" } ?? "")
            throw MonoflowError(.failedPrecondition, "", place, "malformed YAML: \(problem)")
        } catch {
            throw MonoflowError.wrap(error, "read YAML", file)
        }
    }

    private static func explain(_ error: YamlError) -> (line: Int?, problem: String) {
        switch error {
        case .reader(let problem, _, _, _): (nil, problem)
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _): (mark.line, problem)
        case .duplicatedKeysInMapping(let keys, let context): (context.mark.line, "keys that stand twice: \(keys)")
        default: (nil, "\(error)")
        }
    }

    private struct Reader {
        let file: String
        let number: Int
        /// Aliases are followed within this, so that a small text cannot stand for a huge value.
        private var budget = YAMLDocuments.maximumNodes

        init(file: String, number: Int) {
            self.file = file
            self.number = number
        }

        private func wrong(_ node: Node, _ message: String) -> MonoflowError {
            MonoflowError(.failedPrecondition, "", "\(file): document \(number)" + (node.mark.map { ", line \($0.line)" } ?? ""), message)
        }

        mutating func convert(_ node: Node, depth: Int) throws(MonoflowError) -> (JSON, FieldLines) {
            budget -= 1
            guard budget > 0, depth < YAMLDocuments.maximumDepth else { throw wrong(node, "too large or too deeply nested once its aliases are followed") }
            let line = node.mark?.line ?? 0
            switch node {
            case .scalar(let scalar): return (Self.value(scalar, node), .at(line, members: [:], items: []))
            case .sequence(let nodes):
                var items: [JSON] = [], lines: [FieldLines] = []
                for item in nodes {
                    let (json, place) = try convert(item, depth: depth + 1)
                    items.append(json)
                    lines.append(place)
                }
                return (.array(items), .at(line, members: [:], items: lines))
            case .mapping(let pairs):
                var object = JSONObject(minimumCapacity: pairs.count), lines: [String: FieldLines] = [:]
                for (key, value) in pairs {
                    guard let name = key.scalar?.string else { throw wrong(key, "a mapping's key must be text") }
                    let (json, place) = try convert(value, depth: depth + 1)
                    guard object.updateValue(json, forKey: name) == nil else { throw wrong(key, "the key \"\(name)\" stands twice") }
                    // A field begins where its key stands.
                    if case .at(_, let members, let items) = place { lines[name] = .at(key.mark?.line ?? 0, members: members, items: items) }
                }
                return (.object(object), .at(line, members: lines, items: []))
            case .alias: throw wrong(node, "an alias without its anchor")
            }
        }

        /// Plain scalars by the core schema, as the server reads them (`yes` and `0o7` stay text).
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
    }
}

import Core
import OrderedCollections

/// A path into documents as printer columns, selectable fields and `-o jsonpath` of kubectl write it, parsed once and evaluated often:
/// `.spec.replicas`, `.metadata.labels['app\.kubernetes\.io/name']`, `.items[-1].name`, `.status.conditions[?(@.type=="Ready")].status`.
///
/// Of JSONPath it has members, indices (from the end where negative), `*` and filters that compare with one value. It has no `..`, no slices and no
/// unions.
public struct JSONPath: Sendable, Equatable {
    /// Most steps of a path; documents are not deeper.
    public static let maximumSteps = JSONParser.maximumDepth

    indirect enum Step: Sendable, Equatable {
        case field(String)
        case index(Int)
        case wildcard
        case filter(JSONPathFilter)
    }

    /// As it was written.
    public let text: String
    let steps: [Step]

    /// - Throws: `invalidArgument` that names the character, counted from 1.
    public init(_ text: String) throws(MonoflowError) {
        var parser = JSONPathParser(text)
        steps = try parser.path()
        self.text = text
    }

    init(text: String, steps: [Step]) {
        self.text = text
        self.steps = steps
    }

    /// The names of a path that is nothing but members; nil for others.
    public var fieldNames: [String]? {
        var names: [String] = []
        for step in steps {
            guard case .field(let name) = step else { return nil }
            names.append(name)
        }
        return names
    }

    /// Every value that the path leads to, in the order of the document; empty where there is none.
    public func evaluate(_ document: JSON) -> [JSON] {
        var found: [JSON] = []
        _ = walk(document, steps[...]) { value in
            found.append(value)
            return true
        }
        return found
    }

    /// The first of the values; nil where there is none.
    public func first(in document: JSON) -> JSON? {
        var found: JSON?
        _ = walk(document, steps[...]) { value in
            found = value
            return false
        }
        return found
    }

    /// - Returns: false where `visit` asked to stop.
    private func walk(_ start: JSON, _ steps: ArraySlice<Step>, _ visit: (JSON) -> Bool) -> Bool {
        var value = start
        for place in steps.indices {
            let rest = steps[(place + 1)...]
            switch (steps[place], value) {
            case (.field(let name), .object(let object)):
                guard let next = object[name] else { return true }
                value = next
            case (.index(let index), .array(let items)):
                let position = index < 0 ? index + items.count : index
                guard items.indices.contains(position) else { return true }
                value = items[position]
            case (.wildcard, .array(let items)): return items.allSatisfy { walk($0, rest, visit) }
            case (.wildcard, .object(let object)): return object.values.allSatisfy { walk($0, rest, visit) }
            case (.filter(let filter), .array(let items)): return items.allSatisfy { !filter.accepts($0) || walk($0, rest, visit) }
            default: return true
            }
        }
        return visit(value)
    }
}

/// The condition of `[?(…)]`, of one element of a list.
struct JSONPathFilter: Sendable, Equatable {
    enum Comparison: String, Sendable, CaseIterable {
        case equal = "==", notEqual = "!=", lessOrEqual = "<=", greaterOrEqual = ">=", less = "<", greater = ">"
    }

    /// From the element on.
    let path: JSONPath
    /// Nil: the path has to lead somewhere.
    let condition: Condition?

    struct Condition: Sendable, Equatable {
        let comparison: Comparison
        let value: JSON
    }

    /// An element without the value fulfils no comparison, `!=` neither.
    func accepts(_ element: JSON) -> Bool {
        guard let own = path.first(in: element) else { return false }
        guard let condition else { return true }
        switch condition.comparison {
        case .equal: return own.isEqualValue(to: condition.value)
        case .notEqual: return !own.isEqualValue(to: condition.value)
        case .less: return Self.isLess(own, condition.value)
        case .greater: return Self.isLess(condition.value, own)
        case .lessOrEqual: return own.isEqualValue(to: condition.value) || Self.isLess(own, condition.value)
        case .greaterOrEqual: return own.isEqualValue(to: condition.value) || Self.isLess(condition.value, own)
        }
    }

    /// Values of different kinds have no order.
    private static func isLess(_ a: JSON, _ b: JSON) -> Bool {
        switch (a, b) {
        case (.int(let a), .int(let b)): a < b
        case (.string(let a), .string(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
        default:
            if let a = a.doubleValue, let b = b.doubleValue { a < b } else { false }
        }
    }
}

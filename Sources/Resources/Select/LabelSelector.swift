import Core
import OrderedCollections

/// Which objects a request is about, by their labels: requirements that must all hold. No requirement selects everything; where Kubernetes has an
/// absent selector select nothing, it is up to the caller to tell absent from empty.
public struct LabelSelector: Sendable, Equatable {
    public enum Operator: String, Sendable {
        case `in` = "In"
        /// An object without the label fulfils it too.
        case notIn = "NotIn"
        case exists = "Exists"
        case doesNotExist = "DoesNotExist"
        /// The label is a whole number above the value.
        case greaterThan = "Gt"
        case lessThan = "Lt"
    }

    public struct Requirement: Sendable, Equatable {
        public let key: String
        public let `operator`: Operator
        /// Of `in` and `notIn`: at least one, each once. Of `greaterThan` and `lessThan`: one whole number. Else empty.
        public let values: [String]
        private let lookup: Set<String>?
        private let bound: Int64?

        /// Nothing is checked here: the readers of both forms do that before, and code that makes its own requirements knows what it says.
        public init(_ key: String, _ op: Operator, _ values: [String] = []) {
            self.key = key
            self.operator = op
            let distinct = values.count > 1 ? Array(OrderedSet(values)) : values
            self.values = distinct
            lookup = distinct.count > 8 ? Set(distinct) : nil
            bound = op == .greaterThan || op == .lessThan ? distinct.first.flatMap(Int64.init) : nil
        }

        /// - Parameter label: the label's value; nil where the object has no such label.
        public func matches(_ label: JSON?) -> Bool {
            guard let label else { return self.operator == .notIn || self.operator == .doesNotExist }
            switch self.operator {
            case .exists: return true
            case .doesNotExist: return false
            case .in: return contains(label)
            case .notIn: return !contains(label)
            case .greaterThan, .lessThan:
                guard case .string(let text) = label, let number = Int64(text), let bound else { return false }
                return self.operator == .greaterThan ? number > bound : number < bound
            }
        }

        private func contains(_ label: JSON) -> Bool {
            guard case .string(let text) = label else { return false }
            return lookup?.contains(text) ?? values.contains(text)
        }
    }

    public let requirements: [Requirement]

    public init(requirements: [Requirement] = []) { self.requirements = requirements }

    /// Selects every object.
    public static let everything = LabelSelector()

    public var isEmpty: Bool { requirements.isEmpty }

    /// The requirements that ask for one of some values: what an index of labels can answer.
    public var indexable: [Requirement] { requirements.filter { $0.operator == .in } }

    /// What is left to be checked of an object that was found by `indexable`.
    public var remainder: LabelSelector { LabelSelector(requirements: requirements.filter { $0.operator != .in }) }

    /// - Parameter labels: the object `metadata.labels`; nil or of another kind where there are none.
    public func matches(_ labels: JSON?) -> Bool {
        if requirements.isEmpty { return true }
        guard case .object(let object)? = labels else { return requirements.allSatisfy { $0.matches(nil) } }
        return requirements.allSatisfy { $0.matches(object[$0.key]) }
    }
}

extension LabelSelector: CustomStringConvertible {
    /// The text form, which reads back as the same selector.
    public var description: String {
        requirements.map { requirement in
            let (key, values) = (requirement.key, requirement.values)
            return switch requirement.operator {
            case .in: values.count == 1 ? "\(key)=\(values[0])" : "\(key) in (\(values.joined(separator: ",")))"
            case .notIn: values.count == 1 ? "\(key)!=\(values[0])" : "\(key) notin (\(values.joined(separator: ",")))"
            case .exists: key
            case .doesNotExist: "!" + key
            case .greaterThan: "\(key)>\(values[0])"
            case .lessThan: "\(key)<\(values[0])"
            }
        }.joined(separator: ",")
    }
}

import Core
import Foundation

/// Computes a condition. CEL is strict about types; govaluate compares texts as texts and numbers as numbers.
struct ConditionEvaluator {
    let dialect: ConditionParser.Dialect
    let inputs: [String: JSON]
    let place: String

    static func evaluate(_ text: String, dialect: ConditionParser.Dialect, inputs: [String: JSON] = [:], place: String) throws -> Bool {
        let evaluator = ConditionEvaluator(dialect: dialect, inputs: inputs, place: place)
        let value = try evaluator.value(try ConditionParser.parse(text, dialect: dialect, place: place))
        guard let result = value.boolValue else { throw evaluator.error("\"\(text)\" is \(value.kindName), not true or false") }
        return result
    }

    private func error(_ message: String) -> MonoflowError { MonoflowError(.invalidArgument, "evaluate condition", place, message) }

    func value(_ node: ConditionNode) throws -> JSON {
        switch node {
        case .literal(let literal): return literal
        case .input(let name):
            guard let value = inputs[name] else { throw error("there is no input \"\(name)\"") }
            return value
        case .call(let function, let arguments): return try call(function, try value(arguments[0]))
        case .not(let inner): return .bool(try !bool(value(inner)))
        case .negative(let inner):
            switch try value(inner) {
            case .int(let number):
                guard number != .min else { throw error("-(\(number)) has no value") }
                return .int(-number)
            case .double(let number): return .double(-number)
            case let other: throw error("\"-\" needs a number, not \(other.kindName)")
            }
        case .choice(let test, let then, let otherwise): return try bool(value(test)) ? value(then) : value(otherwise)
        case .binary("&&", let left, let right): return .bool(try bool(value(left)) && bool(value(right)))
        case .binary("||", let left, let right): return .bool(try bool(value(left)) || bool(value(right)))
        case .binary(let symbol, let left, let right): return try binary(symbol, value(left), value(right))
        }
    }

    private func bool(_ value: JSON) throws -> Bool {
        guard let flag = value.boolValue else { throw error("expected true or false, found \(value.text())") }
        return flag
    }

    private func call(_ function: String, _ value: JSON) throws -> JSON {
        switch function {
        case "int":
            if let number = value.doubleValue, abs(number) < 9e18 { return .int(Int64(number)) }
            if let number = value.stringValue.flatMap({ Int64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }) { return .int(number) }
        case "double":
            if let number = value.doubleValue ?? value.stringValue.flatMap({ Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }) { return .double(number) }
        case "string": return .string(value.stringValue ?? value.text())
        case "bool":
            if case .bool = value { return value }
            if let text = value.stringValue?.lowercased(), text == "true" || text == "false" { return .bool(text == "true") }
        default:
            if let text = value.stringValue { return .int(Int64(text.count)) }
            if let items = value.arrayValue { return .int(Int64(items.count)) }
            if let object = value.objectValue { return .int(Int64(object.count)) }
        }
        throw error("\(function)() cannot take \(value.text())")
    }

    private func binary(_ symbol: String, _ left: JSON, _ right: JSON) throws -> JSON {
        switch symbol {
        case "==": return .bool(equal(left, right))
        case "!=": return .bool(!equal(left, right))
        case "<", ">", "<=", ">=": return .bool(try ordered(symbol, left, right))
        case "=~", "!~":
            guard dialect == .govaluate, let text = left.stringValue, let wanted = right.stringValue else { throw error("\"\(symbol)\" needs a text and a pattern") }
            do { return .bool(try Pattern(wanted).matches(text) == (symbol == "=~")) } catch let problem as MonoflowError {
                throw error("the pattern \"\(wanted)\" \(problem.message)")
            }
        case "+" where left.stringValue != nil || right.stringValue != nil:
            return .string((left.stringValue ?? left.text()) + (right.stringValue ?? right.text()))
        default: return try arithmetic(symbol, left, right)
        }
    }

    private func equal(_ left: JSON, _ right: JSON) -> Bool {
        if case .int = left, case .int = right { return left == right }
        if let a = left.doubleValue, let b = right.doubleValue { return a == b }
        return left == right
    }

    private func ordered(_ symbol: String, _ left: JSON, _ right: JSON) throws -> Bool {
        func compare<T: Comparable>(_ a: T, _ b: T) -> Bool {
            switch symbol {
            case "<": a < b
            case ">": a > b
            case "<=": a <= b
            default: a >= b
            }
        }
        if case .int(let a) = left, case .int(let b) = right { return compare(a, b) }
        if let a = left.doubleValue, let b = right.doubleValue { return compare(a, b) }
        if let a = left.stringValue, let b = right.stringValue { return compare(a, b) }
        throw error("cannot order \(left.text()) and \(right.text())")
    }

    private func arithmetic(_ symbol: String, _ left: JSON, _ right: JSON) throws -> JSON {
        if case .int(let a) = left, case .int(let b) = right {
            let result = Self.integer(symbol, a, b)
            guard let result, !result.overflow else { throw error("\(a) \(symbol) \(b) has no value") }
            return .int(result.partialValue)
        }
        guard let a = left.doubleValue, let b = right.doubleValue else { throw error("\"\(symbol)\" needs numbers") }
        switch symbol {
        case "+": return .double(a + b)
        case "-": return .double(a - b)
        case "*": return .double(a * b)
        case "/": return .double(a / b)
        default: return .double(a.truncatingRemainder(dividingBy: b))
        }
    }

    private static func integer(_ symbol: String, _ a: Int64, _ b: Int64) -> (partialValue: Int64, overflow: Bool)? {
        switch symbol {
        case "+": a.addingReportingOverflow(b)
        case "-": a.subtractingReportingOverflow(b)
        case "*": a.multipliedReportingOverflow(by: b)
        case "/": b == 0 ? nil : a.dividedReportingOverflow(by: b)
        default: b == 0 ? nil : a.remainderReportingOverflow(dividingBy: b)
        }
    }
}

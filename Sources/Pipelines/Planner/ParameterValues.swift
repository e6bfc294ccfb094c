import Core
import Foundation

/// Values by KFP's parameter types.
public enum ParameterValues {
    /// The value as the input wants it: of its type, and one of its choices where it has some.
    /// - Throws: `invalidArgument` that names `place` and the value.
    public static func coerce(_ value: JSON, for input: ParameterInput, place: String) throws -> JSON {
        let typed = try coerce(value, to: input.type, place: place)
        guard input.choices.isEmpty || input.choices.contains(where: { (try? coerce($0, to: input.type, place: place)) == typed }) else {
            let known = input.choices.map { $0.text() }.joined(separator: ", ")
            throw MonoflowError(.invalidArgument, "read parameter", place, "\(shown(typed)) is none of its values: \(known)")
        }
        return typed
    }

    /// The value as the type wants it: `9.0` for an integer becomes 9, text is read where the type is none of text.
    /// - Throws: `invalidArgument` that names `place` and both the value and the type.
    public static func coerce(_ value: JSON, to type: ParameterType, place: String) throws -> JSON {
        switch type {
        case .string: return .string(Scope.plain(value))
        case .integer:
            if let number = value.intValue ?? value.stringValue.flatMap({ Int64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }) { return .int(number) }
        case .double:
            if let number = value.doubleValue ?? value.stringValue.flatMap({ Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }) { return .double(number) }
        case .boolean:
            if case .bool = value { return value }
            switch value.stringValue?.trimmingCharacters(in: .whitespacesAndNewlines).lowercased() {
            case "true": return true
            case "false": return false
            default: break
            }
        case .list:
            if value.arrayValue != nil { return value }
            if let text = value.stringValue, let list = try? JSONParser.parse(text), list.arrayValue != nil { return list }
        case .structure:
            // A dict parameter may hold a list: KFP's STRUCT and LIST are both JSON to a step.
            if value.objectValue != nil || value.arrayValue != nil { return value }
            if let text = value.stringValue, let object = try? JSONParser.parse(text), object.objectValue != nil { return object }
        case .taskFinalStatus: return value
        }
        throw MonoflowError(.invalidArgument, "read parameter", place, "\(shown(value)) is not a value of type \(type.rawValue)")
    }

    private static func shown(_ value: JSON) -> String {
        let text = value.text()
        return text.count > 80 ? text.prefix(80) + "…" : text
    }
}

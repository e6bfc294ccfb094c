import Core
import Foundation

/// Values by KFP's parameter types.
public enum ParameterValues {
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
        var shown = value.text()
        if shown.count > 80 { shown = shown.prefix(80) + "…" }
        throw MonoflowError(.invalidArgument, "read parameter", place, "\(shown) is not a value of type \(type.rawValue)")
    }
}

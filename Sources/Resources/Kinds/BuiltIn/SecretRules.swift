import Core
import Foundation

/// Rules of secrets beyond their schema. No error shows a value.
struct SecretRules: KindRules {
    private static let fields = ["data"]

    /// Texts of `stringData` become base64 in `data`, where they win over what is there. What is no map of texts stays for the schema to refuse.
    func normalize(_ document: inout JSON) {
        guard let given = document["stringData"] else { return }
        if given.isNull {
            document["stringData"] = nil
            return
        }
        let present = document["data"] ?? [:]
        guard let texts = given.objectValue, texts.values.allSatisfy({ $0.stringValue != nil || $0.isNull }),
            var data = present.isNull ? [:] : present.objectValue else { return }
        for (key, text) in texts { data[key] = .string(Data((text.stringValue ?? "").utf8).base64EncodedString()) }
        if !texts.isEmpty { document["data"] = .object(data) }
        document["stringData"] = nil
    }

    func errors(_ change: ResourceChange) -> [FieldError] {
        if change.operation == .remove { return [] }
        var errors = ConfigDataRules.errors(of: change.new, Self.fields)
        guard let old = change.old else { return errors }
        if let type = change.new["type"], type != old["type"] { errors.append(.invalid(FieldPath().field("type"), type, "field is immutable")) }
        return errors + ConfigDataRules.changes(of: change.new, over: old, Self.fields)
    }
}

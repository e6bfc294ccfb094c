import Core

/// The annotation in which client-side apply keeps its last configuration. As Kubernetes documents it, `kubectl apply --server-side` under its own
/// name takes over what client-side apply owned without a conflict, and keeps the annotation up to date for those who go back.
/// Another manager's name opts out of both.
enum LastApplied {
    static let annotation = "kubectl.kubernetes.io/last-applied-configuration"
    private static let manager = "kubectl"
    /// Bytes that all annotations of an object may have together.
    private static let maximumBytes = 256 * 1024

    private static func text(of object: JSON) -> String? { object["metadata"]?["annotations"]?[annotation]?.stringValue }

    /// What client-side apply owns: the fields of its last configuration that the object still has with the same values.
    static func fields(of live: JSON, _ schema: Schema?, by writer: FieldWriter) -> FieldSet {
        guard writer.manager == manager, let text = text(of: live), let last = try? JSONParser.parse(text), case .object = last else { return FieldSet() }
        let difference = DocumentDifference(last, live, schema, writer.scope)
        return FieldSetBuilder.written(last, schema, writer.scope).subtractingTrees(difference.removed).subtractingTrees(difference.modified)
    }

    /// The object, its annotation replaced by the configuration where it has one.
    static func updated(in object: JSON, applied: JSON, by writer: FieldWriter) -> JSON {
        guard writer.manager == manager, writer.subresource.isEmpty, text(of: object) != nil, var metadata = object["metadata"],
            case .object(var annotations)? = metadata["annotations"] else { return object }
        var configuration = applied
        if var own = configuration["metadata"], case .object(var fields)? = own["annotations"] {
            fields[annotation] = nil
            if fields.isEmpty { own["annotations"] = nil } else { own["annotations"] = .object(fields) }
            configuration["metadata"] = own
        }
        let text = configuration.text() + "\n"
        if text.utf8.count > maximumBytes { return object }
        annotations[annotation] = .string(text)
        metadata["annotations"] = .object(annotations)
        var result = object
        result["metadata"] = metadata
        return result
    }
}

import Core

/// Cells of role bindings and quotas.
enum AccessCells {
    /// `ClusterRole/kubeflow-edit`.
    static func role(_ object: JSON) -> String {
        let role = object["roleRef"]
        return "\(role?["kind"]?.stringValue ?? "")/\(role?["name"]?.stringValue ?? "")"
    }

    /// Names of the subjects of a kind, with commas between; of service accounts with their namespace.
    static func subjects(_ object: JSON, _ kind: String) -> String {
        let subjects = object["subjects"]?.arrayValue?.filter { $0["kind"]?.stringValue == kind } ?? []
        return subjects.map { subject in
            let name = subject["name"]?.stringValue ?? ""
            guard kind == "ServiceAccount", let namespace = subject["namespace"]?.stringValue else { return name }
            return "\(namespace)/\(name)"
        }.joined(separator: ", ")
    }

    /// `name: used/hard` of each resource, with commas between: those of limits, or the others.
    static func quota(_ object: JSON, limits: Bool) -> String {
        let status = object["status"], hard = status?["hard"]?.objectValue ?? object["spec"]?["hard"]?.objectValue ?? [:]
        return hard.filter { $0.key.hasPrefix("limits.") == limits }.sorted { $0.key < $1.key }
            .map { "\($0.key): \(text(status?["used"]?[$0.key]))/\(text($0.value))" }.joined(separator: ", ")
    }

    private static func text(_ value: JSON?) -> String {
        guard let value else { return "0" }
        return (try? Quantity(value))?.description ?? value.text()
    }
}

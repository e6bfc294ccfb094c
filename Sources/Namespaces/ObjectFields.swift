import Core

extension JSON {
    var metadata: JSON { self["metadata"] ?? [:] }
    var name: String { metadata["name"]?.stringValue ?? "" }
    var uid: String { metadata["uid"]?.stringValue ?? "" }
    var finalizers: [String] { metadata["finalizers"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
    var isBeingDeleted: Bool { !(metadata["deletionTimestamp"]?.stringValue ?? "").isEmpty }

    mutating func setMetadata(_ key: String, _ value: JSON?) {
        var metadata = self.metadata
        metadata[key] = value
        self["metadata"] = metadata
    }

    /// Texts of a map, such as labels.
    var texts: [String: String] { (objectValue ?? [:]).reduce(into: [:]) { $0[$1.key] = $1.value.stringValue } }
}

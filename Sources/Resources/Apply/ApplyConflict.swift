import Core

/// An apply that would change fields that others own. Answered as a `Status` of 409 with a cause per field.
public struct ApplyConflict: Error, Sendable, Equatable, CustomStringConvertible {
    public struct Conflict: Sendable, Equatable {
        public var owner: ManagedFields.Owner
        /// As Kubernetes writes it: `.spec.containers[name="a"].image`.
        public var field: String

        /// `conflict with "kubectl" using v1`: what the cause of a `Status` says; its field stands beside it.
        public var message: String { "conflict with " + owner.conflictText }
        /// `conflict with "kubectl" using v1: .data.key`
        public var description: String { message + ": " + field }
    }

    /// The reason of each cause.
    public static let causeReason = "FieldManagerConflict"

    /// By manager, and in the order of the fields.
    public let conflicts: [Conflict]

    public init(_ conflicts: [Conflict]) { self.conflicts = conflicts }

    init(_ sets: [(owner: ManagedFields.Owner, fields: FieldSet)]) {
        let sorted = sets.sorted { ($0.owner.manager, $0.owner.operation.rawValue) < ($1.owner.manager, $1.owner.operation.rawValue) }
        conflicts = sorted.flatMap { set in set.fields.paths.map { Conflict(owner: set.owner, field: FieldSet.text($0)) } }
    }

    /// `Apply failed with 1 conflict: conflict with "kubectl" using v1: .data.key`; of several fields, a line each.
    public var description: String {
        let start = "Apply failed with \(conflicts.count) conflict\(conflicts.count == 1 ? "" : "s"): "
        if conflicts.count == 1 { return start + conflicts[0].description }
        var lines: [String] = [], last: ManagedFields.Owner?
        for conflict in conflicts {
            if conflict.owner != last { lines.append("conflicts with \(conflict.owner.conflictText):") }
            lines.append("- " + conflict.field)
            last = conflict.owner
        }
        return start + lines.joined(separator: "\n")
    }
}

extension ManagedFields.Owner {
    /// An applier is known by its name; another writer also by the version it wrote with.
    fileprivate var conflictText: String {
        var text = "\"\(manager)\""
        if !subresource.isEmpty { text += " with subresource \"\(subresource)\"" }
        return operation == .update ? text + " using \(apiVersion)" : text
    }
}

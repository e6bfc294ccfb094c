import Access
import Core
import GRDB
import Resources

/// The kind `rolebindings`: its objects and the roles in `Access` are two views of one thing. A subject's role in a namespace is the greatest of those
/// that bindings give it; a change of a binding changes the role in its transaction, and `BindingProjection` does the reverse.
struct RoleBindingRules: KindRules {
    let access: AccessService
    let bindings: BindingProjection

    func complete(_ change: inout ResourceChange) throws(MonoflowError) {
        guard change.operation != .remove else { return }
        if let role = change.new["roleRef"], role.objectValue != nil, role["apiGroup"]?.stringValue ?? "" == "" {
            change.new["roleRef"]?["apiGroup"] = .string(RoleBinding.group)
        }
        guard let subjects = change.new["subjects"]?.arrayValue else { return }
        change.new["subjects"] = .array(subjects.map { subject in
            let kind = subject["kind"]?.stringValue
            guard kind == "User" || kind == "Group", subject["apiGroup"]?.stringValue ?? "" == "" else { return subject }
            var subject = subject
            subject["apiGroup"] = .string(RoleBinding.group)
            return subject
        })
    }

    func errors(_ change: ResourceChange) -> [FieldError] {
        // What is on its way out must be able to go.
        if change.new.isBeingDeleted { return [] }
        var errors: [FieldError] = []
        let path = FieldPath().field("roleRef"), role = change.new["roleRef"] ?? [:]
        if role["apiGroup"]?.stringValue != RoleBinding.group {
            errors.append(.notSupported(path.field("apiGroup"), role["apiGroup"] ?? .null, [RoleBinding.group]))
        }
        if role["kind"]?.stringValue != "ClusterRole" { errors.append(.notSupported(path.field("kind"), role["kind"] ?? .null, ["ClusterRole"])) }
        if !RoleBinding.roles.contains(where: { $0.name == role["name"]?.stringValue }) {
            errors.append(.notSupported(path.field("name"), role["name"] ?? .null, RoleBinding.roles.map(\.name)))
        }
        if let old = change.old?["roleRef"], old["name"] != role["name"] || old["kind"] != role["kind"] {
            errors.append(.invalid(path, role, "cannot change roleRef"))
        }
        for (index, subject) in (change.new["subjects"]?.arrayValue ?? []).enumerated() {
            errors += Self.errors(subject, FieldPath().field("subjects").index(index))
        }
        return errors
    }

    private static func errors(_ subject: JSON, _ path: FieldPath) -> [FieldError] {
        let name = subject["name"]?.stringValue ?? ""
        if name.isEmpty { return [.required(path.field("name"))] }
        switch subject["kind"]?.stringValue {
        case "ServiceAccount":
            if subject["apiGroup"]?.stringValue ?? "" != "" { return [.notSupported(path.field("apiGroup"), subject["apiGroup"] ?? .null, [""])] }
            let namespace = subject["namespace"]?.stringValue ?? ""
            let place = path.field("namespace")
            return (namespace.isEmpty ? [.required(place)] : Names.label(namespace).map { .invalid(place, .string(namespace), $0) })
                + Names.subdomain(name).map { .invalid(path.field("name"), .string(name), $0) }
        case "User", "Group":
            guard subject["apiGroup"]?.stringValue == RoleBinding.group else {
                return [.notSupported(path.field("apiGroup"), subject["apiGroup"] ?? .null, [RoleBinding.group])]
            }
            do { try AccessNames.checkName(name, of: "subject") } catch { return [.invalid(path.field("name"), .string(name), error.hint ?? error.message)] }
            return []
        default:
            return [.notSupported(path.field("kind"), subject["kind"] ?? .null, Subject.Kind.allCases.map(\.rawValue))]
        }
    }

    func write(_ db: GRDB.Database, _ change: ResourceChange) throws {
        let namespace = change.key.namespace
        let old = change.old.map { RoleBinding($0, namespace: namespace) }
        let new = change.operation == .remove ? nil : RoleBinding(change.new, namespace: namespace)
        guard old != new else { return }
        if change.key.name == RoleBinding.ownerName { try checkOwner(db, namespace, new) }
        try bindings.recompute(db, namespace, (old?.subjects ?? []).union(new?.subjects ?? []), keepsOwner: true, replacing: (change.key.name, new))
    }

    /// The binding of a profile's owner says what the profile says.
    private func checkOwner(_ db: GRDB.Database, _ namespace: String, _ new: RoleBinding?) throws {
        guard let owner = try bindings.profileOwner(db, namespace), try !bindings.isTerminating(db, namespace) else { return }
        guard new?.subjects != [owner] || new?.role != .owner else { return }
        throw MonoflowError(
            .failedPrecondition, "write \(RoleBinding.kind)", RoleBinding.ownerName, "the binding follows the profile \(namespace)",
            hint: "change spec.owner of the profile")
    }

    func committed(_ change: ResourceChange) async {
        if change.operation != .update || change.old?["subjects"] != change.new["subjects"] { access.membershipChanged() }
    }
}

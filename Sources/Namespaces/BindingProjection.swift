import Access
import Core
import GRDB
import Resources

/// Keeps role bindings and the roles in `Access` in step, inside the transaction that changes either.
struct BindingProjection: Sendable {
    let access: AccessService
    let resources: ResourceService

    /// The namespace's bindings as the transaction sees them.
    func all(_ db: GRDB.Database, _ namespace: String) throws -> [RoleBinding] {
        try resources.documents(db, kind: RoleBinding.kind, namespace: namespace).map { RoleBinding($0, namespace: namespace) }
    }

    /// Gives the subjects the greatest role that bindings give them.
    /// - Parameters:
    ///   - keepsOwner: refuses to take the last owner from a namespace that is not being deleted.
    ///   - replacing: a binding that is about to be stored, or removed where nil.
    func recompute(
        _ db: GRDB.Database, _ namespace: String, _ subjects: Set<Subject>, keepsOwner: Bool, replacing: (name: String, new: RoleBinding?)? = nil
    ) throws {
        if subjects.isEmpty { return }
        var bindings = try all(db, namespace)
        if let replacing { bindings = bindings.filter { $0.name != replacing.name } + [replacing.new].compactMap { $0 } }
        let hadOwner = try access.hasOwner(db, namespace: namespace)
        for subject in subjects.sorted() {
            let role = bindings.filter { $0.subjects.contains(subject) }.compactMap(\.role).reduce(Role?.none) { $1.greater($0) }
            try access.setBoundRole(db, subject, in: namespace, role)
        }
        if keepsOwner, hadOwner, try !access.hasOwner(db, namespace: namespace), try !isTerminating(db, namespace) {
            throw MonoflowError(
                .failedPrecondition, "write \(RoleBinding.kind)", "namespace \(namespace)", "the namespace would have no owner",
                hint: "bind another owner first")
        }
    }

    /// A role was changed by another way than a binding: bindings show it. A `MembershipProjection`.
    func show(_ db: GRDB.Database, _ namespace: String, _ subject: Subject, _ role: Role?, isForced: Bool) throws {
        if !isForced, role != .owner, try profileOwner(db, namespace) == subject {
            throw MonoflowError(
                .failedPrecondition, "set role", "\(subject.kind.rawValue.lowercased()) \(subject.name)", "owns the profile \(namespace)",
                hint: "change spec.owner of the profile first")
        }
        let bindings = try all(db, namespace)
        for binding in bindings where binding.subjects.contains(subject) && binding.role != role {
            try resources.put(db, kind: RoleBinding.kind, namespace: namespace, name: binding.name) { object in
                guard var object else { return nil }
                let left = object["subjects"]?.arrayValue?.filter { RoleBinding.subject($0, namespace) != subject } ?? []
                // What finalizers hold stays, and binds nobody.
                if left.isEmpty && object.finalizers.isEmpty { return nil }
                object["subjects"] = .array(left)
                return object
            }
        }
        guard let role, !bindings.contains(where: { $0.subjects.contains(subject) && $0.role == role }) else { return }
        let taken = Set(bindings.map(\.name))
        let names = RoleBinding.names(subject, role)
        let name = names.first { !taken.contains($0) } ?? names[0]
        try resources.put(db, kind: RoleBinding.kind, namespace: namespace, name: name) { _ in RoleBinding.document(subject, role) }
    }

    /// Bindings for the roles that none gives: those of before there were bindings.
    func showAll(_ db: GRDB.Database, _ namespace: String) throws {
        let bindings = try all(db, namespace)
        for bound in try access.boundRoles(db, in: namespace) {
            let shown = bindings.filter { $0.subjects.contains(bound.subject) }.compactMap(\.role).reduce(Role?.none) { $1.greater($0) }
            if shown != bound.role { try show(db, namespace, bound.subject, bound.role, isForced: true) }
        }
    }

    /// The owner that the namespace's profile names; nil where there is no profile.
    func profileOwner(_ db: GRDB.Database, _ namespace: String) throws -> Subject? {
        guard let stored = try ResourceStore.find(db, ResourceKey(kind: ProfileRules.kind, namespace: "", name: namespace)) else { return nil }
        let document = try JSONParser.parse(stored.document)
        return document.isBeingDeleted ? nil : ProfileRules.owner(document)
    }

    /// Whether the namespace is on its way out, or gone.
    func isTerminating(_ db: GRDB.Database, _ namespace: String) throws -> Bool {
        do {
            try access.checkOpen(db, namespace)
            return false
        } catch let error as MonoflowError where error.code == .permissionDenied || error.code == .notFound {
            return true
        }
    }
}

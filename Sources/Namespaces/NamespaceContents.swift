import Access
import Core
import GRDB
import Resources

/// What every namespace begins with: Kubernetes' account `default`, and Kubeflow's `default-editor` and `default-viewer` with their bindings.
struct NamespaceContents: Sendable {
    static let accountKind = "serviceaccounts"
    static let accounts: [(name: String, role: Role?)] = [("default", nil), ("default-editor", .editor), ("default-viewer", .viewer)]

    let access: AccessService
    let resources: ResourceService

    /// In the transaction that makes the namespace, and at each start. Bindings are made with their account only: what was taken away stays away.
    func ensure(_ db: GRDB.Database, _ namespace: String) throws {
        for (name, role) in Self.accounts {
            var isNew = false
            let object = try resources.put(db, kind: Self.accountKind, namespace: namespace, name: name) { before in
                isNew = before == nil
                return before ?? [:]
            }
            guard isNew, let object else { continue }
            try access.setAccount(db, namespace: namespace, name: name, uid: object.uid)
            guard let role else { continue }
            let subject = Subject.account(name, in: namespace)
            let binding = try resources.put(db, kind: RoleBinding.kind, namespace: namespace, name: name) { before in
                before ?? ["roleRef": RoleBinding.reference(role), "subjects": [RoleBinding.json(subject)]]
            }
            // One that was there may say something else.
            guard let binding, RoleBinding(binding, namespace: namespace) == RoleBinding(name: name, role: role, subjects: [subject]) else { continue }
            try access.setBoundRole(db, subject, in: namespace, role)
        }
    }
}

/// The kind `serviceaccounts`: each object is an account that tokens can be made of.
struct ServiceAccountRules: KindRules {
    let access: AccessService
    let resources: ResourceService
    let contents: NamespaceContents

    func write(_ db: GRDB.Database, _ change: ResourceChange) throws {
        if change.operation == .update { return }
        try access.setAccount(db, namespace: change.key.namespace, name: change.key.name, uid: change.operation == .remove ? nil : change.new.uid)
    }

    func committed(_ change: ResourceChange) async {
        guard change.operation == .remove else { return }
        // Its tokens end with it.
        access.membershipChanged()
        guard NamespaceContents.accounts.contains(where: { $0.name == change.key.name }) else { return }
        // As in Kubernetes these come back; what fails here is done at the next start.
        let namespace = change.key.namespace, contents = contents, access = access
        try? await resources.transaction { db in
            try access.checkOpen(db, namespace)
            try contents.ensure(db, namespace)
        }
    }
}

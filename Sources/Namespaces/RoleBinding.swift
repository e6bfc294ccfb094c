import Access
import Core
import Resources

/// What an object of the kind `rolebindings` says: who has which role in its namespace.
struct RoleBinding: Equatable {
    static let kind = "rolebindings.rbac.authorization.k8s.io"
    static let group = "rbac.authorization.k8s.io"
    /// The binding of a profile's owner, as Kubeflow names it.
    static let ownerName = "namespaceAdmin"

    /// Roles by the names of cluster roles, those that Kubeflow uses before Kubernetes' own.
    static let roles: [(name: String, role: Role)] = [
        ("kubeflow-admin", .owner), ("kubeflow-edit", .editor), ("kubeflow-view", .viewer), ("monoflow-predict", .predict),
        ("admin", .owner), ("edit", .editor), ("view", .viewer),
    ]

    var name: String
    var role: Role?
    var subjects: Set<Subject>

    init(name: String, role: Role?, subjects: Set<Subject>) {
        self.name = name
        self.role = role
        self.subjects = subjects
    }

    init(_ document: JSON, namespace: String) {
        name = document.name
        let reference = document["roleRef"]?["name"]?.stringValue
        role = Self.roles.first { $0.name == reference }?.role
        subjects = Set((document["subjects"]?.arrayValue ?? []).compactMap { Self.subject($0, namespace) })
    }

    static func subject(_ value: JSON, _ namespace: String) -> Subject? {
        guard let kind = value["kind"]?.stringValue.flatMap(Subject.Kind.init), let name = value["name"]?.stringValue, !name.isEmpty else { return nil }
        guard kind == .account else { return Subject(kind, name) }
        let own = value["namespace"]?.stringValue ?? ""
        return .account(name, in: own.isEmpty ? namespace : own)
    }

    static func json(_ subject: Subject) -> JSON {
        if let (namespace, name) = subject.account { return ["kind": "ServiceAccount", "name": .string(name), "namespace": .string(namespace)] }
        return ["apiGroup": .string(group), "kind": .string(subject.kind.rawValue), "name": .string(subject.name)]
    }

    static func reference(_ role: Role) -> JSON {
        let name = roles.first { $0.role == role }?.name ?? ""
        return ["apiGroup": .string(group), "kind": "ClusterRole", "name": .string(name)]
    }

    /// The binding of one subject, as Kubeflow's access management writes it for a contributor.
    static func document(_ subject: Subject, _ role: Role) -> JSON {
        let word = reference(role)["name"]?.stringValue?.split(separator: "-").last.map(String.init) ?? ""
        return [
            "metadata": ["annotations": [annotation(subject): .string(subject.name), "role": .string(word)]],
            "roleRef": reference(role), "subjects": [json(subject)],
        ]
    }

    private static func annotation(_ subject: Subject) -> String {
        switch subject.kind {
        case .user: "user"
        case .group: "group"
        case .account: "serviceaccount"
        }
    }

    /// `user-ann-example-com-clusterrole-edit`; another where that is another subject's.
    static func names(_ subject: Subject, _ role: Role) -> [String] {
        let word = reference(role)["name"]?.stringValue?.split(separator: "-").last.map(String.init) ?? ""
        let plain = subject.name.lowercased().unicodeScalars.map { ("a"..."z").contains($0) || ("0"..."9").contains($0) ? String($0) : "-" }.joined()
        let name = "\(annotation(subject))-\(plain.prefix(150))-clusterrole-\(word)"
        return [name, name + "-" + Hashing.sha256Hex(subject.name).prefix(16)]
    }
}

import Core

/// What a namespace may use, and what its tasks use where they say nothing.
enum QuotaKinds {
    static let resourceQuota = KindDefinition(
        group: "", kind: "ResourceQuota", plural: "resourcequotas", shortNames: ["quota"],
        versions: [KindVersion(
            "v1",
            schema: ObjectMetaSchema.resource([
                "spec": .openObject([
                    "hard": .quantities("The most that is given: requests.cpu, requests.memory, pods, requests.storage, count/models …"),
                    "scopes": .atomicList(.string(), "Tasks that are counted; all where left out."),
                    "scopeSelector": .anyObject("Tasks that are counted."),
                ], "The desired state."),
                "status": .openObject([
                    "hard": .quantities("What is enforced."),
                    "used": .quantities("What is in use."),
                ], "The state at present."),
            ], "The most that a namespace may use; of several quotas the smallest amount counts."),
            hasStatus: true, columns: [.name, .computed("Request", .quotaRequests), .computed("Limit", .quotaLimits), .age])])

    static let limitRange = KindDefinition(
        group: "", kind: "LimitRange", plural: "limitranges", shortNames: ["limits"],
        versions: [KindVersion(
            "v1",
            schema: ObjectMetaSchema.resource([
                "spec": .openObject([
                    "limits": .atomicList(.openObject([
                        "type": .string("Container, Pod or PersistentVolumeClaim."),
                        "default": .quantities("Limits of containers that have none."),
                        "defaultRequest": .quantities("Requests of containers that have none."),
                        "max": .quantities("The most that one may ask for."),
                        "min": .quantities("The least that one may ask for."),
                        "maxLimitRequestRatio": .quantities("How far the limit may be above the request."),
                    ], required: ["type"]), "What holds for each type."),
                ], required: ["limits"], "The desired state."),
            ], "What tasks of a namespace ask for where they say nothing."),
            columns: [.name, PrinterColumn("Created At", .date, ".metadata.creationTimestamp")])])
}

/// Who has which role in a namespace.
enum RoleKinds {
    static let roleBinding = KindDefinition(
        group: "rbac.authorization.k8s.io", kind: "RoleBinding", plural: "rolebindings",
        versions: [KindVersion(
            "v1",
            schema: ObjectMetaSchema.resource([
                "roleRef": .atomicObject([
                    "apiGroup": .string("rbac.authorization.k8s.io."),
                    "kind": .string("ClusterRole."),
                    "name": .string("kubeflow-admin, kubeflow-edit or kubeflow-view, also admin, edit or view; monoflow-predict."),
                ], required: ["kind", "name"], "The role; it cannot be changed."),
                "subjects": .atomicList(.object([
                    "kind": .string("User, Group or ServiceAccount."),
                    "apiGroup": .string("Group of the subject's kind."),
                    "name": .string("Name of the subject."),
                    "namespace": .string("Namespace of a service account."),
                ], required: ["kind", "name"]), "Who has the role."),
            ], required: ["roleRef"], "Gives a role in its namespace to users, groups and service accounts."),
            columns: [
                .name, .computed("Role", .bindingRole), .age, .computed("Users", .bindingUsers, priority: 1), .computed("Groups", .bindingGroups, priority: 1),
                .computed("ServiceAccounts", .bindingAccounts, priority: 1),
            ])])
}

import Resources

/// The built-in kinds that this release serves. The others' schemas are there; what makes their objects do something is not yet.
enum ServedKinds {
    private static let keys: Set<String> = [
        "namespaces", "configmaps", "secrets", "events", "leases.coordination.k8s.io", "customresourcedefinitions.apiextensions.k8s.io",
        "serviceaccounts", "resourcequotas", "limitranges", "rolebindings.rbac.authorization.k8s.io", "profiles.kubeflow.org", "poddefaults.kubeflow.org",
        "pods", "persistentvolumeclaims", "jobs.batch", "cronjobs.batch",
    ]

    static let table = KindTable(BuiltInKinds.all.filter { keys.contains($0.key) })
}

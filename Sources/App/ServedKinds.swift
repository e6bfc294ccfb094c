import Resources

/// The built-in kinds that this release serves. The others' schemas are there; what makes their objects do something is not yet.
enum ServedKinds {
    private static let keys: Set<String> = [
        "namespaces", "configmaps", "secrets", "events", "pods", "persistentvolumeclaims", "jobs.batch", "cronjobs.batch",
        "leases.coordination.k8s.io", "customresourcedefinitions.apiextensions.k8s.io",
    ]

    static let table = KindTable(BuiltInKinds.all.filter { keys.contains($0.key) })
}

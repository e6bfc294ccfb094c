/// The kinds that are there without being declared, in the order in which discovery shows them.
public enum BuiltInKinds {
    public static let all: [KindDefinition] = [
        CoreKinds.namespace, CoreKinds.configMap, CoreKinds.secret, CoreKinds.serviceAccount, CoreKinds.persistentVolumeClaim, CoreKinds.pod, EventKind.event,
        QuotaKinds.resourceQuota, QuotaKinds.limitRange,
        BatchKinds.job, BatchKinds.cronJob,
        KubeflowKinds.profile, KubeflowKinds.podDefault,
        ExtensionKinds.customResourceDefinition,
        CoordinationKinds.lease,
        RoleKinds.roleBinding,
    ]
}

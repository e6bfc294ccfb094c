import Core

/// Kinds of the core group without the pod's schema and the events.
enum CoreKinds {
    static let namespace = KindDefinition(
        group: "", kind: "Namespace", plural: "namespaces", shortNames: ["ns"], isNamespaced: false,
        versions: [KindVersion(
            "v1",
            schema: ObjectMetaSchema.resource([
                "spec": .object(["finalizers": .atomicList(.string(), "Who must empty the namespace before it goes.")], "The desired state."),
                "status": .object([
                    "phase": .string("Active or Terminating."),
                    "conditions": .keyedList(["type"], .condition, "What is known of the namespace."),
                ], "The state at present."),
            ], "A scope for names, members and quotas."),
            hasStatus: true, columns: [.name, PrinterColumn("Status", .string, ".status.phase"), .age], selectableFields: ["status.phase"])])

    static let configMap = KindDefinition(
        group: "", kind: "ConfigMap", plural: "configmaps", shortNames: ["cm"],
        versions: [KindVersion(
            "v1",
            schema: ObjectMetaSchema.resource([
                "data": .map(.string(), "Texts by their key."),
                "binaryData": .map(.string(format: "byte"), "Bytes in base64 by their key, which `data` must not have too."),
                "immutable": .boolean("Once true, the data cannot be changed."),
            ], "Configuration for tasks: no secrets."),
            columns: [.name, .computed("Data", .dataCount, type: .integer), .age])])

    static let secret = KindDefinition(
        group: "", kind: "Secret", plural: "secrets",
        versions: [KindVersion(
            "v1",
            schema: ObjectMetaSchema.resource([
                "data": .map(.string(format: "byte"), "Bytes in base64 by their key."),
                "stringData": .map(.string(), "Texts that are put into `data` when written, and never read back."),
                "type": .string("Says what keys to expect.", fallback: "Opaque"),
                "immutable": .boolean("Once true, the data cannot be changed."),
            ], "Passwords, tokens and keys, which only the tasks that name them can read."),
            columns: [.name, PrinterColumn("Type", .string, ".type"), .computed("Data", .dataCount, type: .integer), .age], selectableFields: ["type"])],
        sealedFields: ["data", "stringData"])

    static let serviceAccount = KindDefinition(
        group: "", kind: "ServiceAccount", plural: "serviceaccounts", shortNames: ["sa"],
        versions: [KindVersion(
            "v1",
            schema: ObjectMetaSchema.resource([
                "secrets": .keyedList(["name"], .objectReference(required: ["name"]), "Secrets that tasks of this account may use."),
                "imagePullSecrets": .atomicList(.localReference(), "Secrets with which images are pulled."),
                "automountServiceAccountToken": .boolean("Whether tasks are given the account's token."),
            ], "Who a task is towards the API."),
            columns: [.name, .computed("Secrets", .secretCount, type: .integer), .age])])

    static let persistentVolumeClaim = KindDefinition(
        group: "", kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims", shortNames: ["pvc"],
        versions: [KindVersion(
            "v1",
            schema: ObjectMetaSchema.resource([
                "spec": VolumeClaimSchema.spec,
                "status": .openObject([
                    "phase": .string("Pending, Bound or Lost."),
                    "accessModes": .atomicList(.string(), "The ways in which the volume can be mounted."),
                    "capacity": .quantities("What the volume holds."),
                    "conditions": .keyedList(["type"], .condition, "What is known of the claim."),
                ], "The state at present."),
            ], "A directory of a namespace that outlives tasks."),
            hasStatus: true,
            columns: [
                .name, PrinterColumn("Status", .string, ".status.phase"), PrinterColumn("Volume", .string, ".spec.volumeName"),
                PrinterColumn("Capacity", .string, ".status.capacity.storage"), .computed("Access Modes", .accessModes),
                PrinterColumn("StorageClass", .string, ".spec.storageClassName"), .age,
                PrinterColumn("VolumeMode", .string, ".spec.volumeMode", priority: 1),
            ])])

    static let pod = KindDefinition(
        group: "", kind: "Pod", plural: "pods", shortNames: ["po"], categories: ["all"],
        versions: [KindVersion(
            "v1",
            schema: ObjectMetaSchema.resource(["spec": PodSpecSchema.pod, "status": PodStatusSchema.status], "Containers that run together: one task."),
            hasStatus: true,
            columns: [
                .name, .computed("Ready", .podReady), .computed("Status", .podStatus), .computed("Restarts", .podRestarts), .age,
                PrinterColumn("IP", .string, ".status.podIP", priority: 1), PrinterColumn("Node", .string, ".spec.nodeName", priority: 1),
                PrinterColumn("Nominated Node", .string, ".status.nominatedNodeName", priority: 1),
                .computed("Readiness Gates", .readinessGates, priority: 1),
            ],
            selectableFields: [
                "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP",
                "status.nominatedNodeName",
            ])])
}

/// What a claim for a volume says, in a claim of its own and in a pod's ephemeral volume.
enum VolumeClaimSchema {
    static let spec = Schema.openObject([
        "accessModes": .atomicList(
            .string(allowed: ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]), "The ways in which the volume is to be mounted."),
        "resources": .openObject(["requests": .quantities("What is needed."), "limits": .quantities("What is allowed.")], "How much: `requests.storage`."),
        "selector": .labelSelector("Which volumes may be taken."),
        "storageClassName": .string("The class of storage."),
        "volumeMode": .string("A file system or a raw device.", fallback: "Filesystem", allowed: ["Filesystem", "Block"]),
        "volumeName": .string("The volume that the claim is bound to."),
        "dataSource": .openAtomicObject(["apiGroup": .string(), "kind": .string(), "name": .string()], required: ["kind", "name"], "What the volume begins with."),
        "dataSourceRef": .openObject(["apiGroup": .string(), "kind": .string(), "name": .string()], required: ["kind", "name"], "What the volume begins with."),
    ], "The desired state.")
}

import Core

/// Kinds of `kubeflow.org` that belong to users and namespaces.
enum KubeflowKinds {
    static let profile = KindDefinition(
        group: "kubeflow.org", kind: "Profile", plural: "profiles", isNamespaced: false,
        versions: ["v1", "v1beta1"].map { version in
            KindVersion(
                version, isStored: version == "v1",
                schema: ObjectMetaSchema.resource(["spec": spec, "status": status], required: ["spec"], "A namespace with its owner."),
                hasStatus: true,
                columns: [
                    .name, PrinterColumn("Owner", .string, ".spec.owner.name"),
                    PrinterColumn("Ready", .string, ".status.conditions[?(@.type==\"Ready\")].status"), .age,
                    PrinterColumn("Owner Kind", .string, ".spec.owner.kind", priority: 1),
                ])
        })

    private static let spec = Schema.openObject([
        "owner": .openObject([
            "kind": .string("User or Group.", fallback: "User", allowed: ["User", "Group"]),
            "name": .string("Who owns the namespace: the name that they sign in by."),
            "apiGroup": .string("Group of the owner's kind."),
        ], required: ["name"], "The owner of the namespace."),
        "resourceQuotaSpec": .openObject([
            "hard": .quantities("What the namespace may use at most: cpu, memory, requests.nvidia.com/gpu …"),
        ], "The namespace's quota."),
        "plugins": .list(.openObject([
            "apiVersion": .string(), "kind": .string("Name of the plugin."), "spec": .anyObject("What the plugin is told."),
        ]), "What else is to be done for the namespace."),
    ], required: ["owner"], "The desired state.")

    private static let status = Schema.openObject([
        "conditions": .atomicList(.openObject([
            "type": .string("What the condition tells of: Ready."), "status": .string("True or False."), "message": .string("A sentence for people."),
        ]), "What is known of the profile."),
    ], "The state at present.")

    static let podDefault = KindDefinition(
        group: "kubeflow.org", kind: "PodDefault", plural: "poddefaults",
        versions: [KindVersion(
            "v1alpha1",
            schema: ObjectMetaSchema.resource([
                "spec": .openObject([
                    "desc": .string("What it is for, as people read it."),
                    "selector": .labelSelector("The pods that it is added to."),
                    "env": ContainerSchema.env,
                    "envFrom": .atomicList(.anyObject(), "Where further variables come from."),
                    "volumes": VolumeSchema.list,
                    "volumeMounts": .keyedList(["mountPath"], .openObject([
                        "name": .string("The volume."), "mountPath": .string("Where containers see it."), "readOnly": .boolean(), "subPath": .string(),
                    ], required: ["name", "mountPath"]), "Volumes that every container sees."),
                    "tolerations": .atomicList(.anyObject(), "Taints of nodes that are tolerated."),
                    "labels": .map(.string(), "Labels that are added."),
                    "annotations": .map(.string(), "Annotations that are added."),
                    "serviceAccountName": .string("The account that the pod acts as."),
                    "automountServiceAccountToken": .boolean("Whether the account's token is mounted."),
                    "imagePullSecrets": .keyedList(["name"], .localReference(), "Secrets with which images are pulled."),
                    "initContainers": ContainerSchema.list("Init containers that are added."),
                    "sidecars": ContainerSchema.list("Containers that are added."),
                    "command": .atomicList(.string(), "Command of containers that have none."),
                    "args": .atomicList(.string(), "Arguments of containers that have none."),
                ], required: ["selector"], "What is added to which pods."),
                "status": .anyObject("The state at present."),
            ], "What is added to the pods that a selector finds."))])
}

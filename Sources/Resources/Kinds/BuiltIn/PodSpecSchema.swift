import Core
import OrderedCollections

/// The schema of a pod's `spec`. What is not listed is kept as it is.
enum PodSpecSchema {
    /// Of a pod: it restarts its containers where nothing else is said.
    static let pod = spec(restartPolicy: .string("When containers start again.", fallback: "Always", allowed: ["Always", "OnFailure", "Never"]))

    /// Of a pod that runs to its end: the job has to say what follows a failure.
    static let job = spec(restartPolicy: .string("When containers start again.", allowed: ["OnFailure", "Never"]), required: ["containers", "restartPolicy"])

    /// A pod that is to be made: metadata and spec.
    static func template(_ spec: Schema) -> Schema {
        .object(["metadata": ObjectMetaSchema.schema, "spec": spec], required: ["spec"], "The pod that is made.")
    }

    /// Of templates in which any restart policy will do.
    static let podTemplate = template(pod)

    private static func spec(restartPolicy: Schema, required: [String] = ["containers"]) -> Schema {
        .openObject(common.merging(["restartPolicy": restartPolicy]) { _, own in own }, required: required, "What the pod runs.")
    }

    private static let common: OrderedDictionary<String, Schema> = [
        "containers": ContainerSchema.list("Programs that run together; at least one."),
        "initContainers": ContainerSchema.list("Programs that run one after the other before the containers."),
        "ephemeralContainers": ContainerSchema.list("Programs that were added to a running pod."),
        "volumes": VolumeSchema.list,
        "restartPolicy": .string(),
        "serviceAccountName": .string("The account that the pod acts as."),
        "serviceAccount": .string("Former name of serviceAccountName."),
        "automountServiceAccountToken": .boolean("Whether the account's token is mounted."),
        "imagePullSecrets": .keyedList(["name"], .localReference(), "Secrets with which images are pulled."),
        "nodeName": .string("The node that the pod runs on."),
        "nodeSelector": Schema(.object, description: "Labels that the node must have.", additional: .string(), mapType: .atomic),
        "affinity": .anyObject("Which nodes and pods to be near to or far from."),
        "tolerations": .atomicList(.openObject([
            "key": .string("The taint."), "operator": .string("Exists or Equal."), "value": .string("Value of the taint."),
            "effect": .string("Effect of the taint."),
            "tolerationSeconds": .integer("How long it is tolerated.", format: "int64"),
        ]), "Taints of nodes that are tolerated."),
        "topologySpreadConstraints": .keyedList(["topologyKey", "whenUnsatisfiable"], .openObject([
            "maxSkew": .integer(), "topologyKey": .string(), "whenUnsatisfiable": .string(), "labelSelector": .labelSelector(),
        ], required: ["maxSkew", "topologyKey", "whenUnsatisfiable"]), "How pods spread."),
        "schedulerName": .string("Who finds a place for the pod.", fallback: "default-scheduler"),
        "priorityClassName": .string("The class of priority."),
        "priority": .integer("The priority; higher goes first."),
        "preemptionPolicy": .string("Whether pods of lower priority give way."),
        "runtimeClassName": .string("The class of runtime."),
        "activeDeadlineSeconds": .integer("How long the pod may run.", minimum: 1, format: "int64"),
        "terminationGracePeriodSeconds": .integer("How long it may take to end.", fallback: 30, minimum: 0, format: "int64"),
        "securityContext": Schema(.object, description: "User, groups and the like of all containers.", fallback: [:], keepsUnknown: true),
        "hostNetwork": .boolean("Whether the host's network is used."),
        "hostPID": .boolean("Whether the host's processes are seen."),
        "hostIPC": .boolean("Whether the host's shared memory is seen."),
        "hostUsers": .boolean("Whether the host's users are used."),
        "shareProcessNamespace": .boolean("Whether containers see each other's processes."),
        "hostname": .string("Name of the host."),
        "subdomain": .string("Domain below the namespace's."),
        "setHostnameAsFQDN": .boolean("Whether the host's name is the full one."),
        "hostAliases": .keyedList(["ip"], .object(["ip": .string(), "hostnames": .atomicList(.string())], required: ["ip"]), "Lines of /etc/hosts."),
        "dnsPolicy": .string("Where names are looked up.", fallback: "ClusterFirst", allowed: ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
        "dnsConfig": .anyObject("Servers and options for looking up names."),
        "enableServiceLinks": .boolean("Whether services are told in variables.", fallback: true),
        "readinessGates": .atomicList(.object(["conditionType": .string()], required: ["conditionType"]), "Conditions that must hold for readiness."),
        "schedulingGates": .keyedList(["name"], .object(["name": .string()], required: ["name"]), "What must go before the pod is given a place."),
        "resourceClaims": .keyedList(["name"], .openObject(["name": .string()], required: ["name"]), "Devices that are claimed."),
        "overhead": .quantities("What the pod itself uses."),
    ]
}

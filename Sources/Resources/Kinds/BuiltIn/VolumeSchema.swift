import Core

/// The schema of a pod's volumes. A volume whose kind is not listed is kept as it is.
enum VolumeSchema {
    static let list = Schema.keyedList(["name"], volume, "Directories and files that containers can mount.")

    static let volume = Schema.openObject([
        "name": .string("Name, unique in the pod."),
        "emptyDir": .openObject(["medium": .string("Memory, or empty for disk."), "sizeLimit": .quantity()], "An empty directory that goes with the pod."),
        "configMap": .openObject([
            "name": .string("Name of the ConfigMap."), "items": items, "defaultMode": mode, "optional": .boolean("Whether it may be missing."),
        ], "A ConfigMap's keys as files."),
        "secret": .openObject([
            "secretName": .string("Name of the Secret."), "items": items, "defaultMode": mode, "optional": .boolean("Whether it may be missing."),
        ], "A Secret's keys as files."),
        "persistentVolumeClaim": .openObject([
            "claimName": .string("Name of the claim."), "readOnly": .boolean("Whether it is mounted for reading only."),
        ], required: ["claimName"], "A claim's volume."),
        "hostPath": .openObject(["path": .string("The path."), "type": .string(fallback: "")], required: ["path"], "A path of the host."),
        "projected": .openObject([
            "sources": .atomicList(.openObject([
                "configMap": .openObject(["name": .string(), "items": items, "optional": .boolean()]),
                "secret": .openObject(["name": .string(), "items": items, "optional": .boolean()]),
                "downwardAPI": .openObject(["items": downwardItems]),
                "serviceAccountToken": .openObject([
                    "audience": .string(), "expirationSeconds": .integer(fallback: 3600, format: "int64"), "path": .string(),
                ], required: ["path"]),
            ]), "What stands in it."),
            "defaultMode": mode,
        ], "Several sources in one directory."),
        "downwardAPI": .openObject(["items": downwardItems, "defaultMode": mode], "Facts about the pod as files."),
        "ephemeral": .openObject([
            "volumeClaimTemplate": .openObject(["metadata": ObjectMetaSchema.schema, "spec": VolumeClaimSchema.spec], required: ["spec"]),
        ], "A claim that is made with the pod and goes with it."),
        "nfs": .openObject(["server": .string(), "path": .string(), "readOnly": .boolean()], required: ["server", "path"], "A directory of a server."),
        "csi": .openObject(["driver": .string(), "readOnly": .boolean(), "volumeAttributes": .map(.string())], required: ["driver"], "A driver's volume."),
    ], required: ["name"], "A directory that containers can mount.")

    private static let mode = Schema.integer("Permission bits of the files, 420 being 0644.", fallback: 420, minimum: 0, maximum: 511)

    private static let items = Schema.atomicList(.openObject([
        "key": .string("The key."), "path": .string("The file, below the volume."),
        "mode": .integer("Permission bits of the file.", minimum: 0, maximum: 511),
    ], required: ["key", "path"]), "The keys that become files; all where left out.")

    private static let downwardItems = Schema.atomicList(.openObject([
        "path": .string("The file, below the volume."),
        "fieldRef": .atomicObject(["apiVersion": .string(fallback: "v1"), "fieldPath": .string()], required: ["fieldPath"]),
        "resourceFieldRef": .atomicObject(["containerName": .string(), "resource": .string(), "divisor": .quantity()], required: ["resource"]),
        "mode": .integer("Permission bits of the file.", minimum: 0, maximum: 511),
    ], required: ["path"]), "Files with what stands in them.")
}

import Core
import OrderedCollections

/// The schema of `metadata`, which every kind shares. One instance, so that a document of schemas can refer to it.
public enum ObjectMetaSchema {
    /// Every field of Kubernetes' ObjectMeta.
    public static let schema = Schema.object([
        "name": .string("Name, unique among the objects of its kind in its namespace. Cannot be changed."),
        "generateName": .string("Prefix of a name that the server completes where `name` is absent."),
        "namespace": .string("The namespace that the object is in; absent for cluster-scoped kinds."),
        "labels": .map(.string(), "Keys and values by which objects are selected."),
        "annotations": .map(.string(), "Keys and values that are kept and not selected by."),
        "finalizers": .set(.string(), "Who must agree before the object goes: a deleted object stays until this list is empty."),
        "ownerReferences": .keyedList(["uid"], ownerReference, "The objects that this one belongs to; it is collected when all of them are gone."),
        "resourceVersion": .string("Version of the object, for optimistic concurrency and watches. Opaque to clients."),
        "uid": .string("Unique in time and space, given by the server."),
        "generation": .integer("Counts the changes of the desired state.", format: "int64"),
        "creationTimestamp": .time("When the object was created."),
        "deletionTimestamp": .time("When the object is to be gone; set by the server on a deletion that finalizers or a grace period hold up."),
        "deletionGracePeriodSeconds": .integer("Seconds that the object is given to end by itself.", format: "int64"),
        "selfLink": .string("No longer filled in."),
        "managedFields": .list(managedFields, "Which manager owns which fields, for server-side apply."),
    ], "Standard metadata of an object.")

    /// What a document is besides its content: `apiVersion`, `kind` and `metadata`.
    public static let resourceFields: OrderedDictionary<String, Schema> = [
        "apiVersion": .string("The versioned schema of this object: group and version."),
        "kind": .string("The kind of object."),
        "metadata": schema,
    ]

    private static let ownerReference = Schema(
        .object, description: "An object of the same namespace, or of the cluster, that owns this one.",
        fields: [
            "apiVersion": .string("API version of the owner."),
            "kind": .string("Kind of the owner."),
            "name": .string("Name of the owner."),
            "uid": .string("UID of the owner."),
            "controller": .boolean("Whether the owner manages this object; at most one does."),
            "blockOwnerDeletion": .boolean("Whether a foreground deletion of the owner waits for this object."),
        ], required: ["apiVersion", "kind", "name", "uid"], mapType: .atomic)

    private static let managedFields = Schema.object([
        "manager": .string("Name of the manager."),
        "operation": .string("How the fields came to be owned.", allowed: ["Apply", "Update"]),
        "apiVersion": .string("Version that the fields are written in."),
        "time": .time("When the set was last changed."),
        "fieldsType": .string("Format of the set."),
        "fieldsV1": .anyObject("The set of owned fields."),
        "subresource": .string("The subresource that was written to."),
    ])

    /// The schema of a whole object: `apiVersion`, `kind` and `metadata`, then its own fields.
    public static func resource(
        _ fields: OrderedDictionary<String, Schema>, required: [String] = [], keepsUnknown: Bool = false, _ description: String = ""
    ) -> Schema {
        Schema(.object, description: description, fields: resourceFields.merging(fields) { _, own in own }, required: required, keepsUnknown: keepsUnknown)
    }

    /// A user-defined kind's root schema with the standard three fields in place of what it says of them. Its checks of
    /// `metadata.name` and `metadata.generateName`, which it may have, are kept.
    static func completing(_ root: Schema) -> Schema {
        var fields = resourceFields.merging(root.fields) { standard, _ in standard }
        if let declared = root.fields["metadata"] {
            var own = schema.fields
            for name in ["name", "generateName"] {
                guard let checks = declared.fields[name]?.checks, checks != SchemaChecks() else { continue }
                own[name] = own[name]?.replacing(checks: checks)
            }
            if own.values.elementsEqual(schema.fields.values, by: ===) == false { fields["metadata"] = schema.replacing(fields: own) }
        }
        return root.replacing(fields: fields)
    }
}

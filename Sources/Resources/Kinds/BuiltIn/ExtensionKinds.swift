import Core

/// Kinds of `apiextensions.k8s.io`: the kind of kinds.
enum ExtensionKinds {
    static let customResourceDefinition = KindDefinition(
        group: "apiextensions.k8s.io", kind: "CustomResourceDefinition", plural: "customresourcedefinitions", shortNames: ["crd", "crds"],
        categories: ["api-extensions"], isNamespaced: false,
        versions: [KindVersion(
            "v1",
            schema: ObjectMetaSchema.resource(["spec": spec, "status": status], required: ["spec"], "A kind that somebody defines."),
            hasStatus: true, columns: [.name, PrinterColumn("Created At", .string, ".metadata.creationTimestamp")])])

    private static let names = Schema.object([
        "plural": .string("Name in paths: lower case, several."),
        "singular": .string("Name in commands: lower case, one; the kind in lower case where left out."),
        "kind": .string("Name in documents: CamelCase, one."),
        "listKind": .string("Kind of the list; the kind with List behind it where left out."),
        "shortNames": .atomicList(.string(), "Short names in commands."),
        "categories": .atomicList(.string(), "Words that stand for several kinds, such as all."),
    ], required: ["plural", "kind"], "Names of the kind.")

    private static let spec = Schema.object([
        "group": .string("The group; the definition's name is plural.group."),
        "names": names,
        "scope": .string("Whether objects are in namespaces.", allowed: ["Cluster", "Namespaced"]),
        "versions": .atomicList(version, "The versions; one of them is stored."),
        "conversion": .openObject(["strategy": .string("None: only apiVersion changes.")], required: ["strategy"], "How versions become each other."),
        "preserveUnknownFields": .boolean("Must be false; say it in the schema."),
    ], required: ["group", "names", "scope", "versions"], "The desired state.")

    private static let version = Schema.object([
        "name": .string("Such as v1 or v2beta1."),
        "served": .boolean("Whether clients can use it."),
        "storage": .boolean("Whether objects are stored in it."),
        "deprecated": .boolean("Whether clients are warned."),
        "deprecationWarning": .string("What they are told."),
        "schema": .object(["openAPIV3Schema": .anyObject("An OpenAPI v3 schema that is structural.")], "What objects look like."),
        "subresources": .object([
            "status": .anyObject("Whether status is written by a path of its own."),
            "scale": .object([
                "specReplicasPath": .string(), "statusReplicasPath": .string(), "labelSelectorPath": .string(),
            ], required: ["specReplicasPath", "statusReplicasPath"], "Where the number of replicas stands."),
        ], "Parts with a path of their own."),
        "additionalPrinterColumns": .atomicList(.object([
            "name": .string(), "type": .string(), "jsonPath": .string(), "format": .string(), "description": .string(), "priority": .integer(),
        ], required: ["name", "type", "jsonPath"]), "Columns of tables."),
        "selectableFields": .atomicList(.object(["jsonPath": .string()], required: ["jsonPath"]), "What field selectors may name."),
    ], required: ["name", "served", "storage"])

    private static let status = Schema.object([
        "conditions": .keyedList(["type"], .condition, "Established and NamesAccepted."),
        "acceptedNames": names,
        "storedVersions": .atomicList(.string(), "Versions that objects were ever stored in."),
        "observedGeneration": .integer(format: "int64"),
    ], "The state at present.")
}

import Core

/// What the schemas of kinds are called in OpenAPI documents: as Kubernetes calls its own, and custom ones by their group in reverse.
enum SchemaNames {
    static let objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    static let listMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"

    /// `io.k8s.api.batch.v1.Job`, `org.kubeflow.v1.Profile`, `com.example.stable.v1.CronTab`.
    static func name(_ kind: KindDefinition, _ version: String) -> String { prefix(kind) + ".\(version).\(kind.kind)" }

    /// Whether it is one of Kubernetes' own kinds, with which kubectl comes.
    static func isKubernetes(_ kind: KindDefinition) -> Bool {
        kind.origin == .builtIn && (!kind.group.contains(".") || kind.group.hasSuffix(".k8s.io"))
    }

    /// Whether kubectl does better by what it knows itself: it makes the patch of `apply` from our schema where it can, and warns of each field that
    /// the schema keeps without describing it.
    static func isLeftToClient(_ kind: KindDefinition, _ version: KindVersion) -> Bool {
        isKubernetes(kind) && version.schema.fields["spec"].map { $0.keepsUnknown && !$0.fields.isEmpty } ?? false
    }

    private static func prefix(_ kind: KindDefinition) -> String {
        let labels = kind.group.split(separator: ".")
        guard kind.origin == .builtIn else { return labels.reversed().joined(separator: ".") }
        if kind.group == "apiextensions.k8s.io" { return "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions" }
        return isKubernetes(kind) ? "io.k8s.api.\(labels.first.map { String($0) } ?? "core")" : labels.reversed().joined(separator: ".")
    }

    /// The part of operations' names that tells the group and version: `CoreV1`, `BatchV1`, `KubeflowOrgV1`.
    static func operationGroup(_ kind: KindDefinition, _ version: String) -> String {
        let labels = kind.group.isEmpty ? ["core"] : kind.group.replacing(".k8s.io", with: "").split(separator: ".").map(String.init)
        return (labels + [version]).map(capitalized).joined()
    }

    private static func capitalized(_ word: String) -> String {
        word.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// What schemas and operations say of the kind that they are about.
    static func identity(_ kind: KindDefinition, _ version: String) -> JSON {
        ["group": .string(kind.group), "version": .string(version), "kind": .string(kind.kind)]
    }
}

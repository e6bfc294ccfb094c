import Core
import Foundation
@testable import Resources
import Testing

@Suite struct OpenAPIDocumentsTests {
    private static func table() throws -> KindTable {
        var table = KindTable()
        let definition: JSON = [
            "metadata": ["name": "crontabs.stable.example.com", "uid": "u"],
            "spec": [
                "group": "stable.example.com", "names": ["plural": "crontabs", "kind": "CronTab"], "scope": "Namespaced",
                "versions": [
                    ["name": "v1", "served": true, "storage": true, "schema": ["openAPIV3Schema": try json(cronTabSchema)], "subresources": ["status": [:]]],
                    ["name": "v1beta1", "served": false, "storage": false, "schema": ["openAPIV3Schema": ["type": "object"]]],
                ],
            ],
        ]
        try table.add(try CustomKindReader.read(definition))
        return table
    }

    @Test func indexHasEachGroupAndVersionWithTheHashOfItsDocument() throws {
        let documents = OpenAPIDocuments(try Self.table()), index = documents.index()["paths"]?.objectValue ?? [:]
        #expect(Set(index.keys) == [
            "api/v1", "apis/batch/v1", "apis/kubeflow.org/v1", "apis/kubeflow.org/v1alpha1", "apis/kubeflow.org/v1beta1", "apis/rbac.authorization.k8s.io/v1",
            "apis/apiextensions.k8s.io/v1", "apis/coordination.k8s.io/v1",
            "apis/stable.example.com/v1",
        ])
        let batch = try #require(documents.document(group: "batch", version: "v1"))
        let hash = Hashing.hex(Hashing.sha256(batch.serialized()))
        #expect(index["apis/batch/v1"] == ["serverRelativeURL": .string("/openapi/v3/apis/batch/v1?hash=\(hash)")])
        #expect(OpenAPIDocuments(KindTable()).index()["paths"]?["apis/batch/v1"] == index["apis/batch/v1"])
        #expect(documents.document(group: "batch", version: "v2") == nil && documents.document(group: "stable.example.com", version: "v1beta1") == nil)
    }

    @Test func schemasAreNamedAsKubernetesNamesThem() throws {
        let documents = OpenAPIDocuments(try Self.table())
        func names(_ group: String, _ version: String) -> [String] {
            (documents.document(group: group, version: version)?["components"]?["schemas"]?.objectValue?.keys).map { $0.filter { !$0.hasSuffix("List") && !$0.hasSuffix("Meta") } } ?? []
        }
        #expect(names("", "v1").prefix(2) == ["io.k8s.api.core.v1.Namespace", "io.k8s.api.core.v1.ConfigMap"])
        #expect(names("batch", "v1") == ["io.k8s.api.batch.v1.Job", "io.k8s.api.batch.v1.CronJob"])
        #expect(names("coordination.k8s.io", "v1") == ["io.k8s.api.coordination.v1.Lease"])
        #expect(names("kubeflow.org", "v1") == ["org.kubeflow.v1.Profile"])
        #expect(names("apiextensions.k8s.io", "v1") == ["io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition"])
        #expect(names("stable.example.com", "v1") == ["com.example.stable.v1.CronTab"])
    }

    @Test func aSchemaSaysItsKindAndRefersToTheMetadata() throws {
        let schemas = OpenAPIDocuments(KindTable()).document(group: "", version: "v1")?["components"]?["schemas"]
        let configMap = schemas?["io.k8s.api.core.v1.ConfigMap"]
        #expect(configMap?["x-kubernetes-group-version-kind"] == [["group": "", "version": "v1", "kind": "ConfigMap"]])
        #expect(configMap?["properties"]?["metadata"]?["allOf"] == [["$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]])
        #expect(configMap?["properties"]?["data"]?["additionalProperties"] == ["type": "string"])
        #expect(schemas?["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]?["properties"]?["labels"] != nil)
    }

    /// Where our schema has less than kubectl's own, kubectl must not find it when it makes a patch.
    @Test func kindsThatAreLeftToTheClient() throws {
        let documents = OpenAPIDocuments(try Self.table()), definitions = documents.swagger()["definitions"]?.objectValue ?? [:]
        let hidden = definitions.filter { !$0.key.hasSuffix("Meta") && $0.value["x-kubernetes-group-version-kind"] == nil }.keys
        let names = ["core.v1.PersistentVolumeClaim", "core.v1.Pod", "core.v1.ResourceQuota", "core.v1.LimitRange", "batch.v1.Job", "batch.v1.CronJob"]
        #expect(Set(hidden) == Set(names.map { "io.k8s.api." + $0 }))
        let pod = documents.document(group: "", version: "v1")?["components"]?["schemas"]?["io.k8s.api.core.v1.Pod"]
        #expect(pod?["x-kubernetes-group-version-kind"] != nil && pod?["properties"]?["spec"]?["properties"]?["containers"] != nil)
    }

    /// kubectl looks for the operation `patch` of the kind and reads its parameters and media types.
    @Test(arguments: [
        ("", "v1", "/api/v1/namespaces/{name}", "Namespace", true), ("", "v1", "/api/v1/namespaces/{namespace}/pods/{name}/status", "Pod", false),
        ("batch", "v1", "/apis/batch/v1/namespaces/{namespace}/jobs/{name}", "Job", false),
        ("stable.example.com", "v1", "/apis/stable.example.com/v1/namespaces/{namespace}/crontabs/{name}", "CronTab", false),
    ])
    func patchesTellWhatTheyTake(group: String, version: String, path: String, kind: String, isStrategic: Bool) throws {
        let documents = OpenAPIDocuments(try Self.table()), identity: JSON = ["group": .string(group), "version": .string(version), "kind": .string(kind)]
        let patch = documents.document(group: group, version: version)?["paths"]?[path]?["patch"]
        #expect(patch?["x-kubernetes-group-version-kind"] == identity && patch?["x-kubernetes-action"] == "patch")
        #expect(patch?["parameters"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == ["dryRun", "fieldManager", "fieldValidation", "force"])
        #expect(patch?["parameters"]?.arrayValue?.allSatisfy { $0["in"] == "query" } == true)
        #expect((patch?["requestBody"]?["content"]?["application/strategic-merge-patch+json"] != nil) == isStrategic)
        let old = documents.swagger()["paths"]?[path]?["patch"]
        #expect(old?["x-kubernetes-group-version-kind"] == identity && old?["consumes"]?.arrayValue?.contains("application/strategic-merge-patch+json") == isStrategic)
        #expect(old?["parameters"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == ["dryRun", "fieldManager", "fieldValidation", "force", "body"])
    }

    /// Every `$ref` leads somewhere, and every operation has a name of its own.
    @Test func documentsAreWhole() throws {
        let documents = OpenAPIDocuments(try Self.table())
        var all = [documents.swagger()]
        for group in documents.table.groups { for version in group.versions { all.append(try #require(documents.document(group: group.name, version: version))) } }
        for document in all {
            var references: Set<String> = [], ids: [String] = []
            func walk(_ value: JSON) {
                switch value {
                case .object(let members):
                    if let reference = members["$ref"]?.stringValue { references.insert(reference) }
                    if let id = members["operationId"]?.stringValue { ids.append(id) }
                    members.values.forEach(walk)
                case .array(let items): items.forEach(walk)
                default: break
                }
            }
            walk(document)
            #expect(!references.isEmpty && Set(ids).count == ids.count && ids.count > 6)
            for reference in references {
                let place = reference.dropFirst(2).split(separator: "/").reduce(Optional(document)) { $0?[String($1)] }
                #expect(place != nil, "\(reference)")
            }
        }
    }

    /// Old clients refuse manifests with members that an object with named ones does not have.
    @Test func swaggerLeavesOpenWhatItCannotSay() throws {
        func written(_ schema: Schema) -> JSON { SwaggerSchemaWriter(references: [:]).json(schema) }
        #expect(written(.openObject(["a": .string()], required: ["a"])) == ["type": "object", "x-kubernetes-preserve-unknown-fields": true])
        #expect(written(.object(["a": .string("A.")], required: ["a"])) == ["type": "object", "properties": ["a": ["description": "A.", "type": "string"]], "required": ["a"]])
        #expect(written(.intOrString("Port.")) == ["description": "Port.", "x-kubernetes-int-or-string": true])
        #expect(written(Schema(.string, isNullable: true)) == [:] && written(Schema(.array)) == [:])
        #expect(written(.map(.integer())) == ["type": "object", "additionalProperties": ["type": "integer", "format": "int32"]])
        #expect(written(.keyedList(["name"], .anyObject())) == [
            "type": "array", "items": ["type": "object", "x-kubernetes-preserve-unknown-fields": true], "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"], "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge",
        ])
    }
}

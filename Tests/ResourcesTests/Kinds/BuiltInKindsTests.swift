import Core
import Resources
import Testing

@Suite struct BuiltInKindsTests {
    @Test func namesAreThoseOfKubernetes() {
        let names = BuiltInKinds.all.map { "\($0.key) \($0.kind) \($0.singular) \($0.shortNames.joined(separator: ",")) \($0.isNamespaced ? "namespaced" : "cluster")" }
        #expect(names == [
            "namespaces Namespace namespace ns cluster", "configmaps ConfigMap configmap cm namespaced", "secrets Secret secret  namespaced",
            "serviceaccounts ServiceAccount serviceaccount sa namespaced", "persistentvolumeclaims PersistentVolumeClaim persistentvolumeclaim pvc namespaced",
            "pods Pod pod po namespaced", "events Event event ev namespaced",
            "resourcequotas ResourceQuota resourcequota quota namespaced", "limitranges LimitRange limitrange limits namespaced", "jobs.batch Job job  namespaced", "cronjobs.batch CronJob cronjob cj namespaced",
            "profiles.kubeflow.org Profile profile  cluster", "poddefaults.kubeflow.org PodDefault poddefault  namespaced",
            "customresourcedefinitions.apiextensions.k8s.io CustomResourceDefinition customresourcedefinition crd,crds cluster",
            "leases.coordination.k8s.io Lease lease  namespaced", "rolebindings.rbac.authorization.k8s.io RoleBinding rolebinding  namespaced",
        ])
    }

    /// What the reader asks of a user's schema holds for ours: list keys with a default or required, items that can be told apart, defaults that fit.
    @Test(arguments: BuiltInKinds.all.map(\.key))
    func schemasAreStructural(key: String) throws {
        let kind = try #require(KindTable().kind(key: key))
        #expect(kind.storedVersion != nil)
        for version in kind.versions {
            #expect(Array(version.schema.fields.keys.prefix(3)) == ["apiVersion", "kind", "metadata"] && version.schema.fields["metadata"] === ObjectMetaSchema.schema)
            for (name, field) in version.schema.fields where name != "metadata" {
                let wrapped = SchemaWriter().json(.object(["x": field]))
                do throws(FieldErrors) {
                    let reading = try SchemaReader.read(wrapped)
                    #expect(SchemaWriter().json(reading.schema).canonicalText() == wrapped.canonicalText())
                } catch { Issue.record("\(kind.kind).\(name): \(error)") }
            }
            #expect(version.columns.contains { $0.format == "name" })
            for path in version.selectableFields {
                var field: Schema? = version.schema
                for step in path.split(separator: ".") { field = field?.fields[String(step)] }
                #expect(field != nil, "\(kind.kind) has no \(path)")
            }
        }
    }

    @Test func listsAreJoinedAsDocumented() throws {
        let pod = try #require(KindTable().kind(key: "pods")?.version("v1")?.schema.fields["spec"])
        let container = try #require(pod.fields["containers"]?.items)
        func words(_ schema: Schema?) -> String {
            "\(schema?.listType?.rawValue ?? "-") \(schema?.listKeys.joined(separator: ",") ?? "") \(schema?.patchKey ?? "-")"
        }
        #expect(words(pod.fields["containers"]) == "map name name" && words(pod.fields["initContainers"]) == "map name name")
        #expect(words(pod.fields["volumes"]) == "map name name" && words(pod.fields["imagePullSecrets"]) == "map name name")
        #expect(words(pod.fields["tolerations"]) == "atomic  -" && words(pod.fields["hostAliases"]) == "map ip ip")
        #expect(words(container.fields["env"]) == "map name name" && words(container.fields["volumeMounts"]) == "map mountPath mountPath")
        #expect(words(container.fields["ports"]) == "map containerPort,protocol containerPort" && words(container.fields["args"]) == "atomic  -")
        #expect(words(ObjectMetaSchema.schema.fields["ownerReferences"]) == "map uid uid" && words(ObjectMetaSchema.schema.fields["finalizers"]) == "set  -")
        #expect(ObjectMetaSchema.schema.fields["finalizers"]?.mergesAsSet == true)
    }

    /// Kind, what is filled in and checked, and the errors.
    @Test(arguments: [
        ("configmaps", #"{"data":{"a":"b"},"binaryData":{"c":"aGk="}}"#, []),
        ("configmaps", #"{"data":{"a":1},"binaryData":{"c":"?"}}"#, ["data[a]", "binaryData[c]"]),
        ("secrets", #"{"data":{"a":"not base64"},"stringData":{"b":"fine"}}"#, ["data[a]"]),
        ("persistentvolumeclaims", #"{"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}"#, []),
        ("persistentvolumeclaims", #"{"spec":{"accessModes":["Write"]}}"#, ["spec.accessModes[0]"]),
        ("pods", #"{"spec":{"containers":[{"name":"a","image":"b","ports":[{"containerPort":80}],"resources":{"limits":{"cpu":1,"memory":"1Gi"}},"newField":{"x":1}}]}}"#, []),
        ("pods", #"{"spec":{"containers":[{"image":"b","env":[{"name":"A"},{"name":"A"}]}]}}"#, ["spec.containers[0].name", "spec.containers[0].env[1]"]),
        ("pods", #"{"spec":{"containers":[{"name":"a"},{"name":"a"}],"restartPolicy":"Sometimes"}}"#, ["spec.containers[1]", "spec.restartPolicy"]),
        ("jobs.batch", #"{"spec":{"template":{"metadata":{"labels":{"a":"b"}},"spec":{"restartPolicy":"Never","containers":[{"name":"a","command":["x"]}]}}}}"#, []),
        ("jobs.batch", #"{"spec":{"backoffLimit":-1,"template":{"spec":{"containers":[{"name":"a"}]}}}}"#, ["spec.backoffLimit", "spec.template.spec.restartPolicy"]),
        ("cronjobs.batch", #"{"spec":{"schedule":"* * * * *","jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"OnFailure","containers":[{"name":"a"}]}}}}}}"#, []),
        ("cronjobs.batch", "{\"spec\":{}}", ["spec.schedule", "spec.jobTemplate"]),
        ("events", #"{"involvedObject":{"kind":"Pod","name":"a"},"type":"Normal","eventTime":null,"lastTimestamp":"2026-11-24T09:00:00.000001Z","source":{"component":"kopf"}}"#, []),
        ("profiles.kubeflow.org", #"{"spec":{"owner":{"kind":"User","name":"a@b.example"},"resourceQuotaSpec":{"hard":{"cpu":"4","requests.nvidia.com/gpu":1}}}}"#, []),
        ("profiles.kubeflow.org", #"{"spec":{"owner":{"kind":"Robot"}}}"#, ["spec.owner.name", "spec.owner.kind"]),
        ("resourcequotas", #"{"spec":{"hard":{"requests.cpu":"4","pods":10}}}"#, []),
        ("limitranges", #"{"spec":{"limits":[{"type":"Container","defaultRequest":{"cpu":"100m"}}]}}"#, []),
        ("limitranges", #"{"spec":{"limits":[{}]}}"#, ["spec.limits[0].type"]),
        ("rolebindings.rbac.authorization.k8s.io", #"{"subjects":[{"kind":"User"}]}"#, ["roleRef", "subjects[0].name"]),
        ("poddefaults.kubeflow.org", #"{"spec":{"selector":{"matchLabels":{"a":"b"}},"env":[{"name":"A","value":"b"}]}}"#, []),
        ("poddefaults.kubeflow.org", #"{"spec":{"desc":"x"}}"#, ["spec.selector"]),
        ("leases.coordination.k8s.io", #"{"spec":{"holderIdentity":"a","renewTime":"2026-11-24T09:00:00.000001Z","leaseDurationSeconds":15}}"#, []),
        ("namespaces", #"{"metadata":{"name":"a","creationTimestamp":null,"labels":{"x":null}},"spec":{},"status":{}}"#, []),
    ] as [(String, String, [String])])
    func manifests(key: String, content: String, errors: [String]) throws {
        let version = try #require(KindTable().kind(key: key)?.version("v1") ?? KindTable().kind(key: key)?.versions.first)
        var document = try json(content)
        #expect(SchemaPruning.unknownFields(of: document, by: version.schema).isEmpty)
        SchemaDefaults.fill(&document, by: version.schema)
        #expect(version.validation.errors(of: document).map(\.path.description) == errors)
    }

    @Test func defaultsOfAPod() throws {
        let version = try #require(KindTable().kind(key: "pods")?.version("v1"))
        var document = try json("""
            {"spec":{"containers":[{"name":"a","ports":[{"containerPort":80}],"readinessProbe":{}}],"volumes":[{"name":"v","secret":{"secretName":"s"}}]}}
            """)
        SchemaDefaults.fill(&document, by: version.schema)
        let spec = document["spec"]
        #expect(spec?["restartPolicy"] == "Always" && spec?["terminationGracePeriodSeconds"] == 30 && spec?["securityContext"] == [:])
        #expect(spec?["containers"]?[0]?["ports"]?[0]?["protocol"] == "TCP" && spec?["containers"]?[0]?["readinessProbe"]?["periodSeconds"] == 10)
        #expect(spec?["volumes"]?[0]?["secret"]?["defaultMode"] == 420)
    }

    @Test func unknownFieldsOfADefinitionAreTold() throws {
        let version = try #require(KindTable().kind(key: "customresourcedefinitions.apiextensions.k8s.io")?.version("v1"))
        let document = try json(#"{"spec":{"group":"a.io","versions":[{"name":"v1","schema":{"openAPIV3Schema":{"type":"object","x-anything":1}},"extra":1}]}}"#)
        #expect(SchemaPruning.unknownFields(of: document, by: version.schema).map(\.description) == ["spec.versions[0].extra"])
    }
}

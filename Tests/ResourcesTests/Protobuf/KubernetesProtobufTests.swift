import Core
import Resources
import Testing

@Suite struct KubernetesProtobufTests {
    private static let namespace = WireWriter.kubernetes("v1", "Namespace") {
        $0.metadata(name: "team-a")
        $0.message(2) { _ in }
        $0.message(3) { $0.text(1, "") }
    }

    private static let configMap = WireWriter.kubernetes("v1", "ConfigMap", contentType: "application/vnd.kubernetes.protobuf") { object in
        object.metadata(name: "settings") { meta in
            meta.text(3, "team-a")
            meta.number(7, 3)
            meta.message(8) {
                $0.number(1, 1_795_510_800)
                $0.number(2, 5)
            }
            meta.message(9) { $0.number(1, -1) }
            meta.number(10, 0)
            meta.pair(11, "app", Array("web".utf8))
            meta.pair(11, "tier", Array("front".utf8))
            meta.pair(12, "note", [])
            meta.message(13) {
                $0.text(1, "Job")
                $0.text(3, "j")
                $0.text(4, "u-1")
                $0.text(5, "batch/v1")
                $0.number(6, 1)
                $0.number(7, 0)
            }
            meta.text(14, "a.io/x")
            meta.text(14, "a.io/y")
            meta.message(17) { entry in
                entry.text(1, "kubectl-create")
                entry.text(2, "Update")
                entry.text(3, "v1")
                entry.message(4) { $0.number(1, 0) }
                entry.text(6, "FieldsV1")
                entry.message(7) { $0.text(1, #"{"f:data":{".":{}}}"#) }
                entry.text(8, "status")
            }
            meta.text(99, "from the future")
        }
        object.pair(2, "greeting", Array("grüße".utf8))
        object.pair(2, "empty", [])
        object.message(2) { $0.text(1, "absent") }
        object.pair(3, "blob", [0, 255, 10])
        object.number(4, 1)
        object.bytes += [0x9d, 0x06, 1, 2, 3, 4, 0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8]
    }

    /// Members come in the order of the wire, which Kubernetes' own writer makes the order of field numbers.
    private func expect(_ bytes: [UInt8], _ object: JSON, _ place: SourceLocation = #_sourceLocation) throws {
        let text = try KubernetesProtobuf.object(bytes).canonicalText()
        #expect(text == object.canonicalText(), sourceLocation: place)
    }

    /// As `kubectl create cronjob` sends one, with what Kubernetes' types write though it is not set.
    private static func cronJob(_ more: (inout WireWriter) -> Void = { _ in }) -> [UInt8] {
        WireWriter.kubernetes("batch/v1", "CronJob") { object in
            object.metadata(name: "tick")
            object.message(2) { spec in
                spec.text(1, "* * * * *")
                spec.text(3, "")
                spec.message(5) { template in
                    template.message(1) { $0.message(8) { _ in } }
                    template.message(2) { job in
                        job.message(6) { pods in
                            pods.message(1) { _ in }
                            pods.message(2) { pod in
                                pod.message(1) { volume in
                                    volume.text(1, "v")
                                    volume.message(2) { $0.message(19) { $0.message(1) { $0.text(1, "settings") } } }
                                }
                                pod.message(2) { container in
                                    container.text(1, "tick")
                                    container.text(2, "alpine")
                                    container.text(3, "echo")
                                    container.message(7) { variable in
                                        variable.text(1, "KEY")
                                        variable.text(2, "")
                                        variable.message(3) { $0.message(4) { key in
                                            key.message(1) { $0.text(1, "s") }
                                            key.text(2, "k")
                                        } }
                                    }
                                    container.message(8) { resources in
                                        resources.message(1) { entry in
                                            entry.text(1, "cpu")
                                            entry.message(2) { $0.text(1, "500m") }
                                        }
                                    }
                                    container.number(16, 0)
                                    more(&container)
                                }
                                pod.text(3, "OnFailure")
                                pod.number(11, 0)
                            }
                        }
                    }
                }
            }
            object.message(3) { _ in }
        }
    }

    @Test func cronJobs() throws {
        try expect(Self.cronJob(), [
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": ["name": "tick"],
            "spec": ["schedule": "* * * * *", "jobTemplate": ["spec": ["template": ["spec": [
                "volumes": [["name": "v", "configMap": ["name": "settings"]]],
                "containers": [[
                    "name": "tick", "image": "alpine", "command": ["echo"], "env": [["name": "KEY", "valueFrom": ["secretKeyRef": ["name": "s", "key": "k"]]]],
                    "resources": ["limits": ["cpu": "500m"]],
                ]],
                "restartPolicy": "OnFailure",
            ]]]]],
        ])
    }

    /// A pod is not run without what was asked for: a probe, here.
    @Test func whatIsNotReadIsRefused() {
        #expect(throws: MonoflowError.self) { try KubernetesProtobuf.object(Self.cronJob { $0.message(10) { $0.number(2, 5) } }) }
    }

    @Test func namespaces() throws {
        try expect(Self.namespace, ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "team-a"], "spec": [:], "status": [:]])
    }

    /// What kubectl 1.33 sends for `create namespace foo` and `create configmap z -n x --from-literal=a=b`.
    @Test func bodiesOfKubectl() throws {
        let namespace: [UInt8] = [
            0x6b, 0x38, 0x73, 0x00, 0x0a, 0x0f, 0x0a, 0x02, 0x76, 0x31, 0x12, 0x09, 0x4e, 0x61, 0x6d, 0x65, 0x73, 0x70, 0x61, 0x63, 0x65, 0x12, 0x1b, 0x0a, 0x13, 0x0a, 0x03,
            0x66, 0x6f, 0x6f, 0x12, 0x00, 0x1a, 0x00, 0x22, 0x00, 0x2a, 0x00, 0x32, 0x00, 0x38, 0x00, 0x42, 0x00, 0x12, 0x00, 0x1a, 0x02, 0x0a, 0x00, 0x1a, 0x00, 0x22, 0x00,
        ]
        try expect(namespace, ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "foo"], "spec": [:], "status": [:]])
        let configMap: [UInt8] = [
            0x6b, 0x38, 0x73, 0x00, 0x0a, 0x0f, 0x0a, 0x02, 0x76, 0x31, 0x12, 0x09, 0x43, 0x6f, 0x6e, 0x66, 0x69, 0x67, 0x4d, 0x61, 0x70, 0x12, 0x1c, 0x0a, 0x12, 0x0a, 0x01,
            0x7a, 0x12, 0x00, 0x1a, 0x01, 0x78, 0x22, 0x00, 0x2a, 0x00, 0x32, 0x00, 0x38, 0x00, 0x42, 0x00, 0x12, 0x06, 0x0a, 0x01, 0x61, 0x12, 0x01, 0x62, 0x1a, 0x00, 0x22, 0x00,
        ]
        try expect(configMap, ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "z", "namespace": "x"], "data": ["a": "b"]])
    }

    @Test func configMaps() throws {
        let expected = try json(#"""
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"team-a","generation":3,"creationTimestamp":"2026-11-24T09:00:00Z",
            "deletionTimestamp":"1969-12-31T23:59:59Z","deletionGracePeriodSeconds":0,"labels":{"app":"web","tier":"front"},"annotations":{"note":""},
            "ownerReferences":[{"kind":"Job","name":"j","uid":"u-1","apiVersion":"batch/v1","controller":true,"blockOwnerDeletion":false}],"finalizers":["a.io/x","a.io/y"],
            "managedFields":[{"manager":"kubectl-create","operation":"Update","apiVersion":"v1","time":"1970-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{}}},"subresource":"status"}]},
            "data":{"greeting":"grüße","empty":"","absent":""},"binaryData":{"blob":"AP8K"},"immutable":true}
            """#)
        try expect(Self.configMap, expected)
    }

    @Test func secretsAndServiceAccounts() throws {
        let secret = WireWriter.kubernetes("v1", "Secret") {
            $0.metadata(name: "s")
            $0.pair(2, "key", Array("hi".utf8))
            $0.text(3, "Opaque")
            $0.pair(4, "plain", Array("text".utf8))
            $0.number(5, 0)
        }
        try expect(secret, [
            "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s"], "data": ["key": "aGk="], "type": "Opaque", "stringData": ["plain": "text"], "immutable": false,
        ])
        let account = WireWriter.kubernetes("v1", "ServiceAccount") {
            $0.metadata(name: "a")
            $0.message(2) {
                $0.text(1, "Secret")
                $0.text(3, "s")
                $0.text(7, "")
            }
            $0.message(3) { $0.text(1, "registry") }
            $0.number(4, 0)
        }
        try expect(account, [
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": ["name": "a"], "secrets": [["kind": "Secret", "name": "s"]],
            "imagePullSecrets": [["name": "registry"]], "automountServiceAccountToken": false,
        ])
    }

    @Test func bindingsQuotasAndTokenRequests() throws {
        let binding = WireWriter.kubernetes("rbac.authorization.k8s.io/v1", "RoleBinding") {
            $0.metadata(name: "b")
            $0.message(2) {
                $0.text(1, "User")
                $0.text(2, "rbac.authorization.k8s.io")
                $0.text(3, "ann")
                $0.text(4, "")
            }
            $0.message(2) {
                $0.text(1, "ServiceAccount")
                $0.text(3, "bot")
                $0.text(4, "team")
            }
            $0.message(3) {
                $0.text(1, "rbac.authorization.k8s.io")
                $0.text(2, "ClusterRole")
                $0.text(3, "edit")
            }
        }
        try expect(binding, [
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": ["name": "b"],
            "subjects": [
                ["kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "ann"], ["kind": "ServiceAccount", "name": "bot", "namespace": "team"],
            ],
            "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"],
        ])
        let quota = WireWriter.kubernetes("v1", "ResourceQuota") {
            $0.metadata(name: "q")
            $0.message(2) { $0.pair(1, "pods", WireWriter.make { $0.text(1, "10") }) }
            $0.message(3) { _ in }
        }
        try expect(quota, ["apiVersion": "v1", "kind": "ResourceQuota", "metadata": ["name": "q"], "spec": ["hard": ["pods": "10"]]])
        let request = WireWriter.kubernetes("authentication.k8s.io/v1", "TokenRequest") {
            $0.metadata(name: "")
            $0.message(2) {
                $0.text(1, "me")
                $0.message(3) { $0.text(1, "Pod") }
                $0.number(4, 600)
            }
        }
        let spec = try KubernetesProtobuf.object(request)["spec"]
        #expect(spec == ["audiences": ["me"], "boundObjectRef": ["kind": "Pod"], "expirationSeconds": 600])
    }

    @Test func deleteOptions() throws {
        let bytes = WireWriter.kubernetes("v1", "DeleteOptions") {
            $0.number(1, 0)
            $0.message(2) { $0.text(1, "u-1") }
            $0.text(4, "Background")
            $0.text(5, "All")
        }
        #expect(try KubernetesProtobuf.deleteOptions(bytes) == [
            "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0, "preconditions": ["uid": "u-1"], "propagationPolicy": "Background", "dryRun": ["All"],
        ])
        let error = try #require(throws: MonoflowError.self) { try KubernetesProtobuf.deleteOptions(Self.namespace) }
        #expect(error.code == .invalidArgument && error.description.contains("v1 Namespace"))
    }

    /// What the bytes are; code and words of the error.
    @Test(arguments: [
        (Array("{}".utf8), .invalidArgument, "does not begin"),
        ([0x6b, 0x38, 0x73], .invalidArgument, "does not begin"),
        (WireWriter.kubernetes("apps/v1", "Deployment") { $0.metadata(name: "d") }, .unsupportedMediaType, "apps/v1 Deployment"),
        (WireWriter.kubernetes("v1", "ConfigMap", contentType: "application/json") { _ in }, .unsupportedMediaType, "application/json"),
        (WireWriter.kubernetes("v1", "ConfigMap") { $0.text(4, "x") }, .invalidArgument, "immutable is not a field of a number"),
        (WireWriter.kubernetes("v1", "ConfigMap") { $0.number(1, 1) }, .invalidArgument, "metadata is not a field of bytes"),
        (WireWriter.kubernetes("v1", "ConfigMap") { $0.pair(2, "k", [0xff]) }, .invalidArgument, "data is not UTF-8"),
        (WireWriter.kubernetes("v1", "ConfigMap") { $0.bytes += [0x0a, 0x05, 1] }, .invalidArgument, "within a field of 5 bytes"),
        (WireWriter.kubernetes("v1", "ConfigMap") { $0.bytes += [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01] }, .invalidArgument, "within a field"),
        (WireWriter.kubernetes("v1", "ConfigMap") { $0.bytes += [0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02] }, .invalidArgument, "more than 64 bits"),
        (WireWriter.kubernetes("v1", "ConfigMap") { $0.bytes += [0x0b] }, .invalidArgument, "wire type 3"),
        (WireWriter.kubernetes("v1", "ConfigMap") { $0.bytes += [0x02, 0x00] }, .invalidArgument, "no valid number"),
        (WireWriter.kubernetes("v1", "ConfigMap") { $0.metadata(name: "a") { $0.message(8) { $0.number(1, .max) } } }, .invalidArgument, "out of the range of times"),
        (WireWriter.kubernetes("v1", "ConfigMap") { $0.metadata(name: "a") { $0.message(17) { $0.message(7) { $0.text(1, "{") } } } }, .invalidArgument, "expected a key"),
    ] as [([UInt8], MonoflowError.Code, String)])
    func errors(bytes: [UInt8], code: MonoflowError.Code, says: String) throws {
        let error = try #require(throws: MonoflowError.self) { try KubernetesProtobuf.object(bytes) }
        #expect(error.code == code && error.description.contains(says), "\(error)")
    }

    /// The envelope's last fields may be missing; before them every cut is an error.
    @Test func everyTruncationIsAnError() {
        for whole in [Self.namespace, Self.configMap] {
            let tail = whole.last == 0 ? 4 : 2 + 2 + "application/vnd.kubernetes.protobuf".utf8.count
            for count in 0..<(whole.count - tail) { #expect(throws: MonoflowError.self, "\(count)") { try KubernetesProtobuf.object(Array(whole.prefix(count))) } }
            for count in (whole.count - tail)..<whole.count { _ = try? KubernetesProtobuf.object(Array(whole.prefix(count))) }
        }
    }

    @Test func mutationsNeverTrap() {
        var random = SeededRandom(20_261_124), accepted = 0
        for round in 0..<4_000 {
            var bytes = round % 2 == 0 ? Self.configMap : Self.namespace
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 4..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes.remove(at: at)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
                }
            }
            if let object = try? KubernetesProtobuf.object(bytes) {
                accepted += 1
                #expect((try? JSONParser.parse(object.serialized())) == object)
            }
            _ = try? KubernetesProtobuf.deleteOptions(bytes)
        }
        #expect(accepted > 100)
    }
}

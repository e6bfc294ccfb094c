import Core
import Resources
import Tasks
import Testing

@testable import Training

@Suite struct PodReaderTests {
    private let reader = PodReader(capacity: .init(cpuMillis: 4000, memoryBytes: 1 << 30))

    private func read(container: JSON = [:], pod: JSON = [:]) throws -> TaskSpec {
        var object = TestObjects.pod("p", container: container, pod: pod)
        object["metadata"] = ["name": "p", "namespace": "a", "uid": "u-1", "labels": ["app": "x"], "annotations": ["note": "a$(b)"]]
        return try reader.read(object)
    }

    @Test func aPlainContainer() throws {
        let task = try read(
            container: [
                "image": "python:3.11", "command": ["python", "-c"], "args": ["1"], "workingDir": "/w", "env": [["name": "A", "value": "1"]],
                "resources": ["requests": ["cpu": "250m"], "limits": ["cpu": 2, "memory": "64Mi", "nvidia.com/gpu": 1]],
            ], pod: ["activeDeadlineSeconds": 5, "terminationGracePeriodSeconds": 3, "tolerations": [["key": "gpu"]], "nodeSelector": ["a": "b"]])
        #expect(task.image == "python:3.11" && task.command == ["python", "-c"] && task.args == ["1"] && task.workingDirectory == "/w")
        #expect(task.env == [EnvironmentVariable("A", "1")] && task.references == nil)
        #expect(task.resources == ResourceRequest(cpuMillis: 250, memoryBytes: 64 << 20, memoryLimitBytes: 64 << 20, gpus: 1))
        #expect(task.deadlineSeconds == 5 && task.graceSeconds == 3)
    }

    @Test func variablesKeepReferences() throws {
        let task = try read(container: [
            "envFrom": [["prefix": "P_", "secretRef": ["name": "s", "optional": true]]],
            "env": [
                ["name": "A", "value": "1"], ["name": "B", "valueFrom": ["secretKeyRef": ["name": "s", "key": "k"]]],
                ["name": "C", "valueFrom": ["configMapKeyRef": ["name": "c", "key": "k", "optional": true]]],
                ["name": "N", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]],
                ["name": "L", "valueFrom": ["fieldRef": ["fieldPath": "metadata.labels['app']"]]],
                ["name": "O", "valueFrom": ["fieldRef": ["fieldPath": "metadata.annotations['note']"]]],
                ["name": "R", "valueFrom": ["resourceFieldRef": ["resource": "limits.memory", "divisor": "1Mi"]]],
                ["name": "D", "value": "$(A)/x"],
            ],
        ])
        #expect(task.env == [])
        #expect(task.references?.variables == [
            .all(ObjectReference(.secret, "s", isOptional: true), prefix: "P_"), .value(name: "A", "1"), .key(name: "B", ObjectReference(.secret, "s"), key: "k"),
            .key(name: "C", ObjectReference(.configMap, "c", isOptional: true), key: "k"), .value(name: "N", "p"), .value(name: "L", "x"),
            .value(name: "O", "a$$(b)"), .value(name: "R", "1024"), .value(name: "D", "$(A)/x"),
        ])
    }

    @Test func volumes() throws {
        let task = try read(
            container: ["volumeMounts": [
                ["name": "tmp", "mountPath": "/scratch"], ["name": "shm", "mountPath": "/dev/shm"], ["name": "conf", "mountPath": "/etc/app/"],
                ["name": "sec", "mountPath": "/etc/key", "subPath": "k.pem"], ["name": "data", "mountPath": "/data", "subPath": "in", "readOnly": true],
                ["name": "info", "mountPath": "/info"],
            ]],
            pod: ["volumes": [
                ["name": "tmp", "emptyDir": [:]], ["name": "shm", "emptyDir": ["medium": "Memory"]],
                ["name": "conf", "configMap": ["name": "c", "items": [["key": "a", "path": "x/a"]], "defaultMode": 256]],
                ["name": "sec", "secret": ["secretName": "s", "defaultMode": 420]], ["name": "data", "persistentVolumeClaim": ["claimName": "d"]],
                ["name": "info", "downwardAPI": ["items": [["path": "labels", "fieldRef": ["fieldPath": "metadata.labels"]]]]],
            ]])
        #expect(task.inputs == [
            InputFile(path: "/scratch", source: .directory), InputFile(path: "/info/labels", source: .text("app=\"x\"")),
        ])
        #expect(task.references?.files == [
            FileSource(ObjectReference(.configMap, "c"), directory: "/etc/app", items: [.init(key: "a", path: "x/a")], mode: 256),
            FileSource(ObjectReference(.secret, "s"), directory: "/etc/key", mode: 420, subPath: "k.pem"),
        ])
        #expect(task.references?.mounts == [ClaimMount(claim: "d", path: "/data", subPath: "in", isReadOnly: true)])
    }

    struct Row: Sendable {
        var container: JSON = [:]
        var pod: JSON = [:]
        var path: String
    }

    static let refused: [Row] = [
        Row(pod: ["initContainers": [["name": "i"]]], path: "spec.initContainers"),
        Row(pod: ["containers": [["name": "a", "image": "i"], ["name": "b", "image": "i"]]], path: "spec.containers[1]"),
        Row(pod: ["hostPID": true], path: "spec.hostPID"),
        Row(pod: ["hostAliases": [["ip": "1.2.3.4"]]], path: "spec.hostAliases"),
        Row(pod: ["somethingNew": 1], path: "spec.somethingNew"),
        Row(pod: ["restartPolicy": "Always"], path: "spec.restartPolicy"),
        Row(pod: ["restartPolicy": "OnFailure"], path: "spec.restartPolicy"),
        Row(container: ["image": ""], path: "spec.containers[0].image"),
        Row(container: ["livenessProbe": ["exec": ["command": ["x"]]]], path: "spec.containers[0].livenessProbe"),
        Row(container: ["lifecycle": ["preStop": ["exec": [:]]]], path: "spec.containers[0].lifecycle"),
        Row(container: ["stdin": true], path: "spec.containers[0].stdin"),
        Row(container: ["securityContext": ["privileged": true]], path: "spec.containers[0].securityContext.privileged"),
        Row(container: ["resources": ["limits": ["amd.com/gpu": 1]]], path: "spec.containers[0].resources.limits[amd.com/gpu]"),
        Row(container: ["resources": ["limits": ["cpu": "x"]]], path: "spec.containers[0].resources.limits[cpu]"),
        Row(container: ["resources": ["limits": ["cpu": 1], "requests": ["cpu": 2]]], path: "spec.containers[0].resources.requests[cpu]"),
        Row(container: ["env": [["name": "A", "valueFrom": ["fieldRef": ["fieldPath": "status.phase"]]]]], path: "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath"),
        Row(container: ["env": [["name": "A", "valueFrom": ["secretKeyRef": ["name": "s"]]]]], path: "spec.containers[0].env[0].valueFrom.secretKeyRef.key"),
        Row(container: ["env": [["name": "A=B", "value": "x"]]], path: "spec.containers[0].env[0].name"),
        Row(container: ["envFrom": [["prefix": "X"]]], path: "spec.containers[0].envFrom[0]"),
        Row(pod: ["volumes": [["name": "v", "hostPath": ["path": "/etc"]]]], path: "spec.volumes[0].hostPath"),
        Row(pod: ["volumes": [["name": "v", "persistentVolumeClaim": [:]]]], path: "spec.volumes[0].persistentVolumeClaim.claimName"),
        Row(pod: ["volumes": [["name": "v", "projected": ["sources": [["serviceAccountToken": ["path": "t"]]]]]]], path: "spec.volumes[0].projected.sources[0].serviceAccountToken"),
        Row(container: ["volumeMounts": [["name": "v", "mountPath": "/x"]]], path: "spec.containers[0].volumeMounts[0].name"),
        Row(container: ["volumeMounts": [["name": "v", "mountPath": "/x/../../etc"]]], pod: ["volumes": [["name": "v"]]], path: "spec.containers[0].volumeMounts[0].mountPath"),
        Row(container: ["volumeMounts": [["name": "v", "mountPath": "/x", "subPath": "../y"]]], pod: ["volumes": [["name": "v"]]], path: "spec.containers[0].volumeMounts[0].subPath"),
        Row(container: ["volumeMounts": [["name": "v", "mountPath": "/x"], ["name": "w", "mountPath": "/x/y"]]],
            pod: ["volumes": [["name": "v", "persistentVolumeClaim": ["claimName": "c"]], ["name": "w"]]], path: "spec.containers[0].volumeMounts[1].mountPath"),
    ]

    /// Nothing that a task cannot be is left out in silence.
    @Test(arguments: refused) func refusedWithItsPlace(_ row: Row) {
        do {
            _ = try read(container: row.container, pod: row.pod)
            Issue.record("\(row) was read")
        } catch {
            let paths = (error as? FieldErrors)?.list.map(\.path.description) ?? []
            #expect(paths == [row.path], "\(error)")
        }
    }

    @Test func templatesMayRestart() throws {
        let template = PodReader(capacity: .init(cpuMillis: 1, memoryBytes: 1), isTemplate: true, root: FieldPath().field("spec").field("template"))
        #expect(template.errors(of: TestObjects.pod("p", pod: ["restartPolicy": "OnFailure"])) == [])
        #expect(template.errors(of: TestObjects.pod("p", pod: ["hostIPC": true])).map(\.path.description) == ["spec.template.spec.hostIPC"])
    }

    @Test(arguments: [
        ("$(A)", "1"), ("x$(A)y$(B)", "x1y$(B)"), ("$$(A)", "$(A)"), ("$A", "$A"), ("$", "$"), ("$(A", "$(A"), ("$$$(A)", "$1"), ("$()", "$()"), ("a", "a"),
    ]) func expansion(_ text: String, _ expected: String) {
        #expect(VariableExpansion.expand(text) { $0 == "A" ? "1" : nil } == expected)
    }
}

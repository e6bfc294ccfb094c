import Core
import Foundation
import Testing

@testable import Pipelines

/// Every field that the two formats know, at every place: it changes what is planned, or it is refused with its place, or it
/// stands in the list of docs/PIPELINES.md of what is recorded only. Nothing else may be read over.
@Suite struct FieldAuditTests {
    /// Fields at one place of a definition, each with a value, by what is expected of them.
    struct Place: Sendable, CustomTestStringConvertible {
        /// E.g. `spec.templates.1.container`; numbers are positions.
        let path: String
        var used: JSONObject = [:]
        var refused: JSONObject = [:]
        var recorded: JSONObject = [:]
        var testDescription: String { path }

        init(_ path: String, used: JSON = [:], refused: String = "", refusedValues: JSON = [:], recorded: JSON = [:]) {
            self.path = path
            self.used = used.objectValue ?? [:]
            self.refused = refusedValues.objectValue ?? [:]
            for name in refused.split(separator: " ") { self.refused[String(name)] = ["any": "value"] }
            self.recorded = recorded.objectValue ?? [:]
        }
    }

    private static func check(_ place: Place, in base: String, recordedSection section: String) throws {
        let documents = try YAMLReader.documents(base), graph = try PipelinePackage(documents: documents).graph
        let path = place.path.split(separator: ".").map(String.init), document = path.first == "platforms" ? 1 : 0
        func read(_ key: String, _ value: JSON) throws -> WorkflowGraph {
            var changed = documents
            changed[document] = try set(changed[document], path + [key], value)
            var graph = try PipelinePackage(documents: changed).graph
            graph.notes = []
            return graph
        }
        var plain = graph
        plain.notes = []
        for (key, value) in place.used {
            let read = try read(key, value)
            #expect(read != plain, "\(place.path).\(key) changes nothing")
        }
        for (key, value) in place.refused {
            let error = #expect(throws: MonoflowError.self, "\(place.path).\(key) is read over") { _ = try read(key, value) }
            #expect(error?.code == .unimplemented || error?.code == .invalidArgument, "\(String(describing: error))")
            #expect(error?.subject.contains(key) == true || error?.message.contains(key) == true, "\(key) is not named: \(String(describing: error))")
        }
        let listed = try documented(section)
        for (key, value) in place.recorded {
            let read = try read(key, value)
            #expect(read == plain, "\(place.path).\(key) changes the graph: it is not recorded only")
            #expect(listed.contains(key), "\(place.path).\(key) is read over and docs/PIPELINES.md does not say so")
        }
    }

    /// The names in backticks of one row of the table of what is recorded only.
    private static func documented(_ section: String) throws -> Set<String> {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../docs/PIPELINES.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let part = try #require(text.components(separatedBy: "## Recorded only").dropFirst().first?.components(separatedBy: "\n## ").first)
        let rows = part.split(separator: "\n").filter { $0.hasPrefix("| \(section)") }
        return Set(rows.flatMap { $0.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }.flatMap { $0.element.split(separator: " ").map(String.init) } })
    }

    private static func set(_ json: JSON, _ path: [String], _ value: JSON) throws -> JSON {
        guard let first = path.first else { return value }
        let rest = Array(path.dropFirst())
        if let index = Int(first), var items = json.arrayValue {
            items[index] = try set(items[index], rest, value)
            return .array(items)
        }
        var object = json
        object[first] = try set(json[first] ?? [:], rest, value)
        return object
    }

    // MARK: Argo

    private static let workflow = """
    apiVersion: argoproj.io/v1alpha1
    kind: Workflow
    metadata: {generateName: t-}
    spec:
      entrypoint: main
      arguments: {parameters: [{name: p, value: "1"}]}
      templates:
      - name: main
        dag:
          tasks:
          - {name: a, template: step, arguments: {parameters: [{name: x, value: "1"}], artifacts: [{name: f, raw: {data: d}}]}}
          - {name: b, template: bare}
        outputs: {parameters: [{name: o, valueFrom: {parameter: "{{tasks.a.outputs.parameters.o}}"}}], artifacts: [{name: g, from: "{{tasks.a.outputs.artifacts.g}}"}]}
      - name: step
        inputs: {parameters: [{name: x}], artifacts: [{name: f, path: /f}]}
        retryStrategy: {limit: 1, backoff: {duration: "1"}}
        container: {image: alpine, command: [x], env: [{name: v, value: ""}, {name: w, value: y}], resources: {limits: {cpu: 1}}}
        outputs: {parameters: [{name: o, valueFrom: {path: /o}}], artifacts: [{name: g, path: /g}]}
      - name: bare
        container: {image: alpine, command: [x]}
    """

    private static let other: JSON = ["any": "value"]

    private static let argoPlaces = [
        Place("", refused: "hooks", recorded: ["apiVersion": "argoproj.io/v1", "status": other]),
        Place(
            "spec",
            used: ["entrypoint": "bare", "onExit": "bare", "parallelism": 3, "activeDeadlineSeconds": 5, "arguments": ["parameters": [["name": "q", "value": "1"]]]],
            refused: "artifactGC artifactRepositoryRef dnsConfig executor hooks hostAliases metrics podPriority podSpecPatch retryStrategy shutdown suspend synchronization templateDefaults volumeClaimGC volumeClaimTemplates volumes workflowTemplateRef",
            recorded: [
                "affinity": other, "archiveLogs": true, "automountServiceAccountToken": false, "dnsPolicy": "Default", "hostNetwork": true,
                "imagePullSecrets": [["name": "s"]], "nodeSelector": other, "podDisruptionBudget": other, "podGC": other, "podMetadata": other,
                "podPriorityClassName": "p", "priority": 1, "schedulerName": "s", "securityContext": other, "serviceAccountName": "s", "tolerations": [["key": "k"]],
                "ttlStrategy": other, "ttlSecondsAfterFinished": 3, "workflowMetadata": other,
            ]),
        Place("spec.arguments.parameters.0", used: ["name": "q", "value": "2", "description": "d", "enum": ["1", "2"]], refused: "globalName valueFrom default", refusedValues: ["value": "{{workflow.uid}}"]),
        Place(
            "spec.templates.1",
            used: ["activeDeadlineSeconds": 5, "inputs": ["parameters": [["name": "x", "value": "0"], ["name": "y", "value": "0"]], "artifacts": [["name": "f", "path": "/f"]]]],
            refused: "annotations containerSet daemon data failFast http initContainers memoize metrics plugin podSpecPatch resource script sidecars steps suspend synchronization timeout volumes hooks",
            recorded: [
                "affinity": other, "archiveLocation": other, "automountServiceAccountToken": false, "executor": other, "hostAliases": [other], "metadata": other,
                "nodeSelector": other, "parallelism": 3, "priority": 1, "priorityClassName": "p", "schedulerName": "s", "securityContext": other,
                "serviceAccountName": "s", "tolerations": [["key": "k"]],
            ]),
        Place("spec.templates.0", used: ["parallelism": 3, "retryStrategy": ["limit": 3]], refusedValues: ["activeDeadlineSeconds": 5]),
        Place("spec.templates.0.dag", used: ["failFast": false], refused: "target"),
        Place(
            "spec.templates.0.dag.tasks.1",
            used: ["dependencies": ["a"], "when": "1 == 1", "template": "main", "withItems": ["1"], "withParam": "[1]"],
            refused: "continueOn depends hooks inline onExit templateRef withSequence", refusedValues: ["withItems": ["{{workflow.uid}}"]]),
        Place("spec.templates.0.dag.tasks.0.arguments.parameters.0", used: ["value": "2"], refused: "default enum globalName valueFrom"),
        Place("spec.templates.0.dag.tasks.0.arguments.artifacts.0", used: ["raw": ["data": "e"]], refused: "archive artifactory azure deleted fromExpression gcs git globalName hdfs http mode oss path recurseMode s3 subPath", recorded: ["optional": true]),
        Place("spec.templates.0.outputs.parameters.0", refused: "default enum value", recorded: ["globalName": "g"]),
        Place("spec.templates.0.outputs.parameters.0.valueFrom", used: ["parameter": "x"], refused: "configMapKeyRef default event expression jqFilter jsonPath path supplied"),
        Place("spec.templates.0.outputs.artifacts.0", refused: "archive fromExpression globalName path s3", recorded: ["optional": true]),
        Place("spec.templates.1.inputs.parameters.0", used: ["default": "1", "value": "1", "description": "d", "enum": ["1"]], refused: "globalName valueFrom", refusedValues: ["default": "{{workflow.uid}}"]),
        Place(
            "spec.templates.1.inputs.artifacts.0", used: ["optional": true, "path": "/x", "raw": ["data": "e"]],
            refused: "archive archiveLogs artifactGC artifactory azure deleted from fromExpression gcs git globalName hdfs http mode oss recurseMode s3 subPath", refusedValues: ["path": "/{{workflow.uid}}"]),
        Place("spec.templates.1.retryStrategy", used: ["limit": 2, "retryPolicy": "OnError", "backoff": ["duration": "2"]], refused: "affinity expression", refusedValues: ["limit": "{{inputs.parameters.x}}", "retryPolicy": "Sometimes"]),
        Place("spec.templates.1.retryStrategy.backoff", used: ["cap": "9s", "duration": "2m", "factor": "3", "maxDuration": "1h"], refused: "jitter", refusedValues: ["factor": "x"]),
        Place(
            "spec.templates.1.container",
            used: ["args": ["x"], "command": ["y"], "env": [["name": "n", "value": "v"]], "image": "bash", "workingDir": "/w", "resources": ["requests": ["memory": "1G"]]],
            refused: "envFrom lifecycle resizePolicy restartPolicy stdinOnce volumeDevices volumeMounts",
            recorded: [
                "imagePullPolicy": "Always", "livenessProbe": other, "name": "n", "ports": [other], "readinessProbe": other, "securityContext": other, "startupProbe": other,
                "stdin": true, "terminationMessagePath": "/t", "terminationMessagePolicy": "File", "tty": true,
            ]),
        Place("spec.templates.1.container.env.0", used: ["value": "z", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]]),
        Place("spec.templates.1.container.env.1", refused: "valueFrom"),
        Place("spec.templates.1.container.env.0.valueFrom", refused: "configMapKeyRef resourceFieldRef secretKeyRef", refusedValues: ["fieldRef": ["fieldPath": "spec.nodeName"]]),
        Place(
            "spec.templates.1.container.resources.limits", used: ["cpu": 2, "memory": "1G", "nvidia.com/gpu": 1],
            refusedValues: ["amd.com/gpu": 1, "hugepages-2Mi": "1Gi"], recorded: ["ephemeral-storage": "1Gi"]),
        Place("spec.templates.1.container.resources", refused: "claims"),
        Place("spec.templates.1.outputs", refused: "exitCode result"),
        Place("spec.templates.1.outputs.parameters.0", refused: "default enum globalName value"),
        Place("spec.templates.1.outputs.parameters.0.valueFrom", used: ["default": "d", "path": "/p"], refused: "configMapKeyRef event expression jqFilter jsonPath parameter supplied", refusedValues: ["path": "/{{workflow.uid}}", "default": "{{workflow.uid}}"]),
        Place(
            "spec.templates.1.outputs.artifacts.0", used: ["optional": true, "path": "/p"],
            refused: "archiveLogs artifactGC artifactory azure deleted from fromExpression gcs git globalName hdfs http oss raw recurseMode s3 subPath", refusedValues: ["path": "/{{workflow.uid}}"],
            recorded: ["archive": ["none": [:]], "mode": 420]),
    ]

    @Test(arguments: argoPlaces) func argo(place: Place) throws { try Self.check(place, in: Self.workflow, recordedSection: "Argo") }

    // MARK: kfp 2

    private static let ir = """
    pipelineInfo: {name: t}
    schemaVersion: 2.1.0
    root:
      dag:
        tasks:
          a:
            cachingOptions: {}
            componentRef: {name: step}
            taskInfo: {name: a}
            triggerPolicy: {}
            retryPolicy: {maxRetryCount: 1}
            inputs: {parameters: {x: {runtimeValue: {constant: 1}}}, artifacts: {d: {taskOutputArtifact: {producerTask: i, outputArtifactKey: artifact}}}}
          i: {componentRef: {name: import}, taskInfo: {name: i}}
          l: {componentRef: {name: body}, taskInfo: {name: l}, parameterIterator: {itemInput: item, items: {raw: "[1]"}}, iteratorPolicy: {parallelismLimit: 1}}
    components:
      step:
        executorLabel: e
        inputDefinitions: {parameters: {x: {parameterType: NUMBER_INTEGER}}, artifacts: {d: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}}}
        outputDefinitions: {parameters: {o: {parameterType: STRING}}, artifacts: {m: {artifactType: {schemaTitle: system.Model, schemaVersion: 0.0.1}}}}
      import:
        executorLabel: i
        outputDefinitions: {artifacts: {artifact: {artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}}}
      body:
        inputDefinitions: {parameters: {item: {parameterType: NUMBER_INTEGER}}}
        outputDefinitions: {parameters: {o: {parameterType: LIST}}, artifacts: {m: {isArtifactList: true}}}
        dag:
          outputs:
            parameters: {o: {valueFromParameter: {producerSubtask: s, outputParameterKey: o}}}
            artifacts: {m: {artifactSelectors: [{producerSubtask: s, outputArtifactKey: m}]}}
          tasks:
            s: {componentRef: {name: free}, taskInfo: {name: s}}
      free: {executorLabel: f, outputDefinitions: {parameters: {o: {parameterType: STRING}}, artifacts: {m: {artifactType: {schemaTitle: system.Model, schemaVersion: 0.0.1}}}}}
    deploymentSpec:
      executors:
        e: {container: {image: alpine, command: [x], resources: {accelerator: {count: "1"}}, env: [{name: v, value: w}]}}
        f: {container: {image: alpine, command: [x]}}
        i: {importer: {artifactUri: {constant: "gs://b/o"}, typeSchema: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}}
    ---
    platforms: {kubernetes: {deploymentSpec: {executors: {e: {imagePullPolicy: Always}}}}}
    """

    private static let irPlaces = [
        Place("", refused: "labels runtimeConfig", refusedValues: ["schemaVersion": "1.0"], recorded: ["sdkVersion": "kfp-2", "defaultPipelineRoot": "gs://b"]),
        Place("pipelineInfo", used: ["name": "u", "description": "d"], refused: "labels", recorded: ["displayName": "d"]),
        Place("deploymentSpec", refused: "other"),
        Place("deploymentSpec.executors.e", refused: "customJob resolver"),
        Place(
            "deploymentSpec.executors.e.container", used: ["args": ["x"], "command": ["y"], "image": "bash", "env": [["name": "n", "value": "v"]], "resources": ["cpuLimit": 1.0]],
            refused: "lifecycle ports"),
        Place("deploymentSpec.executors.e.container.env.0", used: ["name": "n", "value": "v"], refused: "valueFrom"),
        Place(
            "deploymentSpec.executors.e.container.resources",
            used: [
                "cpuLimit": 1.0, "memoryLimit": 1.0, "cpuRequest": 1.0, "memoryRequest": 1.0, "resourceCpuLimit": "1", "resourceMemoryLimit": "1G", "resourceCpuRequest": "1",
                "resourceMemoryRequest": "1G",
            ], refused: "cpuLimit claims"),
        Place(
            "deploymentSpec.executors.e.container.resources.accelerator", used: ["count": "2", "resourceCount": "2", "type": "NVIDIA_TESLA_T4", "resourceType": "nvidia.com/gpu"],
            refused: "memory", refusedValues: ["type": "cloud-tpus.google.com/v3", "resourceType": "amd.com/gpu"]),
        Place(
            "deploymentSpec.executors.i.importer", used: ["metadata": ["k": "v"], "artifactUri": ["constant": "gs://b/p"], "typeSchema": ["schemaTitle": "system.Model"]],
            refused: "customProperties downloadToWorkspace properties", recorded: ["reimport": true]),
        Place("components.step", refused: "singlePlatformSpecs taskConfigPassthroughs platformSpecs"),
        Place(
            "components.step.inputDefinitions.parameters.x",
            used: ["defaultValue": 1, "isOptional": true, "parameterType": "STRING", "description": "d", "literals": [1, 2]], refused: "type"),
        Place("components.step.inputDefinitions.artifacts.d", used: ["isArtifactList": true, "isOptional": true], refused: "metadata", recorded: ["description": "d"]),
        Place("components.step.inputDefinitions.artifacts.d.artifactType", used: ["schemaTitle": "system.Model"], refused: "kind", recorded: ["instanceSchema": "x", "schemaUri": "u", "schemaVersion": "0.0.2"]),
        Place("components.step.outputDefinitions.parameters.o", used: ["parameterType": "BOOLEAN"], refused: "type", recorded: ["description": "d", "isOptional": true]),
        Place(
            "components.step.outputDefinitions.artifacts.m", used: ["metadata": ["k": "v"]], refused: "customProperties properties", refusedValues: ["isArtifactList": true],
            recorded: ["description": "d"]),
        Place("components.step.outputDefinitions.artifacts.m.artifactType", used: ["schemaTitle": "system.Metrics", "schemaVersion": "0.0.2"]),
        Place("root.dag", refused: "description"),
        Place(
            "root.dag.tasks.a", used: ["dependentTasks": ["l"], "taskInfo": ["name": "n"]], refused: "annotations",
            refusedValues: ["iteratorPolicy": ["parallelismLimit": 2]]),
        Place("root.dag.tasks.a.cachingOptions", used: ["enableCache": true, "cacheKey": "k"], refused: "maxAge"),
        Place("root.dag.tasks.a.triggerPolicy", used: ["condition": "1 == 1", "strategy": "ALL_UPSTREAM_TASKS_COMPLETED"], refused: "delay", refusedValues: ["strategy": "ANY", "condition": "("]),
        Place("root.dag.tasks.a.retryPolicy", used: ["maxRetryCount": 3, "backoffDuration": "3s", "backoffFactor": 3.0, "backoffMaxDuration": "60s"], refused: "policy", refusedValues: ["maxRetryCount": -1]),
        Place("root.dag.tasks.l.iteratorPolicy", used: ["parallelismLimit": 2], refused: "other"),
        Place("root.dag.tasks.l.parameterIterator", refused: "other", refusedValues: ["items": ["raw": "1"]]),
        Place("root.dag.tasks.l.parameterIterator.items", used: ["raw": "[1, 2]"], refused: "parameterName"),
        Place("root.dag.tasks.l", refused: "artifactIterator"),
        Place("root.dag.tasks.a.inputs.parameters.x", used: ["runtimeValue": ["constant": 2], "parameterExpressionSelector": "parseJson(string_value)[\"a\"]"], refused: "componentInputParameter taskOutputParameter taskFinalStatus", refusedValues: ["parameterExpressionSelector": "other()"]),
        Place("root.dag.tasks.a.inputs.artifacts.d", refused: "componentInputArtifact artifactSelector"),
        Place("components.body.dag.outputs.parameters.o", refused: "valueFromOneof"),
        Place(
            "platforms.kubernetes", refused: "config pipelineConfig"),
        Place("platforms", refused: "other"),
        Place(
            "platforms.kubernetes.deploymentSpec.executors.e",
            refused: "secretAsVolume secretAsEnv pvcMount configMapAsVolume configMapAsEnv activeDeadlineSeconds fieldPathAsEnv genericEphemeralVolume enabledSharedMemory emptyDirMounts securityContext",
            recorded: [
                "nodeSelector": other, "podMetadata": other, "imagePullSecret": [["secretName": "s"]], "imagePullPolicy": "Never", "tolerations": [other], "nodeAffinity": [other],
                "podAffinity": [other],
            ]),
    ]

    @Test(arguments: irPlaces) func kfp2(place: Place) throws { try Self.check(place, in: Self.ir, recordedSection: "kfp 2") }
}

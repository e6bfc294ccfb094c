import Core
import Pipelines

/// A run as the Argo Workflow that kfp 1.8's clients read: the definition with `status.nodes`.
enum WorkflowManifest {
    static func of(_ run: RunRecord, _ nodes: [RunNode], _ package: PipelinePackage) -> JSON {
        var manifest = package.dialect == .argo ? package.manifest : ["apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": [:]]
        var metadata = manifest["metadata"] ?? [:]
        metadata["name"] = .string(run.workflowName)
        metadata["namespace"] = .string(run.namespace)
        metadata["uid"] = .string(run.id)
        metadata["creationTimestamp"] = .time(run.createdAt)
        manifest["metadata"] = metadata
        let children = NodeTree.children(of: nodes)
        var all = JSONObject()
        for node in nodes { all[node.id] = self.node(node, run, (children[node.id] ?? []).map { .string($0) }) }
        manifest["status"] = .make([
            "phase": .string(run.state.isTerminal || run.state == .running ? (V1Objects.status(run) == "Terminating" ? "Running" : V1Objects.status(run)) : "Pending"),
            "startedAt": .time(run.startedAt), "finishedAt": .time(run.finishedAt), "message": .text(run.message), "nodes": .object(all),
        ])
        return manifest
    }

    private static func node(_ node: RunNode, _ run: RunRecord, _ children: [JSON]) -> JSON {
        let type: String =
            switch (node.kind, node.phase) {
            case (_, .skipped), (_, .omitted): "Skipped"
            case (.container, _), (.importer, _): "Pod"
            case (.dag, _): "DAG"
            case (.loop, _): "TaskGroup"
            case (.retry, _): "Retry"
            }
        return .make([
            "id": .string(node.id), "name": .string(run.workflowName + (node.parentID == nil ? "" : "." + node.displayName)), "displayName": .string(node.displayName),
            "type": .string(type), "templateName": .string(node.template), "phase": .string(ArgoWords.phase(node.phase)), "message": .text(node.message),
            "boundaryID": .text(node.parentID), "startedAt": .time(node.startedAt ?? (node.phase.isTerminal ? node.createdAt : nil)), "finishedAt": .time(node.finishedAt),
            "memoizationStatus": node.reusedFrom == nil ? nil : .make(["hit": true, "key": node.reuseKey.map { .string($0) }, "cacheName": "monoflow"]),
            "children": children.isEmpty ? nil : .array(children), "inputs": io(node.inputs, node.inputArtifacts), "outputs": io(node.outputs, node.outputArtifacts),
        ])
    }

    private static func io(_ parameters: [String: JSON], _ artifacts: [String: [ArtifactValue]]) -> JSON? {
        guard !parameters.isEmpty || !artifacts.isEmpty else { return nil }
        let values = parameters.sorted { $0.key < $1.key }.map { JSON.object(["name": .string($0.key), "value": .string($0.value.stringValue ?? $0.value.text())]) }
        let files = artifacts.sorted { $0.key < $1.key }.flatMap { name, list in
            list.map { JSON.make(["name": .string(name), "s3": $0.digest.map { ["key": .string("sha256/\($0)")] }]) }
        }
        return .make(["parameters": values.isEmpty ? nil : .array(values), "artifacts": files.isEmpty ? nil : .array(files)])
    }
}

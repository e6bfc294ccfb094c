import Core
import Pipelines

/// Objects of v2beta1 as JSON.
enum V2Objects {
    static func page<Item>(_ key: String, _ page: Page<Item>, _ item: (Item) -> JSON) -> JSON { self.page(key, page, page.items.map(item)) }

    static func page<Item>(_ key: String, _ page: Page<Item>, _ items: [JSON]) -> JSON {
        .make([key: items.isEmpty ? nil : .array(items), "total_size": .int(Int64(page.total)), "next_page_token": .text(page.nextToken)])
    }

    static func pipeline(_ pipeline: PipelineRecord) -> JSON {
        .make([
            "pipeline_id": .string(pipeline.id), "display_name": .string(pipeline.displayName), "name": .string(pipeline.name),
            "description": .text(pipeline.description), "created_at": .time(pipeline.createdAt), "namespace": .string(pipeline.namespace),
        ])
    }

    static func version(_ version: PipelineVersionRecord, _ package: PipelinePackage) -> JSON {
        .make([
            "pipeline_id": .string(version.pipelineID), "pipeline_version_id": .string(version.id), "display_name": .string(version.displayName),
            "name": .string(version.name), "description": .text(version.description), "created_at": .time(version.createdAt), "pipeline_spec": spec(package),
        ])
    }

    /// A definition of two documents is one object of both, as the SDK sends it.
    private static func spec(_ package: PipelinePackage) -> JSON {
        guard let platform = package.platform else { return package.manifest }
        return ["pipeline_spec": package.manifest, "platform_spec": platform]
    }

    static func experiment(_ experiment: ExperimentRecord) -> JSON {
        .make([
            "experiment_id": .string(experiment.id), "display_name": .string(experiment.name), "description": .text(experiment.description),
            "created_at": .time(experiment.createdAt), "namespace": .string(experiment.namespace),
            "storage_state": .string(experiment.storageState == .archived ? "ARCHIVED" : "AVAILABLE"), "last_run_created_at": .time(experiment.lastRunAt),
        ])
    }

    /// - Parameters:
    ///   - nodes: nil leaves the details out, as in lists.
    ///   - package: the definition, where the run names no version.
    static func run(_ run: RunRecord, _ nodes: [RunNode]?, _ package: PipelinePackage?) -> JSON {
        let reference: JSON? = run.versionID.map { .make(["pipeline_id": run.pipelineID.map { .string($0) }, "pipeline_version_id": .string($0)]) }
        return .make([
            "experiment_id": .string(run.experimentID), "run_id": .string(run.id), "display_name": .string(run.name),
            "storage_state": .string(run.storageState == .archived ? "ARCHIVED" : "AVAILABLE"), "description": .text(run.description),
            "pipeline_version_reference": reference, "pipeline_spec": package.map(spec),
            "runtime_config": ["parameters": .object(run.parameters)], "service_account": .text(run.serviceAccount),
            "created_at": .time(run.createdAt), "scheduled_at": .time(run.createdAt), "finished_at": .time(run.finishedAt),
            "state": .string(state(run)), "error": run.message.isEmpty ? nil : ["code": run.state == .cancelled ? 1 : 2, "message": .string(run.message)],
            "state_history": .array(history(run)), "run_details": nodes.map { ["task_details": .array(tasks($0, run.id))] },
        ])
    }

    private static func state(_ run: RunRecord) -> String {
        switch run.state {
        case .pending: "PENDING"
        case .running: run.isTerminating ? "CANCELING" : "RUNNING"
        case .succeeded: "SUCCEEDED"
        case .failed: "FAILED"
        case .cancelled: "CANCELED"
        }
    }

    private static func history(_ run: RunRecord) -> [JSON] {
        var result: [JSON] = [.make(["update_time": .time(run.createdAt), "state": "PENDING"])]
        if let started = run.startedAt { result.append(.make(["update_time": .time(started), "state": "RUNNING"])) }
        if let finished = run.finishedAt { result.append(.make(["update_time": .time(finished), "state": .string(state(run))])) }
        return result
    }

    private static func tasks(_ nodes: [RunNode], _ run: String) -> [JSON] {
        let children = NodeTree.children(of: nodes)
        return nodes.map { task($0, $0.parentID, run, (children[$0.id] ?? []).map { ["task_id": .string($0)] }) }
    }

    private static func task(_ node: RunNode, _ parent: String?, _ run: String, _ children: [JSON]) -> JSON {
        let state: String =
            switch node.phase {
            case .pending: "PENDING"
            case .running: "RUNNING"
            case .succeeded: "SUCCEEDED"
            case .failed: "FAILED"
            case .skipped, .omitted: "SKIPPED"
            case .cancelled: "CANCELED"
            }
        return .make([
            "run_id": .string(run), "task_id": .string(node.id), "display_name": .string(parent == nil && node.ordinal == 0 ? "root" : node.displayName),
            "create_time": .time(node.createdAt), "start_time": .time(node.startedAt), "end_time": .time(node.finishedAt), "state": .string(state),
            "error": node.message.isEmpty || node.phase == .succeeded ? nil : ["code": 2, "message": .string(node.message)],
            "parent_task_id": .text(parent), "pod_name": node.kind == .container && node.reusedFrom == nil ? .string(node.id) : nil,
            "cache_fingerprint": node.reusedFrom == nil ? nil : node.reuseKey.map { .string($0) }, "status_metadata": node.reusedFrom.map(reuse),
            "inputs": artifacts(node.inputArtifacts), "outputs": artifacts(node.outputArtifacts), "child_tasks": children.isEmpty ? nil : .array(children),
        ])
    }

    /// The states of this version have none for a result that was reused: such a task has succeeded, and says how.
    private static func reuse(_ source: NodeReference) -> JSON {
        [
            "message": .string("reused from run \(source.runID)"),
            "custom_properties": ["reused_run_id": .string(source.runID), "reused_task_id": .string(source.nodeID)],
        ]
    }

    private static func artifacts(_ values: [String: [ArtifactValue]]) -> JSON? {
        guard !values.isEmpty else { return nil }
        var object = JSONObject()
        for (name, list) in values.sorted(by: { $0.key < $1.key }) {
            object[name] = ["artifact_ids": .array(list.compactMap { $0.id.map { .string(String($0)) } })]
        }
        return .object(object)
    }
}

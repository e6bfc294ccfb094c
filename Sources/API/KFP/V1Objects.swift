import Core
import Pipelines

/// Objects of v1beta1 as JSON.
enum V1Objects {
    /// The id of the first resource reference of a type.
    static func reference(_ body: JSON, _ type: String) -> String? {
        body["resource_references"]?.arrayValue?.first { $0["key"]?["type"]?.stringValue == type }?["key"]?["id"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func reference(_ type: String, _ id: String, _ relationship: String) -> JSON {
        ["key": ["type": .string(type), "id": .string(id)], "relationship": .string(relationship)]
    }

    static func pipeline(_ pipeline: PipelineRecord, _ version: JSON?) -> JSON {
        .make([
            "id": .string(pipeline.id), "created_at": .time(pipeline.createdAt), "name": .string(pipeline.name), "description": .text(pipeline.description),
            "parameters": version?["parameters"], "default_version": version,
            "resource_references": [reference("NAMESPACE", pipeline.namespace, "OWNER")],
        ])
    }

    static func version(_ version: PipelineVersionRecord, _ package: PipelinePackage) -> JSON {
        let parameters = package.graph.parameters.map { JSON.make(["name": .string($0.name), "value": $0.defaultValue.map { .string($0.stringValue ?? $0.text()) }]) }
        return .make([
            "id": .string(version.id), "name": .string(version.name), "created_at": .time(version.createdAt), "description": .text(version.description),
            "parameters": parameters.isEmpty ? nil : .array(parameters), "resource_references": [reference("PIPELINE", version.pipelineID, "OWNER")],
        ])
    }

    static func experiment(_ experiment: ExperimentRecord) -> JSON {
        .make([
            "id": .string(experiment.id), "name": .string(experiment.name), "description": .text(experiment.description),
            "created_at": .time(experiment.createdAt), "storage_state": .string(experiment.storageState == .archived ? "STORAGESTATE_ARCHIVED" : "STORAGESTATE_AVAILABLE"),
            "resource_references": [reference("NAMESPACE", experiment.namespace, "OWNER")],
        ])
    }

    static func run(_ run: RunRecord, _ package: PipelinePackage?) -> JSON {
        var references = [reference("EXPERIMENT", run.experimentID, "OWNER"), reference("NAMESPACE", run.namespace, "OWNER")]
        if let version = run.versionID { references.append(reference("PIPELINE_VERSION", version, "CREATOR")) }
        let parameters = run.parameters.map { JSON.object(["name": .string($0.key), "value": .string($0.value.stringValue ?? $0.value.text())]) }
        return .make([
            "id": .string(run.id), "name": .string(run.name), "description": .text(run.description), "service_account": .text(run.serviceAccount),
            "storage_state": .string(run.storageState == .archived ? "STORAGESTATE_ARCHIVED" : "STORAGESTATE_AVAILABLE"),
            "pipeline_spec": .make([
                "pipeline_id": run.pipelineID.map { .string($0) }, "pipeline_name": .string(run.pipelineName),
                "workflow_manifest": package.map { .string($0.manifest.text()) }, "parameters": parameters.isEmpty ? nil : .array(parameters),
            ]),
            "resource_references": .array(references), "created_at": .time(run.createdAt), "scheduled_at": .time(run.createdAt),
            "finished_at": .time(run.finishedAt), "status": .string(status(run)), "error": .text(run.message),
        ])
    }

    static func status(_ run: RunRecord) -> String {
        switch run.state {
        case .pending: "Pending"
        case .running: run.isTerminating ? "Terminating" : "Running"
        case .succeeded: "Succeeded"
        case .failed, .cancelled: "Failed"
        }
    }
}

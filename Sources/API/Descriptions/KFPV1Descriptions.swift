import Core

enum KFPV1Descriptions {
    private static let base = "/apis/v1beta1"
    private static let scope: [Parameter] = [
        .text("resource_reference_key.type", "`NAMESPACE`, or of runs also `EXPERIMENT`."), .text("resource_reference_key.id", "Which one."), .namespace,
    ]
    private static let uploadQuery: [Parameter] = [.text("name", "Its name; without it the file's."), .text("description", "Words about it.")]

    @ListBuilder<RouteDescription>
    static func routes() -> [RouteDescription] {
        RouteDescription(
            .post, base + "/pipelines/upload", "UploadPipelineV1", "Makes a pipeline of a file.", query: uploadQuery + [.namespace],
            body: KFPDescriptions.upload,
            .json("V1Pipeline"), failures: KFPDescriptions.definitionFailures)
        RouteDescription(
            .post, base + "/pipelines/upload_version", "UploadPipelineVersionV1", "Makes a version of a file.",
            query: uploadQuery + [.text("pipelineid", "Of this pipeline.", isRequired: true)], body: KFPDescriptions.upload, .json("V1PipelineVersion"),
            failures: KFPDescriptions.definitionFailures)
        RouteDescription(
            .get, base + "/pipelines", "PipelineService_ListPipelinesV1", "Pipelines of a namespace.", query: scope + KFPDescriptions.list,
            .json("V1PipelineList"))
        RouteDescription(.get, base + "/pipelines/{id}", "PipelineService_GetPipelineV1", "A pipeline.", .json("V1Pipeline"))
        RouteDescription(
            .get, base + "/namespaces/{namespace}/pipelines/{name}", "PipelineService_GetPipelineByNameV1",
            "A pipeline by its name; `-` is the home namespace.",
            .json("V1Pipeline"))
        RouteDescription(.get, base + "/pipelines/{id}/templates", "PipelineService_GetTemplateV1", "The latest version's definition.", .json("V1Template"))
        RouteDescription(
            .get, base + "/pipeline_versions", "PipelineService_ListPipelineVersionsV1", "Versions of a pipeline.",
            query: [.text("resource_key.id", "The pipeline.", isRequired: true), .text("resource_key.type", "`PIPELINE`.")] + KFPDescriptions.list,
            .json("V1PipelineVersionList"))
        RouteDescription(.get, base + "/pipeline_versions/{id}", "PipelineService_GetPipelineVersionV1", "A version.", .json("V1PipelineVersion"))
        RouteDescription(
            .get, base + "/pipeline_versions/{id}/templates", "PipelineService_GetPipelineVersionTemplateV1", "A version's definition.", .json("V1Template"))
        RouteDescription(.delete, base + "/pipeline_versions/{id}", "PipelineService_DeletePipelineVersionV1", "Deletes a version.", .json("Empty"))
        RouteDescription(
            .post, base + "/experiments", "ExperimentService_CreateExperimentV1", "Makes an experiment.", body: .json("V1ExperimentRequest"),
            .json("V1Experiment"),
            failures: [409, 415])
        RouteDescription(
            .get, base + "/experiments", "ExperimentService_ListExperimentsV1", "Experiments of a namespace.", query: scope + KFPDescriptions.list,
            .json("V1ExperimentList"))
        RouteDescription(.get, base + "/experiments/{id}", "ExperimentService_GetExperimentV1", "An experiment.", .json("V1Experiment"))
        RouteDescription(
            .post, base + "/runs", "RunService_CreateRunV1", "Starts a run.", query: [.namespace], body: .json("V1RunRequest"), .json("V1RunDetail"),
            failures: KFPDescriptions.definitionFailures)
        RouteDescription(
            .get, base + "/runs", "RunService_ListRunsV1", "Runs of a namespace or an experiment.", query: scope + KFPDescriptions.list, .json("V1RunList"))
        RouteDescription(.get, base + "/runs/{id}", "RunService_GetRunV1", "A run with its workflow.", .json("V1RunDetail"))
        KFPDescriptions.actions(base, "V1", terminate: "/runs/{id}/terminate")
    }

    @ListBuilder<RouteGroup.Component>
    static func components() -> [RouteGroup.Component] {
        RouteGroup.Component("V1ResourceReference", Schema.object(
            ["key": Schema.ref("V1ResourceKey")], optional: ["relationship": Schema.text, "name": Schema.text]))
        RouteGroup.Component("V1ResourceKey", Schema.object(["type": Schema.text, "id": Schema.text]))
        RouteGroup.Component("V1Parameter", Schema.object(["name": Schema.text], optional: ["value": Schema.text]))
        RouteGroup.Component("V1Pipeline", Schema.object(
            ["id": Schema.text, "created_at": Schema.time, "name": Schema.text, "resource_references": Schema.list("V1ResourceReference")],
            optional: ["description": Schema.text, "parameters": Schema.list("V1Parameter"), "default_version": Schema.ref("V1PipelineVersion")]))
        RouteGroup.Component("V1PipelineVersion", Schema.object(
            ["id": Schema.text, "created_at": Schema.time, "name": Schema.text, "resource_references": Schema.list("V1ResourceReference")],
            optional: ["description": Schema.text, "parameters": Schema.list("V1Parameter")]))
        RouteGroup.Component("V1PipelineList", KFPDescriptions.page("pipelines", "V1Pipeline"))
        RouteGroup.Component("V1PipelineVersionList", KFPDescriptions.page("versions", "V1PipelineVersion"))
        RouteGroup.Component("V1Template", Schema.object(["template": Schema.text]))
        RouteGroup.Component("V1ExperimentRequest", Schema.object(
            ["name": Schema.text], optional: ["description": Schema.text, "resource_references": Schema.list("V1ResourceReferenceRequest")]))
        RouteGroup.Component("V1ResourceReferenceRequest", Schema.object(
            ["key": Schema.ref("V1ResourceKeyRequest")], optional: ["relationship": Schema.text, "name": Schema.text]))
        RouteGroup.Component("V1ResourceKeyRequest", Schema.object(
            ["type": Schema.word("NAMESPACE", "EXPERIMENT", "PIPELINE", "PIPELINE_VERSION"), "id": Schema.text]))
        RouteGroup.Component("V1Experiment", Schema.object(
            [
                "id": Schema.text, "name": Schema.text, "created_at": Schema.time, "storage_state": storage,
                "resource_references": Schema.list("V1ResourceReference"),
            ],
            optional: ["description": Schema.text]))
        RouteGroup.Component("V1ExperimentList", KFPDescriptions.page("experiments", "V1Experiment"))
        RouteGroup.Component("V1RunRequest", Schema.object(
            ["name": Schema.text, "pipeline_spec": Schema.ref("V1PipelineSpecRequest")],
            optional: ["description": Schema.text, "service_account": Schema.text, "resource_references": Schema.list("V1ResourceReferenceRequest")]))
        RouteGroup.Component("V1PipelineSpecRequest", Schema.object([:], optional: [
            "pipeline_id": Schema.text, "workflow_manifest": Schema.text, "pipeline_manifest": Schema.text, "parameters": Schema.list("V1ParameterRequest"),
            "runtime_config": Schema.anyObject,
        ]))
        RouteGroup.Component("V1ParameterRequest", Schema.object(["name": Schema.text], optional: ["value": Schema.text]))
        RouteGroup.Component("V1PipelineSpec", Schema.object(
            ["pipeline_name": Schema.text],
            optional: ["pipeline_id": Schema.text, "workflow_manifest": Schema.text, "parameters": Schema.list("V1Parameter")]))
        RouteGroup.Component("V1Run", Schema.object(
            [
                "id": Schema.text, "name": Schema.text, "storage_state": storage, "pipeline_spec": Schema.ref("V1PipelineSpec"),
                "resource_references": Schema.list("V1ResourceReference"), "created_at": Schema.time, "scheduled_at": Schema.time,
                "status": Schema.word("Pending", "Running", "Terminating", "Succeeded", "Failed"),
            ],
            optional: ["description": Schema.text, "service_account": Schema.text, "finished_at": Schema.time, "error": Schema.text]))
        RouteGroup.Component("V1RunList", KFPDescriptions.page("runs", "V1Run"))
        RouteGroup.Component("V1RunDetail", Schema.object(["run": Schema.ref("V1Run"), "pipeline_runtime": Schema.ref("V1PipelineRuntime")]))
        RouteGroup.Component("V1PipelineRuntime", Schema.object(["workflow_manifest": Schema.text]))
    }

    private static let storage = Schema.word("STORAGESTATE_AVAILABLE", "STORAGESTATE_ARCHIVED")
}

import Core

enum KFPV2Descriptions {
    private static let base = "/apis/v2beta1"
    private static let uploadQuery: [Parameter] = [
        .text("name", "Its name; without it the file's."), .text("display_name", "The name shown; without it the name."),
        .text("description", "Words about it."),
    ]

    @ListBuilder<RouteDescription>
    static func routes() -> [RouteDescription] {
        RouteDescription(
            .post, base + "/pipelines/upload", "UploadPipeline", "Makes a pipeline of a file.", query: uploadQuery + [.namespace], body: KFPDescriptions.upload,
            .json("Pipeline"), failures: KFPDescriptions.definitionFailures)
        RouteDescription(
            .post, base + "/pipelines/upload_version", "UploadPipelineVersion", "Makes a version of a file.",
            query: uploadQuery + [.text("pipelineid", "Of this pipeline.", isRequired: true)], body: KFPDescriptions.upload, .json("PipelineVersion"),
            failures: KFPDescriptions.definitionFailures)
        RouteDescription(
            .post, base + "/pipelines", "PipelineService_CreatePipeline", "Makes a pipeline without a version.", body: .json("PipelineRequest"),
            .json("Pipeline"),
            failures: [409, 415])
        RouteDescription(
            .get, base + "/pipelines", "PipelineService_ListPipelines", "Pipelines of a namespace.", query: [.namespace] + KFPDescriptions.list,
            .json("PipelineList"))
        RouteDescription(
            .get, base + "/pipelines/names/{name}", "PipelineService_GetPipelineByName", "A pipeline by its name.", query: [.namespace], .json("Pipeline"))
        RouteDescription(.get, base + "/pipelines/{id}", "PipelineService_GetPipeline", "A pipeline.", .json("Pipeline"))
        RouteDescription(
            .get, base + "/pipelines/{id}/versions", "PipelineService_ListPipelineVersions", "A pipeline's versions.", query: KFPDescriptions.list,
            .json("PipelineVersionList"))
        RouteDescription(.get, base + "/pipelines/{id}/versions/{version}", "PipelineService_GetPipelineVersion", "A version.", .json("PipelineVersion"))
        RouteDescription(.delete, base + "/pipelines/{id}/versions/{version}", "PipelineService_DeletePipelineVersion", "Deletes a version.", .json("Empty"))
        RouteDescription(
            .post, base + "/experiments", "ExperimentService_CreateExperiment", "Makes an experiment.", body: .json("ExperimentRequest"), .json("Experiment"),
            failures: [409, 415])
        RouteDescription(
            .get, base + "/experiments", "ExperimentService_ListExperiments", "Experiments of a namespace.", query: [.namespace] + KFPDescriptions.list,
            .json("ExperimentList"))
        RouteDescription(.get, base + "/experiments/{id}", "ExperimentService_GetExperiment", "An experiment.", .json("Experiment"))
        RouteDescription(
            .post, base + "/runs", "RunService_CreateRun", "Starts a run.",
            query: [.namespace, .text("experiment_id", "Its experiment, where the body names none.")],
            body: .json("RunRequest"), .json("Run"), failures: KFPDescriptions.definitionFailures)
        RouteDescription(
            .get, base + "/runs", "RunService_ListRuns", "Runs of a namespace or an experiment.",
            query: [.namespace, .text("experiment_id", "Of this experiment.")] + KFPDescriptions.list, .json("RunList"))
        RouteDescription(.get, base + "/runs/{id}", "RunService_GetRun", "A run with its tasks.", .json("Run"))
        KFPDescriptions.actions(base, "", terminate: "/runs/{id}:terminate")
    }

    @ListBuilder<RouteGroup.Component>
    static func components() -> [RouteGroup.Component] {
        RouteGroup.Component("PipelineRequest", Schema.object(
            ["display_name": Schema.text], optional: ["name": Schema.text, "description": Schema.text, "namespace": Schema.text]))
        RouteGroup.Component("Pipeline", Schema.object(
            ["pipeline_id": Schema.text, "display_name": Schema.text, "name": Schema.text, "created_at": Schema.time, "namespace": Schema.text],
            optional: ["description": Schema.text]))
        RouteGroup.Component("PipelineList", KFPDescriptions.page("pipelines", "Pipeline"))
        RouteGroup.Component("PipelineVersion", Schema.object(
            [
                "pipeline_id": Schema.text, "pipeline_version_id": Schema.text, "display_name": Schema.text, "name": Schema.text, "created_at": Schema.time,
                "pipeline_spec": Schema.anyObject,
            ], optional: ["description": Schema.text]))
        RouteGroup.Component("PipelineVersionList", KFPDescriptions.page("pipeline_versions", "PipelineVersion"))
        RouteGroup.Component("ExperimentRequest", Schema.object(
            ["display_name": Schema.text], optional: ["description": Schema.text, "namespace": Schema.text]))
        RouteGroup.Component("Experiment", Schema.object(
            ["experiment_id": Schema.text, "display_name": Schema.text, "created_at": Schema.time, "namespace": Schema.text, "storage_state": storage],
            optional: ["description": Schema.text, "last_run_created_at": Schema.time]))
        RouteGroup.Component("ExperimentList", KFPDescriptions.page("experiments", "Experiment"))
        RouteGroup.Component("PipelineVersionReferenceRequest", Schema.object([:], optional: ["pipeline_id": Schema.text, "pipeline_version_id": Schema.text]))
        RouteGroup.Component("PipelineVersionReference", Schema.object(["pipeline_version_id": Schema.text], optional: ["pipeline_id": Schema.text]))
        RouteGroup.Component("RunRequest", Schema.object(
            ["display_name": Schema.text],
            optional: [
                "experiment_id": Schema.text, "description": Schema.text, "pipeline_version_reference": Schema.ref("PipelineVersionReferenceRequest"),
                "pipeline_version_id": Schema.text, "pipeline_spec": Schema.anyObject, "runtime_config": Schema.ref("RuntimeConfigRequest"),
                "service_account": Schema.text,
            ]))
        RouteGroup.Component("RuntimeConfigRequest", Schema.object([:], optional: ["parameters": Schema.anyObject]))
        RouteGroup.Component("RuntimeConfig", Schema.object(["parameters": Schema.anyObject]))
        RouteGroup.Component("Run", Schema.object(
            [
                "experiment_id": Schema.text, "run_id": Schema.text, "display_name": Schema.text, "storage_state": storage,
                "runtime_config": Schema.ref("RuntimeConfig"),
                "created_at": Schema.time, "scheduled_at": Schema.time, "state": state, "state_history": Schema.list("RunState"),
            ],
            optional: [
                "description": Schema.text, "pipeline_version_reference": Schema.ref("PipelineVersionReference"), "pipeline_spec": Schema.anyObject,
                "service_account": Schema.text, "finished_at": Schema.time, "error": Schema.ref("RunError"), "run_details": Schema.ref("RunDetails"),
            ]))
        RouteGroup.Component("RunList", KFPDescriptions.page("runs", "Run"))
        RouteGroup.Component("RunState", Schema.object(["update_time": Schema.time, "state": state]))
        RouteGroup.Component("RunError", Schema.object(["code": Schema.integer, "message": Schema.text]))
        RouteGroup.Component("RunDetails", Schema.object(["task_details": Schema.list("RunTask")]))
        RouteGroup.Component("RunTask", Schema.object(
            ["run_id": Schema.text, "task_id": Schema.text, "display_name": Schema.text, "create_time": Schema.time, "state": state],
            optional: [
                "start_time": Schema.time, "end_time": Schema.time, "error": Schema.ref("RunError"), "parent_task_id": Schema.text, "pod_name": Schema.text,
                "cache_fingerprint": Schema.text, "status_metadata": Schema.ref("TaskStatusMetadata"), "inputs": Schema.map(Schema.ref("TaskArtifacts")),
                "outputs": Schema.map(Schema.ref("TaskArtifacts")), "child_tasks": Schema.list("ChildTask"),
            ]))
        RouteGroup.Component("TaskStatusMetadata", Schema.object(["message": Schema.text, "custom_properties": Schema.map(Schema.text)]))
        RouteGroup.Component("TaskArtifacts", Schema.object(["artifact_ids": Schema.list(Schema.text)]))
        RouteGroup.Component("ChildTask", Schema.object(["task_id": Schema.text]))
    }

    private static let storage = Schema.word("AVAILABLE", "ARCHIVED")
    private static let state = Schema.word("PENDING", "RUNNING", "SUCCEEDED", "SKIPPED", "FAILED", "CANCELING", "CANCELED")
}

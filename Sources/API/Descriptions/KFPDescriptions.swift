import Core

/// Both versions of KFP's REST API, each also below `/pipeline`. Operations are named as in KFP's own descriptions.
enum KFPDescriptions {
    static var group: RouteGroup {
        RouteGroup("KFP", "Kubeflow Pipelines' REST API, versions v1beta1 and v2beta1; the same below /pipeline.", components: components) {
            routes
            routes.map { $0.under("/pipeline", operation: "Prefixed_") }
        }
    }

    static let list: [Parameter] = [
        .integer("page_size", 0...1000, "At most so many; 20 where left out or 0."), .text("page_token", "`next_page_token` of the page before."),
        .text("sort_by", "A field, with `asc` or `desc` behind it."), .text("filter", "Predicates as JSON."),
    ]
    static let upload = RouteDescription.Body(content: ["multipart/form-data": Schema.object(["uploadfile": Schema.binary])])
    /// Of routes that read a definition: names that are taken, and what this server does not do.
    static let definitionFailures = [409, 415, 501]

    private static var routes: [RouteDescription] { KFPV1Descriptions.routes() + KFPV2Descriptions.routes() + logs() }

    @ListBuilder<RouteDescription>
    private static func logs() -> [RouteDescription] {
        RouteDescription(
            .get, "/apis/v1alpha1/runs/{run}/nodes/{node}/log", "readLog", "The logs of all attempts of a node, one after the other.",
            query: [.flag("follow", "Goes on until the node has ended.")], .content("text/plain", Schema.text, "The log."))
        artifact("v1beta1", "RunService_ReadArtifactV1")
        artifact("v2beta1", "RunService_ReadArtifact")
    }

    private static func artifact(_ version: String, _ operation: String) -> RouteDescription {
        RouteDescription(
            .get, "/apis/\(version)/runs/{run}/nodes/{node}/artifacts/{name}:read", operation, "An output artifact's content, at most 64 MiB.",
            .json("ArtifactData"),
            failures: [413])
    }

    /// What both versions have: deletion, archiving, terminating.
    @ListBuilder<RouteDescription>
    static func actions(_ base: String, _ suffix: String, terminate: String) -> [RouteDescription] {
        RouteDescription(.delete, base + "/pipelines/{id}", "PipelineService_DeletePipeline\(suffix)", "Deletes a pipeline and its versions.", .json("Empty"))
        RouteDescription(.delete, base + "/experiments/{id}", "ExperimentService_DeleteExperiment\(suffix)", "Deletes an experiment.", .json("Empty"))
        RouteDescription(.delete, base + "/runs/{id}", "RunService_DeleteRun\(suffix)", "Deletes a run.", .json("Empty"))
        RouteDescription(.post, base + terminate, "RunService_TerminateRun\(suffix)", "Ends a run.", .json("Empty"))
        RouteDescription(.post, base + "/experiments/{id}:archive", "ExperimentService_ArchiveExperiment\(suffix)", "Archives an experiment.", .json("Empty"))
        RouteDescription(
            .post, base + "/experiments/{id}:unarchive", "ExperimentService_UnarchiveExperiment\(suffix)", "Takes an experiment out of the archive.",
            .json("Empty"))
        RouteDescription(.post, base + "/runs/{id}:archive", "RunService_ArchiveRun\(suffix)", "Archives a run.", .json("Empty"))
        RouteDescription(.post, base + "/runs/{id}:unarchive", "RunService_UnarchiveRun\(suffix)", "Takes a run out of the archive.", .json("Empty"))
        RouteDescription(.get, base + "/healthz", "HealthzService_GetHealthz\(suffix)", "Whether the API answers.", .json("KFPHealth"))
    }

    /// A page of a list: its items, absent where there are none.
    static func page(_ key: String, _ item: String) -> JSON {
        var schema = Schema.object(["total_size": Schema.integer], optional: ["next_page_token": Schema.text])
        schema["properties"]?[key] = Schema.list(item)
        return schema
    }

    @ListBuilder<RouteGroup.Component>
    private static func components() -> [RouteGroup.Component] {
        RouteGroup.Component("Empty", Schema.object([:]))
        RouteGroup.Component("KFPHealth", Schema.object(["multi_user": Schema.flag]))
        RouteGroup.Component("ArtifactData", Schema.object(["data": ["type": "string", "format": "byte"]]))
        KFPV1Descriptions.components()
        KFPV2Descriptions.components()
    }
}

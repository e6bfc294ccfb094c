import Core

enum GraphDescriptions {
    static var group: RouteGroup {
        RouteGroup("Graphs", "A run or a definition as the dashboard draws it.", components: components) {
            RouteDescription(.get, "/api/runs/{id}/graph", "getRunGraph", "A run with its nodes.", .json("RunGraph"))
            RouteDescription(
                .get, "/api/runs/{id}/watch", "watchRun", "Tells when the run's graph has changed, until the run ends.",
                .content("text/event-stream", Schema.any, "Events `changed` with {version}, and `end`."))
            RouteDescription(
                .get, "/api/pipelines/{id}/versions/{version}/graph", "getPipelineGraph", "A definition's nodes. Only the version's id counts.",
                .json("PipelineGraph"))
        }
    }

    @ListBuilder<RouteGroup.Component>
    private static func components() -> [RouteGroup.Component] {
        RouteGroup.Component("RunGraph", Schema.object(["run": Schema.ref("RunSummary"), "nodes": Schema.list("Node")]))
        RouteGroup.Component("PipelineGraph", Schema.object(["nodes": Schema.list("DefinitionNode"), "notes": Schema.list(Schema.text)]))
        RouteGroup.Component("RunSummary", Schema.object(
            [
                "id": Schema.text, "name": Schema.text, "namespace": Schema.text,
                "state": Schema.word("Pending", "Running", "Succeeded", "Failed", "Cancelled"), "created_at": Schema.time,
            ],
            optional: ["message": Schema.text, "started_at": Schema.time, "finished_at": Schema.time]))
        RouteGroup.Component("Node", Schema.object(
            [
                "id": Schema.text, "task_name": Schema.text, "display_name": Schema.text,
                "type": Schema.word("Container", "DAG", "Loop", "Iteration", "Retry", "Importer"),
                "state": Schema.word("Pending", "Running", "Succeeded", "Failed", "Skipped", "Omitted", "Cancelled"), "attempts": Schema.integer,
                "created_at": Schema.time, "depends_on": Schema.list(Schema.text), "inputs": Schema.ref("NodeValues"), "outputs": Schema.ref("NodeValues"),
            ],
            optional: [
                "parent_id": Schema.text, "message": Schema.text, "iteration": Schema.integer, "reused_from": Schema.ref("NodeReference"),
                "started_at": Schema.time,
                "finished_at": Schema.time, "image": Schema.text, "command": Schema.list(Schema.text), "condition": Schema.text,
            ]))
        RouteGroup.Component("DefinitionNode", Schema.object(
            [
                "id": Schema.text, "task_name": Schema.text, "display_name": Schema.text, "type": Schema.word("Container", "DAG", "Loop", "Importer"),
                "depends_on": Schema.list(Schema.text), "inputs": Schema.ref("NodeValues"),
            ],
            optional: ["parent_id": Schema.text, "image": Schema.text, "command": Schema.list(Schema.text), "condition": Schema.text]))
        RouteGroup.Component("NodeReference", Schema.object(["run_id": Schema.text, "node_id": Schema.text]))
        RouteGroup.Component("NodeValues", Schema.object(["parameters": Schema.list("NodeParameter"), "artifacts": Schema.list("NodeArtifact")]))
        RouteGroup.Component("NodeParameter", Schema.object(["name": Schema.text], optional: ["value": Schema.any]))
        RouteGroup.Component("NodeArtifact", Schema.object(["name": Schema.text], optional: ["id": Schema.integer, "type": Schema.text]))
    }
}

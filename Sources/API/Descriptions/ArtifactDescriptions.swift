import Core

enum ArtifactDescriptions {
    static var group: RouteGroup {
        RouteGroup("Artifacts", "What steps made, where it came from, and its bytes.", parameters: ["id": Schema.integer], components: components) {
            RouteDescription(
                .get, "/api/artifacts", "listArtifacts", "Artifacts of a namespace or a run, newest first.",
                query: [
                    .namespace, .text("run_id", "What this run made and reused."), .integer("page_size", 1...1000, "At most so many; 50 where left out."),
                    .integer("page_token", 0...Int64.max, "`next_page_token` of the page before."),
                ], .json("ArtifactPage"))
            RouteDescription(.get, "/api/artifacts/{id}", "getArtifact", "An artifact with its lineage.", .json("ArtifactWithLineage"))
            RouteDescription(
                .get, "/api/artifacts/{id}/content", "getArtifactContent", "The bytes; a directory as .tar.gz.",
                RouteDescription.Answer(
                    status: 200, description: "The content.", content: ["application/octet-stream": Schema.binary, "application/gzip": Schema.binary]))
        }
    }

    private static let required: KeyValuePairs<String, JSON> = [
        "id": Schema.integer, "namespace": Schema.text, "name": Schema.text, "type": Schema.text, "uri": Schema.text, "bytes": Schema.integer,
        "is_directory": Schema.flag, "metadata": Schema.anyObject, "created_at": Schema.time,
    ]

    @ListBuilder<RouteGroup.Component>
    private static func components() -> [RouteGroup.Component] {
        RouteGroup.Component("Artifact", Schema.object(required, optional: ["digest": Schema.text, "run_id": Schema.text, "node_id": Schema.text]))
        RouteGroup.Component("ArtifactPage", Schema.object(["artifacts": Schema.list("Artifact")], optional: ["next_page_token": Schema.text]))
        RouteGroup.Component("Execution", Schema.object(["run_id": Schema.text, "node_id": Schema.text, "task_name": Schema.text]))
        RouteGroup.Component("ArtifactWithLineage", Schema.object(required, optional: [
            "digest": Schema.text, "run_id": Schema.text, "node_id": Schema.text, "producer": Schema.ref("Execution"), "consumers": Schema.list("Execution"),
        ]))
    }
}

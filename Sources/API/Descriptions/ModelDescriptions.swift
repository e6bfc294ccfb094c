import Core

enum ModelDescriptions {
    static var group: RouteGroup {
        RouteGroup("Models", "Deploying models, and what is served.", components: components) {
            RouteDescription(.get, "/api/models", "listModels", "Models of a namespace.", query: [.namespace], .json("ModelList"))
            RouteDescription(.get, "/api/models/{model}", "getModel", "A model with its versions.", query: [.namespace], .json("Model"))
            RouteDescription(
                .put, "/api/models/{model}/versions/{version}", "putModelVersion", "Deploys the ONNX model in the body as a version: a number, or `next`.",
                query: [.namespace], body: .init(content: ["application/octet-stream": Schema.binary]), .json("Model", 201), failures: [409, 415, 501])
            RouteDescription(
                .post, "/api/models/{model}/versions", "createModelVersion", "Deploys an artifact that is a single ONNX file.", query: [.namespace],
                body: .json("ModelVersionRequest"), .json("Model", 201), failures: [409, 415, 501])
            RouteDescription(.delete, "/api/models/{model}", "deleteModel", "Ends a model.", query: [.namespace], .noContent)
            RouteDescription(.delete, "/api/models/{model}/versions/{version}", "deleteModelVersion", "Ends a version.", query: [.namespace], .noContent)
        }
    }

    @ListBuilder<RouteGroup.Component>
    private static func components() -> [RouteGroup.Component] {
        RouteGroup.Component("Model", Schema.object(
            ["name": Schema.text, "namespace": Schema.text, "versions": Schema.list("ModelVersion")],
            optional: ["default_version": Schema.text, "inputs": Schema.list("TensorSpec"), "outputs": Schema.list("TensorSpec")]))
        RouteGroup.Component("ModelList", Schema.object(["models": Schema.list("Model")]))
        RouteGroup.Component("ModelVersion", Schema.object(
            ["version": Schema.text, "state": Schema.word("Loading", "Ready", "Failed"), "message": Schema.text],
            optional: ["digest": Schema.text, "created_at": Schema.time, "artifact_id": Schema.integer, "run_id": Schema.text]))
        RouteGroup.Component("ModelVersionRequest", Schema.object(
            ["artifact_id": Schema.integer], optional: ["version": ["anyOf": [Schema.text, Schema.integer]]]))
    }
}

import Core
import Inference

enum InferenceDescriptions {
    private static let datatype: JSON = ["type": "string", "enum": .array(Datatype.allCases.map { .string($0.rawValue) })]

    static var group: RouteGroup {
        RouteGroup(
            "Inference", "The Open Inference Protocol, version 2. `/v2` serves the caller's home namespace, `/ns/{ns}/v2` another.", components: components
        ) {
            RouteDescription(.get, "/v2", "getInferenceServer", "The server's name and version.", .json("InferenceServer"))
            RouteDescription(.get, "/v2/health/live", "getInferenceLive", "Whether the server answers.", .json("InferenceLive"))
            RouteDescription(.get, "/v2/health/ready", "getInferenceReady", "Whether the server takes requests.", .json("InferenceReady"))
            models("/v2/models/{model}", "")
            models("/v2/models/{model}/versions/{version}", "Version")
            models("/ns/{ns}/v2/models/{model}", "InNamespace")
            models("/ns/{ns}/v2/models/{model}/versions/{version}", "VersionInNamespace")
        }
    }

    @ListBuilder<RouteDescription>
    private static func models(_ path: String, _ suffix: String) -> [RouteDescription] {
        RouteDescription(.get, path, "getModelMetadata\(suffix)", "What a model takes and gives.", .json("ModelMetadata"))
        RouteDescription(.get, path + "/ready", "getModelReady\(suffix)", "Whether a model answers.", .json("ModelReady"))
        RouteDescription(
            .post, path + "/infer", "infer\(suffix)", "Asks a model.", body: .json("InferenceRequest"), .json("InferenceResponse"), failures: [415, 501])
    }

    @ListBuilder<RouteGroup.Component>
    private static func components() -> [RouteGroup.Component] {
        RouteGroup.Component("InferenceServer", Schema.object(["name": Schema.text, "version": Schema.text, "extensions": Schema.list(Schema.text)]))
        RouteGroup.Component("InferenceLive", Schema.object(["live": Schema.flag]))
        RouteGroup.Component("InferenceReady", Schema.object(["ready": Schema.flag]))
        RouteGroup.Component("ModelReady", Schema.object(["name": Schema.text, "ready": Schema.flag]))
        RouteGroup.Component("TensorSpec", Schema.object(["name": Schema.text, "datatype": datatype, "shape": Schema.list(Schema.integer)]))
        RouteGroup.Component("ModelMetadata", Schema.object([
            "name": Schema.text, "versions": Schema.list(Schema.text), "platform": Schema.text, "inputs": Schema.list("TensorSpec"),
            "outputs": Schema.list("TensorSpec"),
        ]))
        RouteGroup.Component("InferenceInput", Schema.object(
            [
                "name": Schema.text, "datatype": datatype, "shape": Schema.list(["type": "integer", "format": "int64", "minimum": 0]),
                "data": Schema.list(Schema.any),
            ],
            optional: ["parameters": Schema.anyObject]))
        RouteGroup.Component("InferenceRequest", Schema.object(
            ["inputs": Schema.list("InferenceInput")],
            optional: ["id": Schema.text, "parameters": Schema.anyObject, "outputs": Schema.list("InferenceOutputRequest")]))
        RouteGroup.Component("InferenceOutputRequest", Schema.object(["name": Schema.text], optional: ["parameters": Schema.anyObject]))
        RouteGroup.Component("InferenceOutput", Schema.object(
            ["name": Schema.text, "datatype": datatype, "shape": Schema.list(Schema.integer), "data": Schema.list(Schema.any)]))
        RouteGroup.Component("InferenceResponse", Schema.object(
            ["model_name": Schema.text, "model_version": Schema.text, "outputs": Schema.list("InferenceOutput")], optional: ["id": Schema.text]))
    }
}

import Access
import Core
import HTTP
import Inference
import Serving

/// The Open Inference Protocol, version 2, over REST. `/v2/…` serves the caller's home namespace, `/ns/{ns}/v2/…` another.
struct OpenInferenceRoutes: Sendable {
    static let bodyLimit = 256 << 20

    let services: APIServices
    let version: String

    func add(to router: inout Router) {
        router.inline(.get, "/v2", tags: [Authentication.publicTag]) { _ in
            .json(["name": "monoflow", "version": .string(version), "extensions": []])
        }
        router.inline(.get, "/v2/health/live", tags: [Authentication.publicTag]) { _ in .json(["live": true]) }
        router.inline(.get, "/v2/health/ready", tags: [Authentication.publicTag]) { _ in
            if let reason = services.notReady() { throw MonoflowError(.unavailable, "check readiness", "", reason) }
            return .json(["ready": true])
        }
        for (prefix, named) in [("/v2", false), ("/ns/{ns}/v2", true)] {
            for pattern in ["/models/{model}", "/models/{model}/versions/{version}"] {
                router.inline(.get, prefix + pattern) { request in
                    let target = try target(request, named, .read)
                    return .json(try services.models.openInferenceMetadata(namespace: target.namespace, name: target.model, version: target.version))
                }
                router.inline(.get, prefix + pattern + "/ready") { request in
                    let target = try target(request, named, .read)
                    _ = try services.models.instance(namespace: target.namespace, name: target.model, version: target.version)
                    return .json(["name": .string(target.model), "ready": true])
                }
                router.on(.post, prefix + pattern + "/infer", tags: [Auditing.readingTag]) { request in
                    let target = try target(request, named, .predict)
                    let instance = try services.models.instance(namespace: target.namespace, name: target.model, version: target.version)
                    let call = try InferenceJSON.Request(try await request.json(limit: Self.bodyLimit), model: target.model)
                    let outputs = try await instance.infer(call.inputs, outputs: call.outputs)
                    return .bytes(try InferenceJSON.response(model: instance.name, version: instance.version, id: call.id, outputs), type: "application/json")
                }
            }
        }
    }

    /// - Parameter permission: who may predict may also ask what a model takes, and so may who may read.
    private func target(_ request: HTTPRequest, _ named: Bool, _ permission: Permission) throws -> (namespace: String, model: String, version: Int?) {
        let caller = try request.caller()
        let namespace = named ? try request.parameter("ns") : caller.homeNamespace
        if permission == .predict || !caller.may(.predict, in: namespace) { try caller.require(permission, in: namespace) }
        let version = request.route?.contains("{version}") == true ? try ModelNames.version(request.parameter("version")) : nil
        return (namespace, try request.parameter("model"), version)
    }
}

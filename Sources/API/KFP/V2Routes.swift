import Core
import HTTP
import Pipelines

/// KFP's REST API, version v2beta1 (kfp 2.x).
struct KFPV2Routes: Sendable {
    let services: APIServices
    let kfp: KFPService

    func router() -> Router {
        var router = Router()
        let healthy = HTTPResponse.json(["multi_user": false])
        router.inline(.get, "/healthz", tags: [Authentication.publicTag]) { _ in healthy }
        pipelines(&router)
        experiments(&router)
        runs(&router)
        KFPActionRoutes(services: services, kfp: kfp).add(to: &router, terminate: "/runs/{id}:terminate")
        return router
    }

    private func pipelines(_ router: inout Router) {
        router.on(.post, "/pipelines/upload") { request in
            let namespace = try request.namespace()
            try request.caller().require(.write, in: namespace)
            let (package, file) = try await PipelineUpload.read(request)
            let shown = PipelineUpload.name(request.query("display_name") ?? request.query("name"), file)
            let (pipeline, _) = try await services.pipelines.create(
                namespace: namespace, name: PipelineUpload.name(request.query("name"), shown), displayName: shown, description: request.query("description") ?? "", package: package)
            return .json(V2Objects.pipeline(pipeline))
        }
        router.on(.post, "/pipelines/upload_version") { request in
            let pipeline = try await kfp.uploadTarget(request)
            let (package, file) = try await PipelineUpload.read(request)
            let shown = PipelineUpload.name(request.query("display_name") ?? request.query("name"), file)
            let version = try await services.pipelines.createVersion(
                pipelineID: pipeline.id, name: PipelineUpload.name(request.query("name"), shown), displayName: shown, description: request.query("description") ?? "", package: package)
            return .json(V2Objects.version(version, package))
        }
        router.on(.post, "/pipelines") { request in
            let body = try await request.json()
            let namespace = try body["namespace"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } ?? request.caller().homeNamespace
            try request.caller().require(.write, in: namespace)
            let shown = body["display_name"]?.stringValue ?? body["name"]?.stringValue ?? ""
            let (pipeline, _) = try await services.pipelines.create(
                namespace: namespace, name: body["name"]?.stringValue ?? shown, displayName: shown, description: body["description"]?.stringValue ?? "", package: nil)
            return .json(V2Objects.pipeline(pipeline))
        }
        router.on(.get, "/pipelines") { request in
            let namespace = try request.namespace()
            try request.caller().require(.read, in: namespace)
            let page = try await services.pipelines.list(namespace: namespace, try ListQueryReader.read(request))
            return .json(V2Objects.page("pipelines", page, V2Objects.pipeline))
        }
        router.on(.get, "/pipelines/names/{name}") { request in
            .json(V2Objects.pipeline(try await kfp.pipeline(named: request.parameter("name"), in: request.namespace(), request.caller())))
        }
        router.on(.get, "/pipelines/{id}") { request in
            .json(V2Objects.pipeline(try await kfp.pipeline(request.parameter("id"), request.caller(), .read)))
        }
        router.on(.get, "/pipelines/{id}/versions") { request in
            .json(try await kfp.versions(of: request.parameter("id"), request, key: "pipeline_versions", V2Objects.version))
        }
        router.on(.get, "/pipelines/{id}/versions/{version}") { request in
            let (version, _) = try await kfp.version(request.parameter("version"), request.caller(), .read)
            return .json(V2Objects.version(version, try await services.pipelines.package(digest: version.specDigest)))
        }
        router.on(.delete, "/pipelines/{id}/versions/{version}") { request in
            let (version, _) = try await kfp.version(request.parameter("version"), request.caller(), .write)
            try await services.pipelines.deleteVersion(version.id)
            return .json([:])
        }
    }

    private func experiments(_ router: inout Router) {
        router.on(.post, "/experiments") { request in
            let body = try await request.json()
            let namespace = try body["namespace"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 } ?? request.caller().homeNamespace
            try request.caller().require(.write, in: namespace)
            let experiment = try await services.experiments.create(
                namespace: namespace, name: body["display_name"]?.stringValue ?? "", description: body["description"]?.stringValue ?? "")
            return .json(V2Objects.experiment(experiment))
        }
        router.on(.get, "/experiments") { request in
            let namespace = try request.namespace()
            try request.caller().require(.read, in: namespace)
            let page = try await services.experiments.list(namespace: namespace, try ListQueryReader.read(request))
            return .json(V2Objects.page("experiments", page, V2Objects.experiment))
        }
        router.on(.get, "/experiments/{id}") { request in
            .json(V2Objects.experiment(try await kfp.experiment(request.parameter("id"), request.caller(), .read)))
        }
    }

    private func runs(_ router: inout Router) {
        router.on(.post, "/runs") { request in
            let body = try await request.json(limit: PipelineUpload.maximumBytes)
            let run = try await createRun(body, request)
            return .json(V2Objects.run(run, try await services.runs.nodes(of: run.id), nil))
        }
        router.on(.get, "/runs") { request in
            .json(try await kfp.runs(namespace: request.namespace(), experimentID: request.query("experiment_id"), request) { V2Objects.run($0, nil, nil) })
        }
        router.on(.get, "/runs/{id}") { request in
            let run = try await kfp.run(request.parameter("id"), request.caller(), .read)
            let package = run.versionID == nil ? try await services.pipelines.package(digest: run.specDigest) : nil
            return .json(V2Objects.run(run, try await services.runs.nodes(of: run.id), package))
        }
    }

    private func createRun(_ body: JSON, _ request: HTTPRequest) async throws -> RunRecord {
        let caller = try request.caller()
        var namespace = try request.namespace()
        let experimentID = (body["experiment_id"]?.stringValue ?? request.query("experiment_id")).flatMap { $0.isEmpty ? nil : $0 }
        if let experimentID { namespace = try await kfp.experiment(experimentID, caller, .read).namespace }
        try caller.require(.write, in: namespace)
        let package: PipelinePackage
        var pipelineID: String?, versionID: String?
        if let spec = body["pipeline_spec"], !spec.isNull {
            package = try PipelinePackage(documents: [spec])
        } else {
            let reference = body["pipeline_version_reference"]
            (package, pipelineID, versionID) = try await kfp.source(
                pipelineID: reference?["pipeline_id"]?.stringValue, versionID: reference?["pipeline_version_id"]?.stringValue ?? body["pipeline_version_id"]?.stringValue, caller)
        }
        var wanted = RunRequest(name: body["display_name"]?.stringValue ?? "", package: package, parameters: body["runtime_config"]?["parameters"]?.objectValue ?? [:])
        wanted.description = body["description"]?.stringValue ?? ""
        wanted.serviceAccount = body["service_account"]?.stringValue ?? ""
        (wanted.experimentID, wanted.pipelineID, wanted.versionID) = (experimentID, pipelineID, versionID)
        return try await services.runs.create(namespace: namespace, wanted)
    }
}

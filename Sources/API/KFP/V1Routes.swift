import Access
import Core
import HTTP
import Pipelines

/// KFP's REST API, version v1beta1 (kfp 1.8).
struct KFPV1Routes: Sendable {
    let services: APIServices
    let kfp: KFPService

    func router() -> Router {
        var router = Router()
        let healthy = HTTPResponse.json(["multi_user": false])
        router.inline(.get, "/healthz", tags: [Authentication.publicTag]) { _ in healthy }
        pipelines(&router)
        experiments(&router)
        runs(&router)
        KFPActionRoutes(services: services, kfp: kfp).add(to: &router, terminate: "/runs/{id}/terminate")
        return router
    }

    private func object(_ pipeline: PipelineRecord) async throws -> JSON {
        guard let version = try await services.pipelines.latestVersion(of: pipeline.id) else { return V1Objects.pipeline(pipeline, nil) }
        return V1Objects.pipeline(pipeline, V1Objects.version(version, try await services.pipelines.package(digest: version.specDigest)))
    }

    private func pipelines(_ router: inout Router) {
        router.on(.post, "/pipelines/upload") { request in
            let namespace = try request.namespace()
            try request.caller().require(.write, in: namespace)
            let (package, file) = try await PipelineUpload.read(request)
            let (pipeline, _) = try await services.pipelines.create(
                namespace: namespace, name: PipelineUpload.name(request.query("name"), file), displayName: nil, description: request.query("description") ?? "", package: package)
            return .json(try await object(pipeline))
        }
        router.on(.post, "/pipelines/upload_version") { request in
            let pipeline = try await kfp.uploadTarget(request)
            let (package, file) = try await PipelineUpload.read(request)
            let version = try await services.pipelines.createVersion(
                pipelineID: pipeline.id, name: PipelineUpload.name(request.query("name"), file), displayName: nil, description: request.query("description") ?? "", package: package)
            return .json(V1Objects.version(version, package))
        }
        router.on(.get, "/pipelines") { request in
            let namespace = try namespace(request)
            try request.caller().require(.read, in: namespace)
            let page = try await services.pipelines.list(namespace: namespace, try ListQueryReader.read(request))
            var items: [JSON] = []
            for pipeline in page.items { items.append(try await object(pipeline)) }
            return .json(V2Objects.page("pipelines", page, items))
        }
        router.on(.get, "/pipelines/{id}") { request in
            .json(try await object(try await kfp.pipeline(request.parameter("id"), request.caller(), .read)))
        }
        router.on(.get, "/namespaces/{namespace}/pipelines/{name}") { request in
            let namespace = try request.parameter("namespace") == "-" ? request.caller().homeNamespace : request.parameter("namespace")
            return .json(try await object(try await kfp.pipeline(named: request.parameter("name"), in: namespace, request.caller())))
        }
        router.on(.get, "/pipelines/{id}/templates") { request in
            let pipeline = try await kfp.pipeline(request.parameter("id"), request.caller(), .read)
            guard let version = try await services.pipelines.latestVersion(of: pipeline.id) else {
                throw MonoflowError(.notFound, "get template", pipeline.name, "the pipeline has no version")
            }
            return .json(["template": .string(try await services.pipelines.package(digest: version.specDigest).manifest.text())])
        }
        router.on(.get, "/pipeline_versions") { request in
            guard let id = request.query("resource_key.id"), !id.isEmpty else { throw MonoflowError(.invalidArgument, "list versions", "resource_key.id", "is missing") }
            return .json(try await kfp.versions(of: id, request, key: "versions", V1Objects.version))
        }
        router.on(.get, "/pipeline_versions/{id}") { request in
            let (version, _) = try await kfp.version(request.parameter("id"), request.caller(), .read)
            return .json(V1Objects.version(version, try await services.pipelines.package(digest: version.specDigest)))
        }
        router.on(.get, "/pipeline_versions/{id}/templates") { request in
            let (version, _) = try await kfp.version(request.parameter("id"), request.caller(), .read)
            return .json(["template": .string(try await services.pipelines.package(digest: version.specDigest).manifest.text())])
        }
        router.on(.delete, "/pipeline_versions/{id}") { request in
            let (version, _) = try await kfp.version(request.parameter("id"), request.caller(), .write)
            try await services.pipelines.deleteVersion(version.id)
            return .json([:])
        }
    }

    /// `resource_reference_key.type=NAMESPACE&resource_reference_key.id=NS`; the id may be empty.
    private func namespace(_ request: HTTPRequest) throws -> String {
        for prefix in ["resource_reference_key", "resource_key"] where request.query("\(prefix).type") == "NAMESPACE" {
            if let id = request.query("\(prefix).id"), !id.isEmpty { return id }
        }
        return try request.namespace()
    }

    private func experiments(_ router: inout Router) {
        router.on(.post, "/experiments") { request in
            let body = try await request.json()
            let namespace = try V1Objects.reference(body, "NAMESPACE") ?? request.caller().homeNamespace
            try request.caller().require(.write, in: namespace)
            let experiment = try await services.experiments.create(
                namespace: namespace, name: body["name"]?.stringValue ?? "", description: body["description"]?.stringValue ?? "")
            return .json(V1Objects.experiment(experiment))
        }
        router.on(.get, "/experiments") { request in
            let namespace = try namespace(request)
            try request.caller().require(.read, in: namespace)
            let page = try await services.experiments.list(namespace: namespace, try ListQueryReader.read(request))
            return .json(V2Objects.page("experiments", page, V1Objects.experiment))
        }
        router.on(.get, "/experiments/{id}") { request in
            .json(V1Objects.experiment(try await kfp.experiment(request.parameter("id"), request.caller(), .read)))
        }
    }

    private func runs(_ router: inout Router) {
        router.on(.post, "/runs") { request in
            let run = try await createRun(try await request.json(limit: PipelineUpload.maximumBytes), request)
            return .json(try await detail(run))
        }
        router.on(.get, "/runs") { request in
            let experimentID = request.query("resource_reference_key.type") == "EXPERIMENT" ? request.query("resource_reference_key.id") : nil
            return .json(try await kfp.runs(namespace: namespace(request), experimentID: experimentID, request) { V1Objects.run($0, nil) })
        }
        router.on(.get, "/runs/{id}") { request in
            .json(try await detail(try await kfp.run(request.parameter("id"), request.caller(), .read)))
        }
    }

    private func detail(_ run: RunRecord) async throws -> JSON {
        let package = try await services.pipelines.package(digest: run.specDigest)
        let nodes = try await services.runs.nodes(of: run.id)
        return ["run": V1Objects.run(run, package), "pipeline_runtime": ["workflow_manifest": .string(WorkflowManifest.of(run, nodes, package).text())]]
    }

    private func createRun(_ body: JSON, _ request: HTTPRequest) async throws -> RunRecord {
        let caller = try request.caller()
        var namespace = try V1Objects.reference(body, "NAMESPACE") ?? request.namespace()
        let experimentID = V1Objects.reference(body, "EXPERIMENT")
        if let experimentID { namespace = try await kfp.experiment(experimentID, caller, .read).namespace }
        try caller.require(.write, in: namespace)
        let spec = body["pipeline_spec"] ?? [:]
        let package: PipelinePackage
        var pipelineID: String?, versionID = V1Objects.reference(body, "PIPELINE_VERSION")
        if let manifest = (spec["workflow_manifest"] ?? spec["pipeline_manifest"])?.stringValue, !manifest.isEmpty {
            package = try PipelinePackage(yaml: manifest)
            versionID = nil
        } else {
            (package, pipelineID, versionID) = try await kfp.source(pipelineID: spec["pipeline_id"]?.stringValue, versionID: versionID, caller)
        }
        var parameters = spec["runtime_config"]?["parameters"]?.objectValue ?? [:]
        for parameter in spec["parameters"]?.arrayValue ?? [] {
            if let name = parameter["name"]?.stringValue { parameters[name] = parameter["value"] ?? "" }
        }
        var wanted = RunRequest(name: body["name"]?.stringValue ?? "", package: package, parameters: parameters)
        wanted.description = body["description"]?.stringValue ?? ""
        wanted.serviceAccount = body["service_account"]?.stringValue ?? ""
        (wanted.experimentID, wanted.pipelineID, wanted.versionID) = (experimentID, pipelineID, versionID)
        return try await services.runs.create(namespace: namespace, wanted)
    }
}

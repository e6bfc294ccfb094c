import Access
import Core
import HTTP
import Pipelines

/// What both KFP versions do alike: find an object and check that the caller may.
struct KFPService: Sendable {
    let services: APIServices

    func pipeline(_ id: String, _ caller: Principal, _ permission: Permission) async throws -> PipelineRecord {
        let pipeline = try await services.pipelines.get(id)
        try caller.require(permission, in: pipeline.namespace)
        return pipeline
    }

    func version(_ id: String, _ caller: Principal, _ permission: Permission) async throws -> (PipelineVersionRecord, PipelineRecord) {
        let version = try await services.pipelines.version(id)
        return (version, try await pipeline(version.pipelineID, caller, permission))
    }

    /// By name, for a caller who may read the namespace. - Throws: `notFound`.
    func pipeline(named name: String, in namespace: String, _ caller: Principal) async throws -> PipelineRecord {
        try caller.require(.read, in: namespace)
        guard let pipeline = try await services.pipelines.find(namespace: namespace, name: name) else {
            throw MonoflowError(.notFound, "get pipeline", name, "there is no such pipeline in namespace \(namespace)")
        }
        return pipeline
    }

    /// The pipeline that an uploaded version is for (`?pipelineid=`).
    func uploadTarget(_ request: HTTPRequest) async throws -> PipelineRecord {
        guard let id = request.query("pipelineid"), !id.isEmpty else { throw MonoflowError(.invalidArgument, "upload version", "pipelineid", "is missing") }
        return try await pipeline(id, request.caller(), .write)
    }

    /// A page of a pipeline's versions, each as `object` writes it with its definition.
    func versions(of pipelineID: String, _ request: HTTPRequest, key: String, _ object: (PipelineVersionRecord, PipelinePackage) -> JSON) async throws -> JSON {
        _ = try await pipeline(pipelineID, request.caller(), .read)
        let page = try await services.pipelines.versions(of: pipelineID, try ListQueryReader.read(request))
        var items: [JSON] = []
        for version in page.items { items.append(object(version, try await services.pipelines.package(digest: version.specDigest))) }
        return V2Objects.page(key, page, items)
    }

    /// A page of runs: of the experiment where one is named, else of the namespace.
    func runs(namespace: String, experimentID: String?, _ request: HTTPRequest, _ object: (RunRecord) -> JSON) async throws -> JSON {
        var namespace = namespace, experiment: String?
        if let experimentID, !experimentID.isEmpty {
            let found = try await self.experiment(experimentID, request.caller(), .read)
            (experiment, namespace) = (found.id, found.namespace)
        }
        try request.caller().require(.read, in: namespace)
        let page = try await services.runs.list(namespace: namespace, experimentID: experiment, try ListQueryReader.read(request))
        return V2Objects.page("runs", page, object)
    }

    func experiment(_ id: String, _ caller: Principal, _ permission: Permission) async throws -> ExperimentRecord {
        let experiment = try await services.experiments.get(id)
        try caller.require(permission, in: experiment.namespace)
        return experiment
    }

    func run(_ id: String, _ caller: Principal, _ permission: Permission) async throws -> RunRecord {
        let run = try await services.runs.get(id)
        try caller.require(permission, in: run.namespace)
        return run
    }

    func deleteRun(_ id: String, _ caller: Principal) async throws {
        _ = try await run(id, caller, .write)
        for task in try await services.runs.delete(id) { services.removeTask(task) }
    }

    /// The definition that a run request names, with where it comes from.
    func source(pipelineID: String?, versionID: String?, _ caller: Principal) async throws -> (PipelinePackage, pipelineID: String, versionID: String) {
        if let versionID, !versionID.isEmpty {
            let (version, pipeline) = try await version(versionID, caller, .read)
            if let pipelineID, !pipelineID.isEmpty, pipelineID != pipeline.id {
                throw MonoflowError(.invalidArgument, "create run", "version \(versionID)", "belongs to another pipeline than \(pipelineID)")
            }
            return (try await services.pipelines.package(digest: version.specDigest), pipeline.id, version.id)
        }
        guard let pipelineID, !pipelineID.isEmpty else {
            throw MonoflowError(.invalidArgument, "create run", "", "names no pipeline", hint: "give a pipeline spec, a pipeline id or a pipeline version id")
        }
        let pipeline = try await pipeline(pipelineID, caller, .read)
        guard let version = try await services.pipelines.latestVersion(of: pipeline.id) else {
            throw MonoflowError(.failedPrecondition, "create run", "pipeline \(pipeline.name)", "has no version")
        }
        return (try await services.pipelines.package(digest: version.specDigest), pipeline.id, version.id)
    }
}

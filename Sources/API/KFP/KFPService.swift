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

import HTTP
import Pipelines

/// Deleting, archiving and terminating: the same in both KFP versions, answered with `{}`.
struct KFPActionRoutes: Sendable {
    let services: APIServices
    let kfp: KFPService

    /// - Parameter terminate: the version's own path for ending a run.
    func add(to router: inout Router, terminate: String) {
        router.on(.delete, "/pipelines/{id}") { request in
            let pipeline = try await kfp.pipeline(request.parameter("id"), request.caller(), .write)
            try await services.pipelines.delete(pipeline.id)
            return .json([:])
        }
        router.on(.delete, "/experiments/{id}") { request in
            let experiment = try await kfp.experiment(request.parameter("id"), request.caller(), .write)
            try await services.experiments.delete(experiment.id)
            return .json([:])
        }
        router.on(.delete, "/runs/{id}") { request in
            try await kfp.deleteRun(request.parameter("id"), request.caller())
            return .json([:])
        }
        router.on(.post, terminate) { request in
            let run = try await kfp.run(request.parameter("id"), request.caller(), .write)
            try await services.runs.terminate(run.id)
            return .json([:])
        }
        for (verb, state) in [("archive", StorageState.archived), ("unarchive", .available)] {
            router.on(.post, "/experiments/{id}:\(verb)") { request in
                let experiment = try await kfp.experiment(request.parameter("id"), request.caller(), .write)
                try await services.experiments.setStorageState(experiment.id, state)
                return .json([:])
            }
            router.on(.post, "/runs/{id}:\(verb)") { request in
                let run = try await kfp.run(request.parameter("id"), request.caller(), .write)
                try await services.runs.setStorageState(run.id, state)
                return .json([:])
            }
        }
    }
}

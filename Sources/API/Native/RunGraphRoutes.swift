import Core
import Foundation
import HTTP
import Pipelines

/// A run's graph for the dashboard: nodes with states, and a stream that tells when to look again.
struct RunGraphRoutes: Sendable {
    let services: APIServices
    let kfp: KFPService

    func add(to router: inout Router) {
        router.on(.get, "/api/runs/{id}/graph") { request in
            let run = try await kfp.run(request.parameter("id"), request.caller(), .read)
            let nodes = try await services.runs.nodes(of: run.id)
            let graph = try await services.pipelines.package(digest: run.specDigest).graph
            return .json(["run": Self.run(run), "nodes": .array(GraphView.nodes(graph, nodes))])
        }
        router.on(.get, "/api/runs/{id}/watch") { request in
            let run = try await kfp.run(request.parameter("id"), request.caller(), .read)
            return .events { writer in
                for await version in services.runs.watch.changes(of: run.id) {
                    let ended = try await services.runs.get(run.id).state.isTerminal
                    try await writer.write(Array("event: changed\ndata: {\"version\":\(version)}\n\n".utf8))
                    if ended { return try await writer.write(Array("event: end\ndata: {}\n\n".utf8)) }
                }
            }
        }
        router.on(.get, "/api/pipelines/{id}/versions/{version}/graph") { request in
            let (version, _) = try await kfp.version(request.parameter("version"), request.caller(), .read)
            let graph = try await services.pipelines.package(digest: version.specDigest).graph
            return .json(["nodes": .array(GraphView.definition(graph)), "notes": .array(graph.notes.map { .string($0) })])
        }
    }

    private static func run(_ run: RunRecord) -> JSON {
        .make([
            "id": .string(run.id), "name": .string(run.name), "namespace": .string(run.namespace), "state": .string(run.state.rawValue.capitalized),
            "message": .text(run.message), "created_at": .time(run.createdAt), "started_at": .time(run.startedAt), "finished_at": .time(run.finishedAt),
        ])
    }
}

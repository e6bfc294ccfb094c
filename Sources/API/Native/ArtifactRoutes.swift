import Artifacts
import Core
import Foundation
import HTTP

/// Artifacts, their lineage and their bytes.
struct ArtifactRoutes: Sendable {
    let services: APIServices

    func add(to router: inout Router) {
        router.on(.get, "/api/artifacts") { request in
            let namespace = try request.namespace()
            try request.caller().require(.read, in: namespace)
            let size = try request.integer("page_size") ?? 50
            guard (1...1000).contains(size) else { throw MonoflowError(.invalidArgument, "list artifacts", "page_size", "must be between 1 and 1000") }
            let before = try request.integer("page_token").map(Int64.init)
            let (items, next) = try await services.artifacts.list(namespace: namespace, runID: request.query("run_id"), before: before, limit: size)
            return .json(.make(["artifacts": .array(items.map(Self.json)), "next_page_token": next.map { .string(String($0)) }]))
        }
        router.on(.get, "/api/artifacts/{id}") { request in
            let artifact = try await artifact(request)
            let (producer, consumers) = try await services.artifacts.lineage(of: artifact.id)
            var json = Self.json(artifact)
            if let producer { json["producer"] = Self.json(producer) }
            json["consumers"] = .array(consumers.map(Self.json))
            return .json(json)
        }
        router.on(.get, "/api/artifacts/{id}/content") { request in
            let artifact = try await artifact(request)
            guard let digest = artifact.digest else {
                throw MonoflowError(.notFound, "download artifact", String(artifact.id), "its content is not in this server's store", hint: "its URI is \(artifact.uri)")
            }
            var response: HTTPResponse
            let safe = artifact.name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
            if artifact.isDirectory {
                response = .stream(type: "application/gzip") { writer in
                    try await TreeArchive(blobs: services.blobs).write(tree: digest) { try await writer.write($0) }
                }
                response.headers["Content-Disposition"] = "attachment; filename=\"\(safe.isEmpty ? "artifact" : safe).tar.gz\""
            } else {
                response = .file(try HTTPFile(descriptor: try services.blobs.open(digest: digest), name: digest))
                response.headers["ETag"] = "\"\(digest)\""
                response.headers["Content-Disposition"] = "attachment; filename=\"\(safe.isEmpty ? "artifact" : safe)\""
            }
            // Somebody's bytes: never shown as a page of ours.
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Content-Security-Policy"] = "sandbox"
            return response
        }
    }

    private func artifact(_ request: HTTPRequest) async throws -> ArtifactRecord {
        let text = try request.parameter("id")
        guard let id = Int64(text) else { throw MonoflowError(.invalidArgument, "get artifact", text, "is not a whole number") }
        let artifact = try await services.artifacts.get(id)
        try request.caller().require(.read, in: artifact.namespace)
        return artifact
    }

    static func json(_ artifact: ArtifactRecord) -> JSON {
        .make([
            "id": .int(artifact.id), "namespace": .string(artifact.namespace), "name": .string(artifact.name), "type": .string(artifact.type),
            "uri": .string(artifact.uri), "digest": artifact.digest.map { .string($0) }, "bytes": .int(artifact.bytes), "is_directory": .bool(artifact.isDirectory),
            "metadata": artifact.metadata, "created_at": .time(artifact.createdAt), "run_id": artifact.runID.map { .string($0) }, "node_id": artifact.nodeID.map { .string($0) },
        ])
    }

    private static func json(_ execution: ExecutionRecord) -> JSON {
        ["run_id": .string(execution.runID), "node_id": .string(execution.nodeID), "task_name": .string(execution.taskName)]
    }
}

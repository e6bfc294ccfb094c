import Artifacts
import Core
import HTTP
import Serving

/// Deploying and listing served models.
struct ModelRoutes: Sendable {
    static let modelLimit: Int64 = 8 << 30

    let services: APIServices

    func add(to router: inout Router) {
        router.on(.get, "/api/models") { request in
            let namespace = try request.namespace()
            try request.caller().require(.read, in: namespace)
            return .json(["models": .array(services.models.models(namespace: namespace).map(services.models.json))])
        }
        router.on(.get, "/api/models/{model}") { request in
            let namespace = try request.namespace()
            try request.caller().require(.read, in: namespace)
            return .json(services.models.json(try services.models.model(namespace: namespace, name: request.parameter("model"))))
        }
        router.on(.put, "/api/models/{model}/versions/{version}") { request in
            let namespace = try request.namespace()
            try request.caller().require(.write, in: namespace)
            let version = try version(request.parameter("version"))
            let blob = try await receive(request)
            return try await deploy(request, namespace, version, ModelSource(digest: blob.digest))
        }
        router.on(.post, "/api/models/{model}/versions") { request in
            let namespace = try request.namespace()
            try request.caller().require(.write, in: namespace)
            let body = try await request.json()
            guard let id = body["artifact_id"]?.intValue else { throw MonoflowError(.invalidArgument, "deploy model", "artifact_id", "is missing") }
            let artifact = try await services.artifacts.get(id)
            try request.caller().require(.read, in: artifact.namespace)
            guard let digest = artifact.digest, !artifact.isDirectory else {
                throw MonoflowError(.failedPrecondition, "deploy model", "artifact \(id)", "is not a single file in this server's store")
            }
            let version = try body["version"].map { try self.version($0.stringValue ?? $0.text()) } ?? nil
            return try await deploy(request, namespace, version, ModelSource(digest: digest, artifactID: id, runID: artifact.runID))
        }
        router.on(.delete, "/api/models/{model}") { request in
            let namespace = try request.namespace()
            try request.caller().require(.write, in: namespace)
            try await services.models.delete(namespace: namespace, name: request.parameter("model"))
            return HTTPResponse(.noContent)
        }
        router.on(.delete, "/api/models/{model}/versions/{version}") { request in
            let namespace = try request.namespace()
            try request.caller().require(.write, in: namespace)
            guard let version = try version(request.parameter("version")) else { throw MonoflowError(.invalidArgument, "delete model", "version", "must be a number") }
            try await services.models.delete(namespace: namespace, name: request.parameter("model"), version: version)
            return HTTPResponse(.noContent)
        }
    }

    private func version(_ text: String) throws -> Int? {
        if text == "next" { return nil }
        guard let number = Int(text), number >= 1 else { throw MonoflowError(.invalidArgument, "deploy model", "version", "\"\(text)\" is neither a number from 1 on nor \"next\"") }
        return number
    }

    private func deploy(_ request: HTTPRequest, _ namespace: String, _ version: Int?, _ source: ModelSource) async throws -> HTTPResponse {
        let model = try await services.models.deploy(namespace: namespace, name: request.parameter("model"), version: version, source: source)
        return .json(services.models.json(model), status: .created)
    }

    /// The body to the store as it arrives.
    private func receive(_ request: HTTPRequest) async throws -> Blob {
        var writer = try BlobReceiver(store: services.blobs, limit: Self.modelLimit)
        for try await chunk in request.body { try writer.write(chunk) }
        return try writer.finish()
    }
}

/// A `BlobWriter` that can be held across awaits.
struct BlobReceiver {
    private final class Box {
        var writer: BlobWriter
        init(_ writer: consuming BlobWriter) { self.writer = writer }
    }
    private let box: Box
    private let limit: Int64

    init(store: BlobStore, limit: Int64) throws {
        box = Box(try BlobWriter(store: store))
        self.limit = limit
    }

    mutating func write(_ bytes: [UInt8]) throws {
        try box.writer.write(bytes)
        guard box.writer.bytes <= limit else { throw MonoflowError(.payloadTooLarge, "read body", "", "larger than \(limit) bytes") }
    }

    func finish() throws -> Blob { try box.writer.commit() }
}

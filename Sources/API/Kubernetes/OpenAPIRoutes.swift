import Core
import HTTP
import Resources
import Synchronization

/// The OpenAPI documents of the declared kinds, by which clients check objects before they send them. Made when first asked for, and again
/// after kinds have changed.
final class OpenAPIRoutes: Sendable {
    private struct Cache {
        var revision = -1
        var answers: [String: [UInt8]] = [:]
    }

    private let kinds: KindRegistry
    private let version: String
    private let cache = Mutex(Cache())

    init(kinds: KindRegistry, version: String) {
        self.kinds = kinds
        self.version = version
    }

    func add(to router: inout Router) {
        router.on(.get, "/openapi/v3") { [self] _ in
            .bytes(answer("index") { $0.index().serialized() } ?? [], type: "application/json")
        }
        router.on(.get, "/openapi/v3/api/v1") { [self] request in try document("", "v1", request) }
        router.on(.get, "/openapi/v3/apis/{group}/{version}") { [self] request in
            try document(try request.parameter("group"), try request.parameter("version"), request)
        }
        router.on(.get, "/openapi/v2") { [self] request in
            let accepted = request.headers["Accept"] ?? ""
            guard OpenAPIv2Protobuf.acceptedMediaTypes.contains(where: accepted.contains) else {
                return .bytes(answer("swagger") { $0.swagger().serialized() } ?? [], type: "application/json")
            }
            return .bytes(answer("swagger-protobuf") { OpenAPIv2Protobuf.encode($0.swagger()) } ?? [], type: OpenAPIv2Protobuf.mediaType)
        }
    }

    /// A document at an address that holds its hash never changes, so that clients keep it.
    private func document(_ group: String, _ version: String, _ request: HTTPRequest) throws -> HTTPResponse {
        guard let bytes = answer("\(group)/\(version)", make: { $0.document(group: group, version: version)?.serialized() }) else {
            throw MonoflowError(.notFound, "find group", "", "the server could not find the requested resource")
        }
        var response = HTTPResponse.bytes(bytes, type: "application/json")
        guard let asked = request.query("hash") else { return response }
        let hash = Hashing.hex(Hashing.sha256(bytes))
        guard asked == hash else { return .redirect("\(request.rawPath)?hash=\(hash)", status: .movedPermanently) }
        response.headers.add("ETag", "\"\(hash)\"")
        response.headers.add("Vary", "Accept")
        response.headers.add("Cache-Control", "public, immutable, max-age=31536000")
        return response
    }

    private func answer(_ name: String, make: (OpenAPIDocuments) -> [UInt8]?) -> [UInt8]? {
        let (table, revision) = kinds.revised
        if let known = cache.withLock({ $0.revision == revision ? $0.answers[name] : nil }) { return known }
        guard let made = make(OpenAPIDocuments(table, version: version)) else { return nil }
        cache.withLock { cache in
            if cache.revision < revision { cache = Cache(revision: revision) }
            if cache.revision == revision { cache.answers[name] = made }
        }
        return made
    }
}

import Core
import HTTP
import Resources
import Pipelines

/// Reads the bodies of requests.
enum RequestDocuments {
    /// As Kubernetes' server has it.
    static let limit = 3 << 20

    /// One object as JSON, YAML or Kubernetes' protobuf.
    static func object(_ request: HTTPRequest) async throws -> JSON {
        switch request.mediaType {
        case "application/yaml", "application/x-yaml", "text/yaml": return try await yaml(request)
        case "application/vnd.kubernetes.protobuf":
            return try KubernetesProtobuf.object(try await request.body.collect(limit: limit))
        case nil, "application/json", "text/plain": return try await json(request)
        case .some(let type):
            throw MonoflowError(
                .unsupportedMediaType, "read body", type, "the body of the request was in an unknown format - accepted media types include: "
                    + "application/json, application/yaml, application/vnd.kubernetes.protobuf")
        }
    }

    static func json(_ request: HTTPRequest) async throws -> JSON {
        let bytes = try await request.body.collect(limit: limit)
        guard !bytes.isEmpty else { throw MonoflowError(.invalidArgument, "read body", "", "the body is empty") }
        return try JSONParser.parse(bytes)
    }

    /// `{}` where there is no body.
    static func optionalJSON(_ request: HTTPRequest) async throws -> JSON {
        let bytes = try await request.body.collect(limit: limit)
        if bytes.isEmpty { return [:] }
        if request.mediaType == "application/vnd.kubernetes.protobuf" { return try KubernetesProtobuf.deleteOptions(bytes) }
        return try JSONParser.parse(bytes)
    }

    /// JSON is YAML, too; it is read by its own parser.
    static func yaml(_ request: HTTPRequest) async throws -> JSON {
        let bytes = try await request.body.collect(limit: limit)
        if bytes.first(where: { $0 != 32 && $0 != 10 && $0 != 13 && $0 != 9 }) == UInt8(ascii: "{") { return try JSONParser.parse(bytes) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw MonoflowError(.invalidArgument, "read body", "", "is not UTF-8 text") }
        return try one(YAMLReader.documents(text))
    }

    private static func one(_ documents: [JSON]) throws(MonoflowError) -> JSON {
        guard documents.count == 1 else {
            throw MonoflowError(.invalidArgument, "read body", "", "holds \(documents.count) YAML documents; one is expected")
        }
        return documents[0]
    }
}

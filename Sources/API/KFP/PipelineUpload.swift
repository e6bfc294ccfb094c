import Core
import HTTP
import Pipelines

/// The multipart upload of a pipeline file, the same in both versions.
enum PipelineUpload {
    static let maximumBytes = 32 << 20

    static func read(_ request: HTTPRequest) async throws -> (package: PipelinePackage, fileName: String) {
        let form = try MultipartReader(request)
        while let part = try await form.nextPart() {
            guard part.name == "uploadfile" else { continue }
            let name = part.fileName ?? "upload"
            let bytes = try await part.collect(limit: maximumBytes)
            while try await form.nextPart() != nil {}
            return (try PipelinePackage(file: bytes, name: name), name)
        }
        throw MonoflowError(.invalidArgument, "upload pipeline", "uploadfile", "the form has no such field")
    }

    /// The file's name without its ending, for clients that give none.
    static func name(_ given: String?, _ file: String) -> String {
        if let given, !given.isEmpty { return given }
        return [".tar.gz", ".tgz", ".zip", ".yaml", ".yml", ".json"].first { file.hasSuffix($0) }.map { String(file.dropLast($0.count)) } ?? file
    }
}

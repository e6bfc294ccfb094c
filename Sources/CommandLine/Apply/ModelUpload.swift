import Core
import Foundation
import HTTP

/// Deploys a model's file unless the server has one of the same content already.
struct ModelUpload: Sendable {
    let context: CommandContext
    let isDryRun: Bool

    /// - Parameter document: `spec.file`, and `spec.version`: a number, or `next`, the default.
    func apply(_ document: SourceDocument, namespace: String) async throws -> ApplyOutcome {
        guard let named = document.json["spec"]?["file"]?.stringValue, !named.isEmpty else { throw document.error("spec.file", "is missing") }
        let version = document.json["spec"]?["version"].map { $0.stringValue ?? $0.text() } ?? "next"
        guard version == "next" || Int(version).map({ $0 > 0 }) == true else { throw document.error("spec.version", "must be a number from 1 on, or next") }
        let path = SecretValues.resolve(named, beside: document.place.file)
        guard Files.exists(path) else { throw document.error("spec.file", "there is no file \(path)") }
        let digest = try Self.digest(path)
        let known = try await context.client.find(NativeKind.models.object(document.name, namespace: namespace))
        let versions = known?["versions"]?.arrayValue ?? []
        let same = versions.contains { item in
            let isMeant = version == "next" || item["version"]?.stringValue == version
            return isMeant && item["digest"]?.stringValue?.hasSuffix(digest) == true && item["state"] != "Failed"
        }
        if same { return .unchanged }
        if !isDryRun {
            let request = APIRequest(.put, ["api", "models", document.name, "versions", version], query: ["namespace": namespace])
            _ = try await context.client.bytes(request, upload: .file(try HTTPFile(path: path)))
        }
        return known == nil ? .created : .configured
    }
}

extension ModelUpload {
    /// SHA-256 of a file in hex, read piece by piece.
    static func digest(_ path: String) throws(MonoflowError) -> String {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { throw Files.failure("read", path) }
        defer { close(fd) }
        var hasher = SHA256Hasher()
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(fd, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Files.failure("read", path) }
            if count == 0 { return Hashing.hex(hasher.finish()) }
            chunk.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }
}

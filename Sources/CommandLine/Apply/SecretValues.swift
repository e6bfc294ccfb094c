import Core
import Foundation

/// The values of a `SecretReference`, which names where they are: `{fromEnvironment: NAME}` or `{fromFile: PATH}`.
struct SecretValues: Sendable {
    /// As large as an object may be.
    static let limit = 1 << 20

    let document: SourceDocument
    let environment: [String: String]

    init(_ document: SourceDocument, environment: [String: String]) {
        self.document = document
        self.environment = environment
    }

    /// - Throws: `failedPrecondition` with the place of what is not there.
    func resolve() throws(MonoflowError) -> [(key: String, value: [UInt8])] {
        guard let data = document.json["spec"]?["data"]?.objectValue, !data.isEmpty else { throw document.error("spec.data", "is missing or empty") }
        var values: [(key: String, value: [UInt8])] = []
        for (key, source) in data {
            let field = "spec.data[\(key)]"
            guard let members = source.objectValue, members.count == 1, let from = members.keys.first, let name = members[from]?.stringValue else {
                throw document.error(field, "must be {fromEnvironment: NAME} or {fromFile: PATH}")
            }
            switch from {
            case "fromEnvironment":
                guard let value = environment[name] else { throw document.error(field, "the environment has no variable \(name)") }
                values.append((key, Array(value.utf8)))
            case "fromFile":
                let path = Self.resolve(name, beside: document.place.file)
                guard Files.exists(path) else { throw document.error(field, "there is no file \(path)") }
                values.append((key, try Files.read(path, limit: Self.limit)))
            default: throw document.error(field, "must be {fromEnvironment: NAME} or {fromFile: PATH}")
            }
        }
        return values
    }

    /// A path that a document names is meant from the document's own directory.
    static func resolve(_ path: String, beside file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }
}

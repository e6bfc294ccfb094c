import Core
import Foundation

/// Finds and reads the documents that `-f` names: files, directories, `-` for standard input.
struct DocumentFiles: Sendable {
    static let fileLimit = 64 << 20
    static let maximumFiles = 10_000
    private static let endings = [".yaml", ".yml", ".json"]

    /// - Parameter paths: at least one.
    /// - Throws: `notFound` for what is not there; `failedPrecondition` for what cannot be read, with its place.
    static func read(_ paths: [String]) throws(MonoflowError) -> [SourceDocument] {
        var documents: [SourceDocument] = []
        for path in paths {
            if path == "-" {
                documents += try parse(try Files.read(descriptor: 0, path: "standard input", limit: fileLimit), file: "standard input")
                continue
            }
            for file in try files(path) { documents += try parse(try Files.read(file, limit: fileLimit), file: file) }
        }
        guard !documents.isEmpty else {
            throw MonoflowError(.failedPrecondition, "read documents", paths.joined(separator: ", "), "there is no document in it")
        }
        var objects: [SourceDocument] = []
        for document in documents { objects += try expanded(document) }
        return objects
    }

    /// A file itself; of a directory its documents by name, those below it too. A directory with an `environment.yaml` stands for what was generated from it.
    static func files(_ path: String) throws(MonoflowError) -> [String] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw MonoflowError(.notFound, "read documents", path, "there is no such file or directory")
        }
        guard isDirectory.boolValue else { return [path] }
        var root = path
        while root.count > 1, root.hasSuffix("/") { root.removeLast() }
        if Files.exists("\(root)/\(EnvironmentFiles.source)") { root = try EnvironmentFiles.objects(of: root) }
        let names = (FileManager.default.enumerator(atPath: root)?.prefix(maximumFiles + 1).compactMap { $0 as? String } ?? []).sorted()
        guard names.count <= maximumFiles else { throw MonoflowError(.failedPrecondition, "read documents", path, "holds more than \(maximumFiles) files") }
        return names.filter { name in
            endings.contains(where: name.hasSuffix) && !name.split(separator: "/").contains { $0.hasPrefix(".") }
        }.map { "\(root)/\($0)" }
    }

    /// JSON where the file's name says so, or a stream begins as JSON does; else YAML.
    static func parse(_ bytes: [UInt8], file: String) throws(MonoflowError) -> [SourceDocument] {
        let first = bytes.first { $0 != 32 && $0 != 10 && $0 != 13 && $0 != 9 }
        if file.hasSuffix(".json") || first == UInt8(ascii: "{") && !file.hasSuffix(".yaml") && !file.hasSuffix(".yml") {
            do {
                return [SourceDocument(json: try JSONParser.parse(bytes), place: DocumentPlace(file: file, number: 1), lines: .unknown)]
            } catch {
                throw MonoflowError(.failedPrecondition, "", "\(file): document 1, \(error.subject)", "malformed JSON: \(error.message)")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw MonoflowError(.failedPrecondition, "", file, "is not UTF-8 text") }
        return try YAMLDocuments.read(text, file: file)
    }

    /// The items of a `List`, each with what every object must have.
    private static func expanded(_ document: SourceDocument) throws(MonoflowError) -> [SourceDocument] {
        guard document.json.objectValue != nil else { throw document.error("", "must be an object, it is \(document.json.kindName)") }
        if document.kind == "List" || document.kind.hasSuffix("List") && document.json["items"]?.arrayValue != nil {
            var items: [SourceDocument] = []
            for item in document.json["items"]?.arrayValue ?? [] {
                items += try expanded(SourceDocument(json: item, place: document.place, lines: .unknown))
            }
            return items
        }
        for field in ["apiVersion", "kind"] where document.json[field]?.stringValue?.isEmpty != false { throw document.error(field, "is missing or no text") }
        guard !document.name.isEmpty else { throw document.error("metadata.name", "is missing") }
        return [document]
    }
}

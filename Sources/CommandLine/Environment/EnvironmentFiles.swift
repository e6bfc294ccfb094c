import Core
import Foundation

/// A declarative environment's directory: `environment.yaml`, and in `objects/` what it was expanded into.
enum EnvironmentFiles {
    static let source = "environment.yaml"
    static let folder = "objects"
    /// In `objects/`: of which text they were made.
    private static let mark = ".source"
    private static let header = "# Made by `monoflow generate` from environment.yaml; changes here are lost.\n"

    /// Writes the commented beginning of an environment. - Throws: `alreadyExists`.
    static func initialize(_ directory: String) throws(MonoflowError) -> String {
        let path = "\(directory)/\(source)"
        if Files.exists(path) { throw MonoflowError(.alreadyExists, "init", path, "there is one already") }
        try Files.makeDirectory(directory, mode: 0o755)
        try Files.writeAtomically(Array(EnvironmentTemplate.text.utf8), to: path, mode: 0o644)
        return path
    }

    struct Change: Equatable {
        enum Word: String { case written, unchanged, removed }
        var path: String
        var word: Word
    }

    /// Expands `environment.yaml`. Files that an earlier call made and that are empty now are removed; others are left alone.
    /// - Throws: `notFound` without the file, `DocumentErrors` for what is wrong in it.
    static func generate(_ directory: String) throws -> [Change] {
        let path = "\(directory)/\(source)"
        guard Files.exists(path) else {
            throw MonoflowError(.notFound, "generate", path, "there is no such file", hint: "make one with monoflow init \(directory)")
        }
        let bytes = try Files.read(path, limit: DocumentFiles.fileLimit)
        let documents = try DocumentFiles.parse(bytes, file: path)
        guard documents.count == 1 else { throw MonoflowError(.failedPrecondition, "generate", path, "holds \(documents.count) documents; one is expected") }
        let objects = try EnvironmentReader(documents[0]).expand()
        let folder = "\(directory)/\(folder)"
        try Files.makeDirectory(folder, mode: 0o755)
        var changes: [Change] = []
        for part in EnvironmentPart.allCases {
            let file = "\(folder)/\(part.fileName)"
            let before = Files.exists(file) ? try Files.read(file, limit: DocumentFiles.fileLimit) : nil
            guard let documents = objects[part], !documents.isEmpty else {
                guard let before, before.starts(with: header.utf8) else { continue }
                guard unlink(file) == 0 else { throw Files.failure("remove", file) }
                changes.append(Change(path: file, word: .removed))
                continue
            }
            let text = Array((header + (try YAMLText.render(documents: documents))).utf8)
            if text != before { try Files.writeAtomically(text, to: file, mode: 0o644) }
            changes.append(Change(path: file, word: text == before ? .unchanged : .written))
        }
        try Files.writeAtomically(Array((Hashing.hex(Hashing.sha256(bytes)) + "\n").utf8), to: "\(folder)/\(mark)", mode: 0o644)
        return changes
    }

    /// The folder of the generated objects. - Throws: `failedPrecondition` where they are not there or older than their source.
    static func objects(of directory: String) throws(MonoflowError) -> String {
        let folder = "\(directory)/\(folder)", path = "\(directory)/\(source)"
        guard Files.exists("\(folder)/\(mark)") else {
            throw MonoflowError(.failedPrecondition, "apply", path, "was not expanded yet", hint: "run monoflow generate \(directory)")
        }
        let made = String(decoding: try Files.read("\(folder)/\(mark)", limit: 1 << 10), as: UTF8.self)
        guard made.hasPrefix(Hashing.hex(Hashing.sha256(try Files.read(path, limit: DocumentFiles.fileLimit)))) else {
            throw MonoflowError(.failedPrecondition, "apply", path, "has changed since it was expanded", hint: "run monoflow generate \(directory)")
        }
        return folder
    }
}

/// Several things that are wrong with a document, all told at once.
struct DocumentErrors: Error {
    var errors: [MonoflowError]
}

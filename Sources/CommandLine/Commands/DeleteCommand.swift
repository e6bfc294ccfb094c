import ArgumentParser
import Core

struct DeleteCommand: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Delete objects by name, by label, or those of documents.")

    enum Cascade: String, CaseIterable, ExpressibleByArgument {
        case background, foreground, orphan
    }

    @Argument(help: "KIND NAME…, KIND/NAME…, or KIND with -l or --all.")
    var objects: [String] = []
    @Option(
        name: .shortAndLong, parsing: .singleValue,
        help: ArgumentHelp("Documents whose objects are deleted: file, directory, or - for standard input.", valueName: "path"),
        completion: .file())
    var filename: [String] = []
    @Option(name: .shortAndLong, help: "Namespace; default the caller's home.")
    var namespace: String?
    @Option(name: [.customShort("l"), .long], help: "Labels that objects have.")
    var selector: String?
    @Flag(help: "Every object of the kind in the namespace.")
    var all = false
    @Option(help: "What becomes of objects that are owned by them.")
    var cascade = Cascade.background
    @Flag(inversion: .prefixedNo, help: "Wait until they are gone.")
    var wait = true
    @Option(help: ArgumentHelp("How long to wait, e.g. 30s or 5m.", valueName: "time"))
    var timeout = "5m"
    @Flag(help: "Objects that are not there are no error.")
    var ignoreNotFound = false
    @Flag(help: "Check everything and change nothing.")
    var dryRun = false
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        if filename.isEmpty == objects.isEmpty { throw ValidationError("Name objects, or documents with -f.") }
        if !filename.isEmpty && (selector != nil || all) { throw ValidationError("-f cannot be combined with -l or --all.") }
        if selector != nil && all { throw ValidationError("-l and --all contradict each other.") }
    }

    func execute(_ context: CommandContext) async throws {
        let limit = try Times.seconds(timeout, of: "--timeout")
        var deleted: [DeletedObject] = []
        if filename.isEmpty {
            for selection in try ObjectArguments(objects).selections { deleted += try await delete(selection, context) }
        } else {
            for document in ApplyOrder.sorted(try DocumentFiles.read(filename)).reversed() {
                deleted += try await delete(document, context)
            }
        }
        guard wait, !dryRun else { return }
        for object in deleted {
            let selection = ResourceSelection(kind: object.kind, namespace: object.namespace)
            try await ObjectWait(client: context.client, selection: selection, name: object.name, uid: object.uid, seconds: limit).until(.deleted)
        }
    }

    private func delete(_ selection: ObjectArguments.Selection, _ context: CommandContext) async throws -> [DeletedObject] {
        let bySelector = selector != nil || all
        guard bySelector == selection.names.isEmpty else {
            throw MonoflowError(
                .invalidArgument, "read arguments", selection.kind,
                bySelector ? "names cannot be combined with -l or --all" : "name objects, or select them with -l or --all")
        }
        if let kind = NativeKind(word: selection.kind) {
            guard !bySelector else { throw MonoflowError(.invalidArgument, "delete", kind.rawValue, "are deleted by name or id") }
            let space = try await context.namespace(namespace)
            for name in selection.names {
                do {
                    let objects = NativeObjects(client: context.client, kind: kind)
                    if dryRun { _ = try await objects.find(name, namespace: space) } else { try await objects.delete(name, namespace: space) }
                } catch let error as MonoflowError where error.code == .notFound && ignoreNotFound { continue }
                try say("\(kind.singular)/\(name)")
            }
            return []
        }
        var deleted: [DeletedObject] = []
        for kind in try await context.discovery.find(selection.kind) {
            var wanted = ResourceSelection(
                kind: kind, names: selection.names, namespace: kind.isNamespaced ? try await context.namespace(namespace) : nil, labels: selector)
            if bySelector {
                let found = try await ResourceReader(client: context.client, selection: wanted).objects()
                wanted.names = found.compactMap { $0["metadata"]?["name"]?.stringValue }
            }
            deleted += try await delete(wanted, context)
        }
        return deleted
    }

    /// - Returns: those that were there.
    private func delete(_ wanted: ResourceSelection, _ context: CommandContext) async throws -> [DeletedObject] {
        // What was found by a label may be gone since.
        let mayBeMissing = ignoreNotFound || selector != nil || all
        var gone: [DeletedObject] = []
        for name in wanted.names {
            let request = APIRequest(
                .delete, wanted.kind.segments(namespace: wanted.namespace, name: name), query: ["dryRun": dryRun ? "All" : nil],
                body: ["propagationPolicy": .string(cascade.rawValue.capitalized)])
            let answer: JSON
            do { answer = try await context.client.json(request) } catch let failure as ServerFailure where failure.isMissing && mayBeMissing { continue }
            // A status where it is gone, the object where it waits for somebody.
            let uid = answer["details"]?["uid"]?.stringValue ?? answer["metadata"]?["uid"]?.stringValue
            gone.append(DeletedObject(kind: wanted.kind, namespace: wanted.namespace, name: name, uid: uid))
            try say("\(wanted.kind.label)/\(name)")
        }
        return gone
    }

    private func delete(_ document: SourceDocument, _ context: CommandContext) async throws -> [DeletedObject] {
        let applier = DocumentApplier(context: context, namespace: namespace)
        if document.apiVersion == NativeDocuments.apiVersion {
            guard let request = try NativeDocuments.deletion(document, namespace: document.kind == "User" ? "" : try await applier.home(document)) else {
                throw document.error("kind", "is unknown in \(NativeDocuments.apiVersion)")
            }
            do { if !dryRun { _ = try await context.client.json(request) } } catch let failure as ServerFailure where failure.isMissing && ignoreNotFound {
                return []
            }
            try say("\(document.kind.lowercased())/\(document.name)")
            return []
        }
        guard let kind = try await context.discovery.kind(apiVersion: document.apiVersion, kind: document.kind) else {
            if ignoreNotFound { return [] }
            throw document.error("kind", "this server does not serve \(document.kind) of \(document.apiVersion)")
        }
        let wanted = ResourceSelection(kind: kind, names: [document.name], namespace: try await applier.target(document, kind))
        do {
            return try await delete(wanted, context)
        } catch let failure as ServerFailure {
            throw ServerFailure(status: failure.status, reason: failure.reason, message: "\(document.place): \(failure.message)", hint: failure.hint)
        }
    }

    private func say(_ label: String) throws { try Console.line("\(label) deleted" + (dryRun ? " (dry run)" : "")) }
}

/// An object that was deleted and may be there until others let it go.
private struct DeletedObject: Sendable {
    var kind: ServedKind
    var namespace: String?
    var name: String
    /// Tells it from another one of its name.
    var uid: String?
}

extension NativeDocuments {
    /// The request that deletes what a document stands for; nil for unknown kinds.
    static func deletion(_ document: SourceDocument, namespace: String) throws(MonoflowError) -> APIRequest? {
        switch document.kind {
        case "User": APIRequest(.delete, ["api", "users", document.name])
        case "Member": APIRequest(.delete, ["api", "namespaces", namespace, "members", document.name])
        case "SecretReference": APIRequest(.delete, ["api", "v1", "namespaces", namespace, "secrets", document.name])
        case "Model": NativeKind.models.object(document.name, namespace: namespace, method: .delete)
        default: nil
        }
    }
}

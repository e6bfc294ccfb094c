import Core
import HTTP

/// Applies documents one after the other and tells of each; what is refused does not keep the others from being applied.
struct DocumentApplier: Sendable {
    let context: CommandContext
    /// For documents that name none.
    var namespace: String?
    var isDryRun = false
    /// Takes fields from other managers.
    var force = false
    var manager = "monoflow"

    /// - Returns: what was done; lines for people go to standard output, refusals to standard error.
    func apply(_ documents: [SourceDocument]) async throws -> ApplySummary {
        var summary = ApplySummary()
        var native = NativeDocuments(context: context, objects: self, profiles: documents.filter { $0.kind == "Profile" })
        for document in ApplyOrder.sorted(documents) {
            do {
                let (label, outcome) = try await native.apply(document)
                summary.add(outcome)
                try Console.line("\(label) \(outcome.rawValue)" + (isDryRun ? " (dry run)" : ""))
            } catch let error as MonoflowError where error.code != .unavailable {
                summary.add(nil)
                Console.note(CommandRunner.describe(error))
            } catch let failure as ServerFailure {
                summary.add(nil)
                for line in Self.explain(failure, document) { Console.note(line) }
            }
        }
        return summary
    }

    /// Each cause at its field's place, or the message at the document's.
    static func explain(_ failure: ServerFailure, _ document: SourceDocument) -> [String] {
        let causes = failure.causes.filter { !$0.field.isEmpty && !$0.message.isEmpty }
        guard !causes.isEmpty else { return ["\(document.place): \(failure)"] }
        return causes.map { "\(document.describe($0.field.hasPrefix(".") ? String($0.field.dropFirst()) : $0.field)): \($0.message)" }
    }

    /// Server-side apply of an object of the resource API.
    /// - Throws: `failedPrecondition` where its kind is not served.
    func applyObject(_ document: SourceDocument) async throws -> (label: String, outcome: ApplyOutcome) {
        guard let kind = try await context.discovery.kind(apiVersion: document.apiVersion, kind: document.kind) else {
            throw document.error("kind", "this server does not serve \(document.kind) of \(document.apiVersion)")
        }
        let outcome = try await apply(document.json, kind, namespace: try await target(document, kind), conflictsAt: document)
        if document.kind == "CustomResourceDefinition" { await context.discovery.forget() }
        return ("\(kind.label)/\(document.name)", outcome)
    }

    /// - Parameter namespace: nil where the kind has none.
    func apply(_ object: JSON, _ kind: ServedKind, namespace: String?, conflictsAt document: SourceDocument) async throws -> ApplyOutcome {
        let name = object["metadata"]?["name"]?.stringValue ?? ""
        let path = kind.segments(namespace: namespace, name: name)
        let before = try await context.client.find(APIRequest(path))
        var body = object
        if let namespace { body["metadata"]?["namespace"] = .string(namespace) }
        let request = APIRequest(
            .patch, path,
            query: ["fieldManager": manager, "force": force ? "true" : nil, "dryRun": isDryRun ? "All" : nil, "fieldValidation": "Strict"],
            body: body, type: "application/apply-patch+yaml")
        do {
            let after = try await context.client.json(request)
            return ApplyOutcome(before: Self.version(before), after: Self.version(after))
        } catch var failure as ServerFailure {
            if failure.reason == "Conflict", !force { failure.hint = "--force-conflicts takes the fields over" }
            throw failure
        }
    }

    /// The namespace in which a document is applied; nil where its kind has none.
    func target(_ document: SourceDocument, _ kind: ServedKind) async throws -> String? {
        guard kind.isNamespaced else { return nil }
        return try await home(document)
    }

    /// - Throws: `failedPrecondition` where the document names another namespace than the command.
    func home(_ document: SourceDocument) async throws -> String {
        if let own = document.namespace {
            guard namespace == nil || namespace == own else {
                throw document.error("metadata.namespace", "is \"\(own)\", the command says \"\(namespace ?? "")\"")
            }
            return own
        }
        return try await context.namespace(namespace)
    }

    private static func version(_ object: JSON?) -> String? { object?["metadata"]?["resourceVersion"]?.stringValue }
}

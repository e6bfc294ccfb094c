import Access
import Core
import HTTP
import Namespaces
import Resources

/// Creating, changing and deleting objects.
struct KubernetesWrites: Sendable {
    let resources: ResourceService
    let registration: ProfileRegistration

    func create(_ request: HTTPRequest, _ target: KubernetesTarget) async throws -> HTTPResponse {
        let kind = try target.known()
        // Users may create some profiles; which ones, the body says.
        let isProfile = kind.key == ProfileRegistration.kind
        if !isProfile { try KubernetesAccess.check(try request.caller(), .create, kind.definition, namespace: target.namespace, name: nil) }
        if kind.definition.isNamespaced, target.namespace == nil {
            throw MonoflowError(.unimplemented, "create \(kind.key)", "", "the path names no namespace", hint: "post to …/namespaces/NAMESPACE/\(kind.definition.plural)")
        }
        let body = try await RequestDocuments.object(request)
        if isProfile { try await registration.check(try request.caller(), body) }
        return response(try await resources.create(kind, namespace: target.namespace ?? "", body, try options(request)))
    }

    func replace(_ request: HTTPRequest, _ target: KubernetesTarget, _ subresource: Subresource?) async throws -> HTTPResponse {
        let kind = try target.known(), name = target.name ?? ""
        try KubernetesAccess.check(try request.caller(), .update, kind.definition, namespace: target.namespace, name: name)
        try Self.check(subresource, kind)
        let body = try await RequestDocuments.object(request)
        return response(try await resources.replace(kind, namespace: target.namespace ?? "", name: name, subresource: subresource, body, try options(request)))
    }

    func patch(_ request: HTTPRequest, _ target: KubernetesTarget, _ subresource: Subresource?) async throws -> HTTPResponse {
        let kind = try target.known(), name = target.name ?? ""
        try KubernetesAccess.check(try request.caller(), .patch, kind.definition, namespace: target.namespace, name: name)
        try Self.check(subresource, kind)
        let patch: ResourcePatch
        switch request.mediaType {
        case "application/merge-patch+json": patch = .merge(try await RequestDocuments.json(request))
        case "application/json-patch+json": patch = .json(try await RequestDocuments.json(request))
        case "application/strategic-merge-patch+json":
            guard kind.definition.origin == .builtIn else {
                throw MonoflowError(
                    .unsupportedMediaType, "patch \(kind.key)", name, "the body of the request was in an unknown format - accepted media types include: "
                        + "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
            }
            patch = .strategic(try await RequestDocuments.json(request))
        case "application/apply-patch+yaml":
            guard let manager = request.query("fieldManager"), !manager.isEmpty else {
                throw MonoflowError(.invalidArgument, "patch \(kind.key)", "fieldManager", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")
            }
            patch = .apply(try await RequestDocuments.yaml(request), force: request.flag("force"))
        default:
            throw MonoflowError(
                .unsupportedMediaType, "patch \(kind.key)", request.mediaType ?? "no Content-Type", "the body of the request was in an unknown format",
                hint: "merge, JSON, strategic merge and apply patches are understood")
        }
        let options = try options(request)
        return response(try await resources.patch(kind, namespace: target.namespace ?? "", name: name, subresource: subresource, patch, options))
    }

    func delete(_ request: HTTPRequest, _ target: KubernetesTarget) async throws -> HTTPResponse {
        let kind = try target.known(), name = target.name ?? ""
        try KubernetesAccess.check(try request.caller(), .delete, kind.definition, namespace: target.namespace, name: name)
        let result = try await resources.delete(kind, namespace: target.namespace ?? "", name: name, try await deleteOptions(request))
        guard result.isRemoved else { return .json(result.document) }
        return .json([
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
            "details": .make([
                "name": .string(name), "group": .text(kind.definition.group), "kind": .string(kind.definition.plural), "uid": result.document["metadata"]?["uid"],
            ]),
        ])
    }

    /// Deletes what the selectors select, at most a page of objects at a time.
    func deleteMany(_ request: HTTPRequest, _ target: KubernetesTarget) async throws -> HTTPResponse {
        let kind = try target.known()
        try KubernetesAccess.check(try request.caller(), .deleteMany, kind.definition, namespace: target.namespace, name: nil)
        if kind.definition.isNamespaced, target.namespace == nil {
            throw MonoflowError(.unimplemented, "delete \(kind.key)", "", "the path names no namespace")
        }
        let options = try await deleteOptions(request)
        var query = try KubernetesReads.selection(request, kind).query(kind, namespace: target.namespace)
        query.limit = 500
        var deleted: [JSON] = []
        var version: Int64 = 0
        while true {
            let page = try await resources.list(kind, query)
            version = page.version
            for item in page.items {
                do {
                    deleted.append(try await resources.delete(kind, namespace: item.key.namespace, name: item.key.name, options).document)
                } catch let error as MonoflowError where error.code == .notFound {}
            }
            guard page.hasMore, let last = page.items.last, deleted.count < KubernetesReads.largestPage else { break }
            query.after = (last.key.namespace, last.key.name)
        }
        return .json([
            "kind": .string(kind.definition.listKind), "apiVersion": .string(kind.apiVersion), "metadata": ["resourceVersion": .string(String(version))],
            "items": .array(deleted),
        ])
    }

    // MARK: Inside

    /// - Throws: `notFound` for the status of a kind that has none.
    static func check(_ subresource: Subresource?, _ kind: KindReference) throws(MonoflowError) {
        if subresource == .status, !kind.version.hasStatus {
            throw MonoflowError(.notFound, "find kind", "", "the server could not find the requested resource")
        }
    }

    private func response(_ result: WriteResult) -> HTTPResponse {
        var response = HTTPResponse.json(result.document, status: result.isCreated ? .created : .ok)
        for warning in result.warnings {
            let text = warning.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            response.headers.add("Warning", "299 - \"\(text)\"")
        }
        return response
    }

    private func options(_ request: HTTPRequest) throws -> WriteOptions {
        var options = WriteOptions(manager: Self.manager(request))
        options.isDryRun = try dryRun(request.queryItems.filter { $0.name == "dryRun" }.map(\.value))
        if let text = request.query("fieldValidation"), !text.isEmpty {
            guard let value = WriteOptions.FieldValidation(rawValue: text) else {
                throw MonoflowError(.invalidArgument, "read query", "fieldValidation", "Unsupported value: \"\(text)\": supported values: \"Ignore\", \"Strict\", \"Warn\"")
            }
            options.fieldValidation = value
        }
        return options
    }

    private func dryRun(_ values: [String]) throws(MonoflowError) -> Bool {
        guard values.allSatisfy({ $0 == "All" || $0.isEmpty }) else {
            throw MonoflowError(.invalidArgument, "read query", "dryRun", "Unsupported value: \"\(values.first ?? "")\": supported values: \"All\"")
        }
        return values.contains("All")
    }

    /// `fieldManager`, else the first word of the user agent, as Kubernetes' server does.
    static func manager(_ request: HTTPRequest) -> String {
        if let given = request.query("fieldManager"), !given.isEmpty { return String(given.prefix(128)) }
        let agent = request.headers["User-Agent"] ?? ""
        let word = agent.prefix { $0 != "/" && !$0.isWhitespace }
        return word.isEmpty ? "unknown" : String(word.prefix(128))
    }

    /// From the query, and the body where there is one.
    private func deleteOptions(_ request: HTTPRequest) async throws -> DeleteOptions {
        let body = try await RequestDocuments.optionalJSON(request)
        var options = DeleteOptions()
        let name = body["propagationPolicy"]?.stringValue ?? request.query("propagationPolicy")
        if let name, !name.isEmpty {
            guard let propagation = DeletionPropagation(rawValue: name) else {
                throw MonoflowError(
                    .invalidArgument, "delete", "propagationPolicy",
                    "Unsupported value: \"\(name)\": supported values: \"Background\", \"Foreground\", \"Orphan\"")
            }
            options.propagation = propagation
        } else if let orphans = body["orphanDependents"]?.boolValue ?? request.query("orphanDependents").map({ $0 == "true" }) {
            options.propagation = orphans ? .orphan : .background
        }
        if let text = request.query("gracePeriodSeconds"), !text.isEmpty { options.gracePeriodSeconds = try request.integer("gracePeriodSeconds").map(Int64.init) }
        if let seconds = body["gracePeriodSeconds"]?.intValue { options.gracePeriodSeconds = seconds }
        if let seconds = options.gracePeriodSeconds, seconds < 0 {
            throw MonoflowError(.invalidArgument, "delete", "gracePeriodSeconds", "Invalid value: \(seconds): must not be negative")
        }
        options.uid = body["preconditions"]?["uid"]?.stringValue
        options.resourceVersion = body["preconditions"]?["resourceVersion"]?.stringValue
        let inBody = body["dryRun"]?.arrayValue?.compactMap(\.stringValue) ?? []
        options.isDryRun = try dryRun(inBody + request.queryItems.filter { $0.name == "dryRun" }.map(\.value))
        return options
    }
}

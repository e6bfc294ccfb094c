import Access
import Core
import HTTP
import Resources

/// `kubectl auth can-i`: what the caller may do.
struct AccessReviewRoutes: Sendable {
    static let group = "authorization.k8s.io", version = "v1"
    static let resources: [JSON] = ["SelfSubjectAccessReview", "SelfSubjectRulesReview"].map {
        ["name": .string($0.lowercased() + "s"), "singularName": .string($0.lowercased()), "namespaced": false, "kind": .string($0), "verbs": ["create"]]
    }

    let kinds: KindRegistry

    func add(to router: inout Router) {
        let base = "/apis/\(Self.group)/\(Self.version)/"
        router.on(.post, base + "selfsubjectaccessreviews", tags: [Auditing.readingTag]) { request in
            var review = try await Self.review("SelfSubjectAccessReview", request)
            let allowed = isAllowed(review["spec"] ?? [:], try request.caller())
            review["status"] = ["allowed": .bool(allowed)]
            return .json(review, status: .created)
        }
        router.on(.post, base + "selfsubjectrulesreviews", tags: [Auditing.readingTag]) { request in
            var review = try await Self.review("SelfSubjectRulesReview", request)
            review["status"] = rules(namespace: review["spec"]?["namespace"]?.stringValue ?? "", try request.caller())
            return .json(review, status: .created)
        }
    }

    /// The review that a request holds; what it leaves out of its apiVersion and kind is what the path says.
    /// - Throws: `invalidArgument` for another kind's object, or a `spec` that is none.
    private static func review(_ kind: String, _ request: HTTPRequest) async throws -> JSON {
        var review = try await RequestDocuments.object(request)
        guard review.objectValue != nil else { throw MonoflowError(.invalidArgument, "review access", "", "the body is \(review.kindName), not an object") }
        for (key, expected) in [("apiVersion", "\(group)/\(version)"), ("kind", kind)] {
            if let given = review[key], given.stringValue != expected, given.stringValue != "", !given.isNull {
                throw MonoflowError(.invalidArgument, "review access", key, "is \(given.text()); the path is of \(expected)")
            }
            review[key] = .string(expected)
        }
        for key in ["metadata", "spec"] {
            guard let part = review[key], part.objectValue == nil, !part.isNull else { continue }
            throw MonoflowError(.invalidArgument, "review access", key, "is \(part.kindName), not an object")
        }
        return review
    }

    private func isAllowed(_ spec: JSON, _ caller: Principal) -> Bool {
        guard let asked = spec["resourceAttributes"] else { return caller.isAdmin }
        let group = asked["group"]?.stringValue ?? "", plural = asked["resource"]?.stringValue ?? "", word = asked["verb"]?.stringValue ?? ""
        let namespace = asked["namespace"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }, name = asked["name"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        guard let verb = KubernetesTarget.Verb(rawValue: word), let kind = kinds.current.kinds.first(where: { $0.plural == plural && ($0.group == group || group == "*") }) else {
            return caller.isAdmin
        }
        return KubernetesAccess.may(caller, verb, kind, namespace: namespace, name: name)
    }

    private func rules(namespace: String, _ caller: Principal) -> JSON {
        let verbs: [KubernetesTarget.Verb] = [.get, .list, .watch, .create, .update, .patch, .delete, .deleteMany]
        var rules: [JSON] = []
        for kind in kinds.current.kinds {
            let allowed = verbs.filter { KubernetesAccess.may(caller, $0, kind, namespace: namespace, name: nil) }
            if allowed.isEmpty { continue }
            rules.append(["verbs": .array(allowed.map { .string($0.rawValue) }), "apiGroups": [.string(kind.group)], "resources": [.string(kind.plural)]])
        }
        return ["resourceRules": .array(rules), "nonResourceRules": [["verbs": ["get"], "nonResourceURLs": ["/healthz", "/version", "/api", "/apis"]]], "incomplete": false]
    }
}

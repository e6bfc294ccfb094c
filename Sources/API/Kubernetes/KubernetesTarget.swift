import Access
import Core
import HTTP
import Resources

/// What a request of the resource API is about, read off its path.
struct KubernetesTarget: Sendable {
    var group: String
    var version: String
    var plural: String
    /// Nil where the path names none: the whole server, of a namespaced kind.
    var namespace: String?
    var name: String?
    /// Nil where no such kind is served.
    var kind: KindReference?

    /// - Throws: `notFound` for a kind that is not served, or a path that does not fit the kind's scope.
    init(_ request: HTTPRequest, _ shape: KubernetesPaths.Shape, _ kinds: KindTable) throws {
        group = shape.isCore ? "" : try request.parameter("group")
        version = shape.isCore ? "v1" : try request.parameter("version")
        plural = try request.parameter("plural")
        namespace = shape.hasNamespace ? try request.parameter("namespace") : nil
        name = shape.hasName ? try request.parameter("name") : nil
        kind = kinds.match(group: group, version: version, plural: plural).map { KindReference($0.kind, $0.version) }
    }

    /// A namespace itself.
    init(namespace name: String, _ kinds: KindTable) {
        (group, version, plural, namespace) = ("", "v1", "namespaces", nil)
        self.name = name
        kind = kinds.match(group: group, version: version, plural: plural).map { KindReference($0.kind, $0.version) }
    }

    /// - Throws: `notFound` with the words that clients take for "no such kind".
    func known() throws(MonoflowError) -> KindReference {
        guard let kind, kind.definition.isNamespaced || namespace == nil, !kind.definition.isNamespaced || name == nil || namespace != nil else {
            throw MonoflowError(.notFound, "find kind", "", "the server could not find the requested resource")
        }
        return kind
    }

    /// As `Status.details` names it.
    var details: JSON {
        .make(["name": .text(name), "group": .text(group), "kind": .string(plural)])
    }

    /// What a client does, in Kubernetes' word.
    enum Verb: String, Sendable {
        case get, list, watch, create, update, patch, delete
        case deleteMany = "deletecollection"

        var isReading: Bool { self == .get || self == .list || self == .watch }
    }
}

/// Who may do what with declared objects, by the role in their namespace.
enum KubernetesAccess {
    /// Cluster-scoped kinds that every user may read.
    private static let open: Set<String> = ["customresourcedefinitions.apiextensions.k8s.io"]
    /// Kinds whose objects stand for the namespace of their name.
    private static let ofNamespaces: Set<String> = ["namespaces", "profiles.kubeflow.org"]

    /// Whether a user sees those objects alone whose namespace it may read.
    static func isPartlyVisible(_ kind: KindDefinition) -> Bool { !kind.isNamespaced && ofNamespaces.contains(kind.key) }

    /// - Throws: `permissionDenied`.
    static func check(_ caller: Principal, _ verb: KubernetesTarget.Verb, _ kind: KindDefinition, namespace: String?, name: String?) throws(MonoflowError) {
        if let namespace, kind.isNamespaced { return try check(caller, verb, kind, in: namespace) }
        if isPartlyVisible(kind) {
            // Its own namespaces; a list shows those only.
            if verb.isReading, let name { return try caller.require(.read, in: name) }
            if verb.isReading { return }
        }
        if verb.isReading, open.contains(kind.key) { return }
        try caller.requireAdmin("\(verb.rawValue) \(kind.key)" + (kind.isNamespaced ? " in all namespaces" : ""))
    }

    /// What is in a namespace that is being deleted may be changed, so that finalizers can go; the store takes nothing new there.
    private static func check(_ caller: Principal, _ verb: KubernetesTarget.Verb, _ kind: KindDefinition, in namespace: String) throws(MonoflowError) {
        try caller.require(permission(verb, kind), in: namespace, evenTerminating: true)
        if kind.key == "secrets" { try refuseTasks(caller, verb.rawValue, in: namespace) }
        // As in Kubernetes these are set for a namespace, not by it.
        if !verb.isReading, quotas.contains(kind.key) { try caller.requireAdmin("\(verb.rawValue) \(kind.key)") }
    }

    /// A task gets the secrets that it names, at its start, and no others; the answer to a write would show what it does not know.
    /// - Throws: `permissionDenied`.
    static func refuseTasks(_ caller: Principal, _ verb: String, in namespace: String) throws(MonoflowError) {
        guard case .service = caller.kind else { return }
        throw MonoflowError(
            .permissionDenied, "\(verb) secrets", "namespace \(namespace)", "tasks have the secrets that they name",
            hint: "name the secret in the environment or the volumes of the task")
    }

    private static let quotas: Set<String> = ["resourcequotas", "limitranges"]

    /// Secrets show what a viewer must not have; bindings say who may do what.
    private static func permission(_ verb: KubernetesTarget.Verb, _ kind: KindDefinition) -> Permission {
        switch kind.key {
        case "secrets" where verb.isReading: .write
        case "rolebindings.rbac.authorization.k8s.io" where !verb.isReading: .administer
        default: verb.isReading ? .read : .write
        }
    }

    static func may(_ caller: Principal, _ verb: KubernetesTarget.Verb, _ kind: KindDefinition, namespace: String?, name: String?) -> Bool {
        do {
            try check(caller, verb, kind, namespace: namespace, name: name)
            return true
        } catch {
            return false
        }
    }
}

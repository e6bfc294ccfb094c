import Core

/// One method of one path of the resource API, in terms that both versions of OpenAPI share.
struct APIOperation {
    enum Body { case none, object, patch }

    struct Parameter {
        var name: String
        /// `string`, `integer` or `boolean`.
        var type: String
        var description: String
    }

    var method: String
    /// `x-kubernetes-action`.
    var action: String
    /// Unique in a document.
    var id: String
    var summary: String
    var query: [Parameter] = []
    var body = Body.none
    var answersList = false
}

/// A path with its operations.
struct APIPath {
    var path: String
    /// Names in braces in the path.
    var variables: [String]
    var operations: [APIOperation]

    static let variableDescriptions = ["namespace": "Name of the namespace.", "name": "Name of the object."]
}

extension APIPath {
    private static let manager = APIOperation.Parameter(name: "fieldManager", type: "string", description: "Who owns the fields that are written.")
    private static let dryRun = APIOperation.Parameter(name: "dryRun", type: "string", description: "All: everything is checked and nothing is stored.")
    private static let validation = APIOperation.Parameter(
        name: "fieldValidation", type: "string", description: "What unknown and repeated fields bring about: Ignore, Warn or Strict.")
    private static let force = APIOperation.Parameter(
        name: "force", type: "boolean", description: "Whether an apply patch takes fields from other managers.")
    private static let writing = [dryRun, manager, validation]

    private static let listing: [APIOperation.Parameter] = [
        .init(name: "labelSelector", type: "string", description: "Labels that objects must have."),
        .init(name: "fieldSelector", type: "string", description: "Fields that objects must have."),
        .init(name: "limit", type: "integer", description: "Objects of one answer at most."),
        .init(name: "continue", type: "string", description: "Where the last answer ended."),
        .init(name: "resourceVersion", type: "string", description: "The version to begin with."),
        .init(name: "resourceVersionMatch", type: "string", description: "How the version is meant."),
        .init(name: "timeoutSeconds", type: "integer", description: "How long a watch may last."),
        .init(name: "watch", type: "boolean", description: "Whether changes are sent as they come."),
        .init(name: "allowWatchBookmarks", type: "boolean", description: "Whether a watch tells of versions without changes."),
        .init(name: "sendInitialEvents", type: "boolean", description: "Whether a watch begins with what is there."),
    ]

    private static let deleting: [APIOperation.Parameter] = [
        dryRun,
        .init(name: "gracePeriodSeconds", type: "integer", description: "Seconds that the object is given to end by itself."),
        .init(name: "propagationPolicy", type: "string", description: "What becomes of the objects that this one owns: Orphan, Background or Foreground."),
    ]

    /// Every path of a version of a kind.
    static func all(of kind: KindDefinition, _ version: KindVersion) -> [APIPath] {
        let root = kind.group.isEmpty ? "/api/\(version.name)" : "/apis/\(kind.group)/\(version.name)"
        let collection = kind.isNamespaced ? "\(root)/namespaces/{namespace}/\(kind.plural)" : "\(root)/\(kind.plural)"
        let variables = kind.isNamespaced ? ["namespace"] : []
        let subject = SchemaNames.operationGroup(kind, version.name) + (kind.isNamespaced ? "Namespaced" : "") + kind.kind
        var paths = [
            APIPath(path: collection, variables: variables, operations: [
                .init(method: "get", action: "list", id: "list" + subject, summary: "Lists or watches", query: listing, answersList: true),
                .init(method: "post", action: "post", id: "create" + subject, summary: "Creates", query: writing, body: .object),
                .init(
                    method: "delete", action: "deletecollection", id: "deleteCollection" + subject, summary: "Deletes all of",
                    query: deleting + listing.prefix(4)),
            ]),
            APIPath(path: collection + "/{name}", variables: variables + ["name"], operations: one(subject) + [
                .init(method: "delete", action: "delete", id: "delete" + subject, summary: "Deletes", query: deleting),
            ]),
        ]
        if version.hasStatus {
            paths.append(APIPath(path: collection + "/{name}/status", variables: variables + ["name"], operations: one(subject + "Status")))
        }
        if kind.isNamespaced {
            let id = "list\(SchemaNames.operationGroup(kind, version.name))\(kind.kind)ForAllNamespaces"
            paths.append(APIPath(path: "\(root)/\(kind.plural)", variables: [], operations: [
                .init(method: "get", action: "list", id: id, summary: "Lists or watches", query: listing, answersList: true),
            ]))
        }
        return paths
    }

    private static func one(_ subject: String) -> [APIOperation] {
        [
            .init(method: "get", action: "get", id: "read" + subject, summary: "Reads"),
            .init(method: "put", action: "put", id: "replace" + subject, summary: "Replaces", query: writing, body: .object),
            .init(method: "patch", action: "patch", id: "patch" + subject, summary: "Changes", query: writing + [force], body: .patch),
        ]
    }

    /// The media types of patches. Custom kinds take no strategic merge patches; of kinds that are left to the client it is not said, as the client
    /// would look the lists up here that are to be joined.
    static func patchTypes(_ kind: KindDefinition, _ version: KindVersion) -> [String] {
        let every = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"]
        let isStrategic = kind.origin == .builtIn && !SchemaNames.isLeftToClient(kind, version)
        return isStrategic ? every + ["application/strategic-merge-patch+json"] : every
    }
}

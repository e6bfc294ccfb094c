import Core
import HTTP

/// The resource API. Every kind answers at the same paths; what its objects hold is told by `/openapi/v3`.
enum KubernetesDescriptions {
    static var group: RouteGroup {
        RouteGroup(
            "Kubernetes", "The Kubernetes-style API of declared objects. Schemas of the kinds: /openapi/v3.", errors: .either, components: components
        ) {
            discovery()
            RouteDescription(
                .post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "createSelfSubjectAccessReview", "Whether the caller may.", body: object,
                .json("Object", 201), failures: [415])
            RouteDescription(
                .post, "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", "createSelfSubjectRulesReview", "All that the caller may in a namespace.",
                body: object,
                .json("Object", 201), failures: [415])
            KubernetesPaths.collections.flatMap(collection)
            KubernetesPaths.objects.flatMap(one)
            RouteDescription(.get, KubernetesPaths.namespaceStatus, "getNamespaceStatus", "Reads a namespace.", .json("Object"))
            KubernetesPaths.statuses.flatMap(status)
            pods()
            RouteDescription(
                .post, "/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", "createServiceAccountToken", "Makes a short-lived token of an account.",
                query: writing, body: object, .json("Object", 201), failures: failures)
        }
    }

    @ListBuilder<RouteDescription>
    private static func discovery() -> [RouteDescription] {
        RouteDescription(.get, "/version", "getVersion", "The Kubernetes release whose API is spoken.", .json("VersionInfo"))
        RouteDescription(.get, "/api", "listCoreVersions", "Versions of the core group.", .json("Document"))
        RouteDescription(.get, "/api/v1", "listCoreKinds", "Kinds of the core group.", .json("Document"))
        RouteDescription(.get, "/apis", "listGroups", "Named groups with their versions.", .json("Document"))
        RouteDescription(.get, "/apis/{group}", "getGroup", "A group with its versions.", .json("Document"))
        RouteDescription(.get, "/apis/{group}/{version}", "listKinds", "Kinds of a group.", .json("Document"))
        RouteDescription(.get, "/openapi/v2", "getOpenAPIV2", "Schemas of all kinds as OpenAPI 2.0.", RouteDescription.Answer(
            status: 200, description: "The document.",
            content: ["application/json": Schema.anyObject, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf": Schema.binary]))
        RouteDescription(.get, "/openapi/v3", "listOpenAPIV3", "Addresses of the groups' documents.", .json("AnyObject"))
        RouteDescription(.get, "/openapi/v3/api/v1", "getCoreOpenAPIV3", "Schemas of the core group.", query: [hash], .json("AnyObject"), moved)
        RouteDescription(.get, "/openapi/v3/apis/{group}/{version}", "getOpenAPIV3", "Schemas of a group.", query: [hash], .json("AnyObject"), moved)
    }

    private static let hash = Parameter.text("hash", "Of the document, as the list of addresses has it.")
    private static let moved = RouteDescription.Answer(status: 301, description: "To the address with the document's hash now.", content: [:])
    private static let object = RouteDescription.Body(content: [
        "application/json": Schema.ref("ObjectRequest"), "application/yaml": Schema.ref("ObjectRequest"), "application/vnd.kubernetes.protobuf": Schema.binary,
    ])
    private static let patch = RouteDescription.Body(content: [
        "application/merge-patch+json": Schema.anyObject, "application/strategic-merge-patch+json": Schema.anyObject,
        "application/json-patch+json": Schema.list("PatchOperation"), "application/apply-patch+yaml": Schema.ref("ObjectRequest"),
    ])
    private static let deletion = RouteDescription.Body(content: ["application/json": Schema.ref("DeleteOptionsRequest")], isRequired: false)

    private static let selection: [Parameter] = [
        .text("labelSelector", "Selects by labels."), .text("fieldSelector", "Selects by fields."),
        .integer("limit", 0...Int64(Int32.max), "At most so many in a page."),
        .text("continue", "`metadata.continue` of the page before."),
    ]
    private static let watching: [Parameter] = [
        .flag("watch", "Answers with a stream of events, one JSON document a line."), .text("resourceVersion", "Watches from here on."),
        .integer("timeoutSeconds", 0...Int64(Int32.max), "Ends a watch after so long."), .flag("allowWatchBookmarks", "Sends bookmarks."),
        .flag("sendInitialEvents", "Begins with what is there."),
    ]
    private static let writing: [Parameter] = [
        Parameter(name: "dryRun", schema: Schema.word("All"), description: "Does all but store."), .text("fieldManager", "Who writes."),
        Parameter(name: "fieldValidation", schema: Schema.word("Ignore", "Warn", "Strict"), description: "What becomes of unknown fields."),
    ]
    private static let deleting: [Parameter] = [
        Parameter(name: "propagationPolicy", schema: Schema.word("Background", "Foreground", "Orphan"), description: "What becomes of dependents."),
        Parameter(name: "dryRun", schema: Schema.word("All"), description: "Does all but delete."),
    ]
    private static let failures = [405, 409, 415, 422]

    /// `CoreNamespaced`, `Core`, `GroupNamespaced` or `Group`.
    private static func word(_ shape: KubernetesPaths.Shape) -> String { (shape.isCore ? "Core" : "Group") + (shape.hasNamespace ? "Namespaced" : "") }

    @ListBuilder<RouteDescription>
    private static func collection(_ shape: KubernetesPaths.Shape) -> [RouteDescription] {
        RouteDescription(
            .get, shape.pattern, "list\(word(shape))Objects", "Lists or watches objects.", query: selection + watching, .json("ObjectListOrEvents"),
            failures: [405, 410])
        RouteDescription(
            .post, shape.pattern, "create\(word(shape))Object", "Makes an object.", query: writing, body: object, .json("Object", 201), .json("Object"),
            failures: failures)
        RouteDescription(
            .delete, shape.pattern, "deleteMany\(word(shape))Objects", "Deletes what is selected.", query: selection + deleting, body: deletion,
            .json("Object"),
            failures: failures + [410])
    }

    @ListBuilder<RouteDescription>
    private static func one(_ shape: KubernetesPaths.Shape) -> [RouteDescription] {
        RouteDescription(.get, shape.pattern, "get\(word(shape))Object", "Reads or watches an object.", query: watching, .json("Object"), failures: [405, 410])
        RouteDescription(
            .put, shape.pattern, "replace\(word(shape))Object", "Replaces an object.", query: writing, body: object, .json("Object"), .json("Object", 201),
            failures: failures)
        RouteDescription(
            .patch, shape.pattern, "patch\(word(shape))Object", "Patches or applies an object.", query: writing + [.flag("force", "Takes fields from others.")],
            body: patch, .json("Object"), .json("Object", 201), failures: failures)
        RouteDescription(
            .delete, shape.pattern, "delete\(word(shape))Object", "Deletes an object.", query: deleting, body: deletion, .json("Object"), failures: failures)
    }

    /// What only pods have.
    @ListBuilder<RouteDescription>
    private static func pods() -> [RouteDescription] {
        RouteDescription(
            .get, KubernetesPaths.ofPods("log").pattern, "readPodLog", "A pod's log.", query: [
                .text("container", "Of the pod's one container."), .flag("follow", "Goes on until the pod has ended."),
                .flag("previous", "Of the container before; there is none."), .flag("timestamps", "A time before each line."),
                .integer("tailLines", 0...Int64.max, "The last lines only."), .integer("sinceSeconds", 1...Int64.max, "What is not older."),
                .text("sinceTime", "What is not older than this time."), .integer("limitBytes", 1...Int64.max, "At most so many bytes."),
            ], .content("text/plain", Schema.text, "The log."), failures: [405, 409, 422])
        for method in [HTTPMethod.get, .post] {
            let verb = method == .get ? "connect" : "upgrade"
            RouteDescription(
                method, KubernetesPaths.ofPods("exec").pattern, verb + "Exec",
                "Runs a command in a running pod and speaks with it by WebSocket (v5.channel.k8s.io or v4.channel.k8s.io); SPDY is refused.", query: [
                    .text("command", "The program, and again for each of its arguments."), .text("container", "Of the pod's one container."),
                    .flag("stdin", "Connects standard input."), .flag("stdout", "Connects standard output."), .flag("stderr", "Connects standard error."),
                    .flag("tty", "Gives it a terminal; standard error is no stream of its own then."),
                ], webSocket, failures: [405, 409, 422, 426])
            for name in ["attach", "portforward"] {
                RouteDescription(
                    method, KubernetesPaths.ofPods(name).pattern, verb + name.capitalized, "Is not supported: always an error.", webSocket, failures: [405, 409, 422])
            }
        }
    }

    private static let webSocket = RouteDescription.Answer(status: 101, description: "The connection is a WebSocket.", content: [:])

    @ListBuilder<RouteDescription>
    private static func status(_ shape: KubernetesPaths.Shape) -> [RouteDescription] {
        RouteDescription(.get, shape.pattern, "get\(word(shape))ObjectStatus", "Reads an object.", .json("Object"), failures: [405])
        RouteDescription(
            .put, shape.pattern, "replace\(word(shape))ObjectStatus", "Replaces an object's status.", query: writing, body: object, .json("Object"),
            failures: failures)
        RouteDescription(
            .patch, shape.pattern, "patch\(word(shape))ObjectStatus", "Patches an object's status.",
            query: writing + [.flag("force", "Takes fields from others.")],
            body: patch, .json("Object"), failures: failures)
    }

    @ListBuilder<RouteGroup.Component>
    private static func components() -> [RouteGroup.Component] {
        RouteGroup.Component("AnyObject", Schema.anyObject)
        RouteGroup.Component("VersionInfo", open(["major": Schema.text, "minor": Schema.text, "gitVersion": Schema.text, "platform": Schema.text]))
        RouteGroup.Component("Document", open(["kind": Schema.text]))
        RouteGroup.Component("Object", open(["kind": Schema.text, "apiVersion": Schema.text]))
        RouteGroup.Component("ObjectRequest", open([:], ["kind": Schema.text, "apiVersion": Schema.text, "metadata": Schema.ref("ObjectMetaRequest")]))
        RouteGroup.Component("ObjectMetaRequest", open([:], [
            "name": Schema.text, "generateName": Schema.text, "namespace": Schema.text, "labels": Schema.map(Schema.text),
            "annotations": Schema.map(Schema.text),
        ]))
        RouteGroup.Component("ObjectListOrEvents", open([:], ["kind": Schema.text, "apiVersion": Schema.text, "items": Schema.list(Schema.anyObject)]))
        RouteGroup.Component("PatchOperation", Schema.object(
            ["op": Schema.word("add", "remove", "replace", "move", "copy", "test"), "path": Schema.text], optional: ["from": Schema.text, "value": Schema.any]))
        RouteGroup.Component("DeleteOptionsRequest", open([:], [
            "propagationPolicy": Schema.word("Background", "Foreground", "Orphan"), "preconditions": Schema.anyObject,
            "dryRun": Schema.list(Schema.word("All")),
        ]))
    }

    /// An object that may hold more than what is named.
    private static func open(_ required: KeyValuePairs<String, JSON>, _ optional: KeyValuePairs<String, JSON> = [:]) -> JSON {
        var schema = Schema.object(required, optional: optional)
        schema["additionalProperties"] = true
        return schema
    }
}

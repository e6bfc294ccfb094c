import Core
import HTTP
import Resources

/// What the server serves, as clients ask for it before anything else.
struct KubernetesDiscovery: Sendable {
    /// The Kubernetes release whose API is spoken.
    static let major = "1", minor = "33"

    let kinds: KindRegistry
    /// Of this server.
    let version: String

    func add(to router: inout Router) {
        let version = version
        router.inline(.get, "/version") { _ in
            .json([
                "major": .string(Self.major), "minor": .string(Self.minor), "gitVersion": .string("v\(Self.major).\(Self.minor).0+monoflow-\(version)"),
                "gitCommit": "", "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "swift", "platform": "linux/amd64",
            ])
        }
        router.inline(.get, "/api") { _ in
            .json(["kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": ""]]])
        }
        router.inline(.get, "/apis") { _ in
            .json(["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups.map(Self.group))])
        }
        router.inline(.get, "/apis/{group}") { request in
            let name = try request.parameter("group")
            guard let found = groups.first(where: { $0.name == name }) else { throw Self.missing }
            var group = Self.group(found)
            group["kind"] = "APIGroup"
            group["apiVersion"] = "v1"
            return .json(group)
        }
        router.inline(.get, "/api/v1") { _ in .json(list("", "v1")) }
        router.inline(.get, "/apis/{group}/{version}") { request in
            let group = try request.parameter("group"), version = try request.parameter("version")
            guard groups.contains(where: { $0.name == group && $0.versions.contains(version) }) else { throw Self.missing }
            return .json(list(group, version))
        }
    }

    private static let missing = MonoflowError(.notFound, "find group", "", "the server could not find the requested resource")

    /// Named groups with their versions, those of reviews among them.
    private var groups: [(name: String, versions: [String])] {
        kinds.current.groups.filter { !$0.name.isEmpty } + [(AccessReviewRoutes.group, [AccessReviewRoutes.version])]
    }

    private static func group(_ group: (name: String, versions: [String])) -> JSON {
        let versions = group.versions.map { ["groupVersion": .string("\(group.name)/\($0)"), "version": .string($0)] as JSON }
        return ["name": .string(group.name), "versions": .array(versions), "preferredVersion": versions.first ?? [:]]
    }

    private func list(_ group: String, _ version: String) -> JSON {
        var resources: [JSON] = []
        for kind in kinds.current.kinds(group: group, version: version) {
            guard let served = kind.version(version) else { continue }
            resources.append(.make([
                "name": .string(kind.plural), "singularName": .string(kind.singular), "namespaced": .bool(kind.isNamespaced), "kind": .string(kind.kind),
                "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
                "shortNames": kind.shortNames.isEmpty ? nil : .array(kind.shortNames.map { .string($0) }),
                "categories": kind.categories.isEmpty ? nil : .array(kind.categories.map { .string($0) }),
                "storageVersionHash": .string(String(Hashing.hex(Hashing.sha256("\(kind.key)/\(kind.storedVersion?.name ?? "")".utf8)).prefix(16))),
            ]))
            if kind.key == "serviceaccounts" { resources.append(AccountTokenRoutes.resource) }
            if served.hasStatus {
                resources.append([
                    "name": .string(kind.plural + "/status"), "singularName": "", "namespaced": .bool(kind.isNamespaced), "kind": .string(kind.kind),
                    "verbs": ["get", "patch", "update"],
                ])
            }
        }
        if group.isEmpty, kinds.current.kind(key: "pods") != nil {
            resources.append(["name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod", "verbs": ["get"]])
        }
        if group == AccessReviewRoutes.group { resources += AccessReviewRoutes.resources }
        return [
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"), "resources": .array(resources),
        ]
    }
}

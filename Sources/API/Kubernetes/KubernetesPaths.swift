import HTTP

/// The paths of the resource API: every kind answers at the same ones.
enum KubernetesPaths {
    struct Shape: Sendable {
        var isCore: Bool
        var hasNamespace: Bool
        var hasName: Bool
        var subresource: String?

        var pattern: String {
            (isCore ? "/api/v1" : "/apis/{group}/{version}") + (hasNamespace ? "/namespaces/{namespace}" : "") + "/{plural}" + (hasName ? "/{name}" : "")
                + (subresource.map { "/" + $0 } ?? "")
        }
    }

    /// Without a name: lists, watches, creation, deletion of many.
    static let collections = shapes(hasName: false, subresource: nil)
    static let objects = shapes(hasName: true, subresource: nil)
    static let statuses = shapes(hasName: true, subresource: "status")

    /// Elsewhere in the same place stands the plural of a namespaced kind.
    static let namespaceStatus = "/api/v1/namespaces/{name}/status"

    /// What only pods have.
    static func ofPods(_ subresource: String) -> Shape { Shape(isCore: true, hasNamespace: true, hasName: true, subresource: subresource) }

    private static func shapes(hasName: Bool, subresource: String?) -> [Shape] {
        [true, false].flatMap { isCore in
            [true, false].map { Shape(isCore: isCore, hasNamespace: $0, hasName: hasName, subresource: subresource) }
        }
    }

    /// Whether an error is told as a `Status`. What begins with a version in place of a group is KFP's.
    static func isOurs(_ path: Substring) -> Bool {
        if path == "/api" || path == "/apis" || path == "/version" || path.hasPrefix("/api/v1") { return true }
        guard path.hasPrefix("/apis/") else { return false }
        let group = path.dropFirst("/apis/".count)
        return group.first != "v" || group.dropFirst().first?.isNumber != true
    }
}

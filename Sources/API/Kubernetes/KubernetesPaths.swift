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

    private static func shapes(hasName: Bool, subresource: String?) -> [Shape] {
        [true, false].flatMap { isCore in
            [true, false].map { Shape(isCore: isCore, hasNamespace: $0, hasName: hasName, subresource: subresource) }
        }
    }

    /// Whether an error on the route is told as a `Status`.
    static func isOurs(_ route: String?, path: Substring) -> Bool {
        if let route { return route.hasPrefix("/api/v1") || route.hasPrefix("/apis/{group}") || route == "/api" || route == "/apis" || route == "/version" }
        return path.hasPrefix("/api/v1/") || path.hasPrefix("/apis/")
    }
}

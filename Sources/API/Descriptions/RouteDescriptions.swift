import Core
import HTTP
import Synchronization

/// The descriptions of all routes, group by group.
enum RouteDescriptions {
    /// A new group of routes is added here.
    static var all: [RouteGroup] {
        [
            SystemDescriptions.group, SessionDescriptions.group, AccessDescriptions.group, GroupDescriptions.group, SecretDescriptions.group, ArtifactDescriptions.group, ModelDescriptions.group,
            GraphDescriptions.group,
            InferenceDescriptions.group, KFPDescriptions.group, KubernetesDescriptions.group, GRPCDescriptions.group,
        ]
    }
}

/// Writes the document when it is first asked for, so that the server's start does not wait for it.
final class OpenAPIAnswer: Sendable {
    private let routes: [Route]
    private let version: String
    private let bytes = Mutex<[UInt8]?>(nil)

    init(_ routes: [Route], version: String) {
        self.routes = routes
        self.version = version
    }

    func response() -> HTTPResponse {
        let whole = bytes.withLock { known in
            if let known { return known }
            let made = OpenAPIDocument(version: version, routes: routes, groups: RouteDescriptions.all).json().serialized()
            known = made
            return made
        }
        return .bytes(whole, type: "application/json")
    }
}

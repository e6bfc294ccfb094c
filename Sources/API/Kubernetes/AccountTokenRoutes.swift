import Access
import Core
import HTTP

/// `kubectl create token`: short-lived tokens of service accounts.
struct AccountTokenRoutes: Sendable {
    static let resource: JSON = [
        "name": "serviceaccounts/token", "singularName": "", "namespaced": true, "group": "authentication.k8s.io", "version": "v1", "kind": "TokenRequest",
        "verbs": ["create"],
    ]

    let access: AccessService

    func add(to router: inout Router) {
        router.on(.post, "/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token") { request in
            do { return .json(try await create(request), status: .created) } catch { return KubernetesStatus.response(error, nil) }
        }
    }

    private func create(_ request: HTTPRequest) async throws -> JSON {
        var body = try await RequestDocuments.object(request)
        let namespace = try request.parameter("namespace"), name = try request.parameter("name")
        var seconds: Int64?
        if let value = body["spec"]?["expirationSeconds"], !value.isNull {
            guard let number = value.intValue else { throw MonoflowError(.invalidArgument, "create token", "spec.expirationSeconds", "must be a whole number") }
            seconds = number
        }
        // There is one audience, this server: others would take the token for theirs.
        if let audiences = body["spec"]?["audiences"]?.arrayValue, !audiences.isEmpty {
            throw MonoflowError(.invalidArgument, "create token", "spec.audiences", "tokens are for this server only", hint: "leave the audiences out")
        }
        if let bound = body["spec"]?["boundObjectRef"], !bound.isNull {
            throw MonoflowError(.invalidArgument, "create token", "spec.boundObjectRef", "tokens are bound to their account only", hint: "leave it out")
        }
        let token = try await access.createAccountToken(by: try request.caller(), namespace: namespace, account: name, seconds: seconds)
        body["apiVersion"] = "authentication.k8s.io/v1"
        body["kind"] = "TokenRequest"
        body["metadata"] = ["name": .string(name), "namespace": .string(namespace)]
        body["status"] = ["token": .string(token.text), "expirationTimestamp": .string(token.expiresAt.rfc3339())]
        return body
    }
}

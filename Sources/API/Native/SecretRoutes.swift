import Access
import Core
import Foundation
import HTTP
import Resources

/// Secrets for forms and pages: values go in and never come out, not even in the answer to the write that brought them.
struct SecretRoutes: Sendable {
    private static let pageSizes = 1...500

    let resources: ResourceService

    func add(to router: inout Router) {
        router.on(.get, "/api/namespaces/{name}/secrets") { request in
            let namespace = try authorized(request), kind = try kind()
            let limit = try request.integer("limit") ?? 100
            guard Self.pageSizes.contains(limit) else {
                throw MonoflowError(.invalidArgument, "list secrets", "limit", "must be \(Self.pageSizes.lowerBound) to \(Self.pageSizes.upperBound)")
            }
            var query = ResourceQuery(kind: kind.key, namespace: namespace)
            query.limit = limit
            if let after = request.query("after"), !after.isEmpty { query.after = (namespace, after) }
            let page = try await resources.list(kind, query)
            return .json(.make([
                "secrets": .array(try page.items.map { Self.summary(try JSONParser.parse($0.document)) }),
                "next": page.hasMore ? page.items.last.map { .string($0.key.name) } : nil,
            ]))
        }
        router.on(.post, "/api/namespaces/{name}/secrets") { request in
            let namespace = try authorized(request), kind = try kind(), body = try await request.json()
            let name = try body.text("name", "create secret")
            var data: JSONObject = [:]
            for (key, value) in try Self.values(body, "create secret") { data[key] = value }
            let object: JSON = .make([
                "apiVersion": .string(kind.apiVersion), "kind": "Secret", "metadata": ["name": .string(name)], "type": try Self.type(body),
                "data": .object(data),
            ])
            let made = try await told("create secret", name) {
                try await resources.create(kind, namespace: namespace, object, WriteOptions(manager: "monoflow"))
            }
            return .json(Self.summary(made.document), status: .created)
        }
        router.on(.patch, "/api/namespaces/{name}/secrets/{secret}") { request in
            let namespace = try authorized(request), kind = try kind(), name = try request.parameter("secret")
            let values = try Self.values(try await request.json(), "update secret")
            let result = try await told("update secret", name) {
                try await resources.change(kind, namespace: namespace, name: name, WriteOptions(manager: "monoflow")) { current in
                    var data = current["data"]?.objectValue ?? [:]
                    for (key, value) in values { data[key] = value }
                    var changed = current
                    changed["data"] = .object(data)
                    return changed
                }
            }
            return .json(Self.summary(result.document))
        }
        router.on(.delete, "/api/namespaces/{name}/secrets/{secret}") { request in
            let namespace = try authorized(request), kind = try kind(), name = try request.parameter("secret")
            _ = try await resources.delete(kind, namespace: namespace, name: name, DeleteOptions(propagation: .background))
            return HTTPResponse(.noContent)
        }
    }

    // MARK: Inside

    /// Names and keys tell less than values; they are shown to those who could read the values, as the resource API has it.
    private func authorized(_ request: HTTPRequest) throws -> String {
        let namespace = try request.parameter("name")
        try request.caller().require(.write, in: namespace)
        try KubernetesAccess.refuseTasks(request.caller(), "change", in: namespace)
        return namespace
    }

    private func kind() throws(MonoflowError) -> KindReference {
        guard let kind = resources.kinds.definition("secrets"), let version = kind.storedVersion else {
            throw MonoflowError(.internalError, "find kind", "secrets", "the kind is not served")
        }
        return KindReference(kind, version)
    }

    private func told(_ operation: String, _ name: String, _ write: () async throws -> WriteResult) async throws -> WriteResult {
        do { return try await write() } catch let error as InvalidResource {
            throw MonoflowError(.invalidArgument, operation, name, error.errors.map(\.description).joined(separator: "; "))
        }
    }

    private static func type(_ body: JSON) throws(MonoflowError) -> JSON? {
        guard let given = body["type"], !given.isNull else { return nil }
        guard let text = given.stringValue, !text.isEmpty else { throw MonoflowError(.invalidArgument, "create secret", "type", "must be a text") }
        return .string(text)
    }

    /// Texts by their key, as the object keeps them; null takes a key away.
    private static func values(_ body: JSON, _ operation: String) throws(MonoflowError) -> [(key: String, value: JSON?)] {
        guard let given = body["values"]?.objectValue, !given.isEmpty else {
            throw MonoflowError(
                .invalidArgument, operation, "values", "must be an object of texts", hint: "such as {\"password\": \"…\"}; null takes a key away")
        }
        var values: [(key: String, value: JSON?)] = []
        for (key, value) in given {
            guard value.isNull || value.stringValue != nil else {
                throw MonoflowError(.invalidArgument, operation, "values.\(key)", "must be a text or null")
            }
            values.append((key, value.stringValue.map { .string(Data($0.utf8).base64EncodedString()) }))
        }
        return values
    }

    private static func summary(_ secret: JSON) -> JSON {
        .make([
            "name": secret["metadata"]?["name"], "type": secret["type"], "keys": .array((secret["data"]?.objectValue ?? [:]).keys.sorted().map { .string($0) }),
            "immutable": secret["immutable"]?.boolValue == true ? true : nil, "created_at": secret["metadata"]?["creationTimestamp"],
        ])
    }
}

import Access
import Core
import HTTP

/// Bearer tokens: everybody's for admins, and the caller's own.
struct TokenRoutes: Sendable {
    let access: AccessService

    func add(to router: inout Router) {
        router.on(.get, "/api/tokens") { request in
            try request.caller().requireAdmin("list tokens")
            return .json(["tokens": .array(try await access.tokens().map { Self.json($0, nil) })])
        }
        router.on(.post, "/api/tokens", tags: [ContentCodings.secretTag]) { request in
            try request.caller().requireAdmin("create token")
            let body = try await request.json()
            let issued = try await access.createToken(user: body.text("user", "create token"), Self.wanted(body))
            return .json(Self.json(issued.record, issued.text), status: .created)
        }
        router.on(.delete, "/api/tokens/{id}") { request in
            try request.caller().requireAdmin("revoke token")
            try await access.revokeToken(id: request.parameter("id"))
            return HTTPResponse(.noContent)
        }
        router.on(.get, "/api/me/tokens") { request in
            .json(["tokens": .array(try await access.tokens(of: request.caller()).map { Self.json($0, nil) })])
        }
        router.on(.post, "/api/me/tokens", tags: [ContentCodings.secretTag]) { request in
            let issued = try await access.createToken(by: request.caller(), Self.wanted(try await request.json()))
            return .json(Self.json(issued.record, issued.text), status: .created)
        }
        router.on(.delete, "/api/me/tokens/{id}") { request in
            try await access.revokeToken(id: request.parameter("id"), by: request.caller())
            return HTTPResponse(.noContent)
        }
    }

    /// A limit that cannot be read is refused: the token must not come out wider than it was meant.
    private static func wanted(_ body: JSON) throws -> TokenRequest {
        var wanted = TokenRequest(name: try body.text("name", "create token"))
        if let given = value(body, "expires_at") {
            guard let text = given.stringValue, let time = Timestamp(rfc3339: text) else { throw wrong("expires_at", "must be a time such as 2026-01-31T12:00:00Z") }
            wanted.expiresAt = time
        }
        if let given = value(body, "namespaces") {
            guard let names = given.arrayValue?.map(\.stringValue), !names.contains(nil) else { throw wrong("namespaces", "must be an array of names") }
            wanted.scope.namespaces = Set(names.compactMap { $0 })
        }
        if let given = value(body, "role") {
            guard let role = given.stringValue.flatMap(Role.init), TokenScope.roles.contains(role) else {
                throw wrong("role", "must be one of \(TokenScope.roles.map(\.rawValue).joined(separator: ", "))")
            }
            wanted.scope.role = role
        }
        if let given = value(body, "read_only") {
            guard let flag = given.boolValue else { throw wrong("read_only", "must be true or false") }
            wanted.scope.isReadOnly = flag
        }
        if let given = value(body, "requests_per_minute") {
            guard let number = given.intValue else { throw wrong("requests_per_minute", "must be a whole number") }
            wanted.requestsPerMinute = Int(number)
        }
        return wanted
    }

    /// Null counts as absent.
    private static func value(_ body: JSON, _ key: String) -> JSON? { body[key].flatMap { $0 == .null ? nil : $0 } }

    private static func wrong(_ field: String, _ message: String) -> MonoflowError { MonoflowError(.invalidArgument, "create token", field, message) }

    private static func json(_ token: TokenRecord, _ text: String?) -> JSON {
        .make([
            "id": .string(token.id), "user": .string(token.user), "name": .string(token.name), "token": text.map { .string($0) },
            "created_at": .time(token.createdAt), "expires_at": .time(token.expiresAt), "revoked_at": .time(token.revokedAt), "last_used_at": .time(token.lastUsedAt),
            "namespaces": token.scope.namespaces.map { .array($0.sorted().map { .string($0) }) }, "role": token.scope.role.map { .string($0.rawValue) },
            "read_only": token.scope.isReadOnly ? true : nil, "requests_per_minute": token.requestsPerMinute.map { .int(Int64($0)) },
        ])
    }
}

import Core
import Database
import GRDB

/// What a new token is to be.
public struct TokenRequest: Sendable {
    public var name: String
    public var expiresAt: Timestamp?
    public var scope: TokenScope
    public var requestsPerMinute: Int?

    public init(name: String, expiresAt: Timestamp? = nil, scope: TokenScope = .unlimited, requestsPerMinute: Int? = nil) {
        self.name = name
        self.expiresAt = expiresAt
        self.scope = scope
        self.requestsPerMinute = requestsPerMinute
    }
}

/// Tokens, made by an admin for anybody or by users for themselves.
extension AccessService {
    /// Makes a token that stands for the user. Whether the caller may is checked by who calls this.
    /// - Throws: `notFound` where there is no such user; `invalidArgument` for a bad name, scope or limit, or an end that has passed;
    ///   `failedPrecondition` for a namespace that is not there.
    public func createToken(user: String, _ request: TokenRequest) async throws(MonoflowError) -> IssuedToken {
        try await issue(user: user, request, limit: nil)
    }

    public func createToken(user: String, name: String, expiresAt: Timestamp? = nil) async throws(MonoflowError) -> IssuedToken {
        try await createToken(user: user, TokenRequest(name: name, expiresAt: expiresAt))
    }

    /// Makes a token for the caller itself. Limits that the request leaves out are those of the caller's own token.
    /// - Throws: as `createToken(user:_:)`; `permissionDenied` for what the caller's own token may not, and for callers that
    ///   make no tokens: tasks, tokens for reading only, tokens with a limit of requests (many would get round it);
    ///   `failedPrecondition` beyond `AccessLimits.personalTokens`.
    public func createToken(by caller: Principal, _ request: TokenRequest) async throws(MonoflowError) -> IssuedToken {
        let own = try Self.changingToken(caller, "create token")
        if own.requestsPerMinute != nil {
            throw MonoflowError(.permissionDenied, "create token", request.name, "a token with a limit of requests makes no tokens")
        }
        var request = request
        request.scope = own.scope.inherited(by: request.scope)
        try request.scope.check()
        guard own.scope.covers(request.scope) else {
            throw MonoflowError(.permissionDenied, "create token", request.name, "the new token would be wider than the one it is made with")
        }
        if let end = own.expiresAt {
            request.expiresAt = request.expiresAt ?? end
            if let asked = request.expiresAt, asked > end {
                throw MonoflowError(.permissionDenied, "create token", "expires_at", "is later than the end of the token it is made with, \(end.rfc3339())")
            }
        }
        // Whether other namespaces exist is not told.
        for namespace in (request.scope.namespaces ?? []).sorted() where caller.role(in: namespace) == nil {
            throw MonoflowError(.permissionDenied, "create token", "namespace \(namespace)", "\(caller.user) has no role there")
        }
        return try await issue(user: caller.user, request, limit: AccessLimits.personalTokens)
    }

    private func issue(user name: String, _ request: TokenRequest, limit: Int?) async throws(MonoflowError) -> IssuedToken {
        try AccessNames.checkName(request.name, of: "token")
        try request.scope.check()
        let now = clock.now()
        if let end = request.expiresAt, end <= now {
            throw MonoflowError(.invalidArgument, "create token", "expires_at", "\(end.rfc3339()) has passed")
        }
        if let rate = request.requestsPerMinute, !AccessLimits.requestsPerMinute.contains(rate) {
            let range = AccessLimits.requestsPerMinute
            throw MonoflowError(.invalidArgument, "create token", "requests_per_minute", "must be \(range.lowerBound) to \(range.upperBound)")
        }
        for namespace in (request.scope.namespaces ?? []).sorted() where !namespaceIndex.contains(namespace) {
            throw MonoflowError(.failedPrecondition, "create token", "namespaces", "there is no namespace \(namespace)", hint: "create it first")
        }
        let text = Secret.make(prefix: Secret.tokenPrefix), hash = Secret.hash(text, prefix: Secret.tokenPrefix) ?? []
        let record = TokenRecord(
            id: identifiers.next(), user: name, name: request.name, createdAt: now, expiresAt: request.expiresAt, scope: request.scope,
            requestsPerMinute: request.requestsPerMinute)
        try await database.write { db in
            let user = try Self.require(db, user: name, "create token")
            if let limit, try TokenStore.liveCount(db, userID: user.id, at: now) >= limit {
                throw MonoflowError(.failedPrecondition, "create token", record.name, "\(name) has \(limit) tokens", hint: "revoke one first")
            }
            try TokenStore.insert(db, record, userID: user.id, hash: hash)
        }
        return IssuedToken(record: record, text: text)
    }

    /// All tokens, newest first, revoked ones too.
    public func tokens() async throws(MonoflowError) -> [TokenRecord] { try await database.read { try TokenStore.list($0) } }

    /// The caller's own, newest first, revoked ones too.
    /// - Throws: `permissionDenied` for a task.
    public func tokens(of caller: Principal) async throws(MonoflowError) -> [TokenRecord] {
        _ = try Self.token(of: caller, "list tokens")
        return try await database.read { db in try TokenStore.list(db, userID: try Self.require(db, user: caller.user, "list tokens").id) }
    }

    /// Ends the token and the sessions opened with it, at once. A revoked one is left as it is.
    /// - Throws: `notFound`.
    public func revokeToken(id: String) async throws(MonoflowError) {
        let now = clock.now()
        let found = try await database.write { try TokenStore.revoke($0, id: id, at: now) }
        cache.removeAll()
        guard found else { throw Self.noToken(id) }
    }

    /// The same with one of the caller's own tokens: the one it came with, or one that is no wider.
    /// - Throws: `notFound` also for somebody else's; `permissionDenied` for a task, for a wider token, and with a token for reading only.
    public func revokeToken(id: String, by caller: Principal) async throws(MonoflowError) {
        let own = try Self.token(of: caller, "revoke token"), now = clock.now()
        if id != own.id { _ = try Self.changingToken(caller, "revoke token") }
        try await database.write { db in
            guard let token = try TokenStore.find(db, id: id), token.user == caller.user else { throw Self.noToken(id) }
            guard id == own.id || own.scope.covers(token.scope) else {
                throw MonoflowError(.permissionDenied, "revoke token", id, "it is wider than the token that asks for this")
            }
            _ = try TokenStore.revoke(db, id: id, at: now)
        }
        cache.removeAll()
    }

    private static func token(of caller: Principal, _ operation: String) throws(MonoflowError) -> CallerToken {
        guard case .user = caller.kind else {
            throw MonoflowError(.permissionDenied, operation, caller.user, "a task has no tokens of its own")
        }
        // A user who was authenticated without one may all that the user may.
        return caller.token ?? CallerToken(id: "", scope: .unlimited, expiresAt: nil, requestsPerMinute: nil)
    }

    /// The caller's token, if it may change what the user has.
    private static func changingToken(_ caller: Principal, _ operation: String) throws(MonoflowError) -> CallerToken {
        let token = try token(of: caller, operation)
        if token.scope.limit(.owner)?.allows(.write) != true {
            throw MonoflowError(.permissionDenied, operation, "", "the token may only \(token.scope.isReadOnly ? "read" : token.scope.role?.rawValue ?? "read")")
        }
        return token
    }

    private static func noToken(_ id: String) -> MonoflowError { MonoflowError(.notFound, "revoke token", id, "there is no such token") }
}

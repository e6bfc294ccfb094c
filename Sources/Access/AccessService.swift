import Core
import Database
import GRDB
import Logging
import Synchronization

/// Who calls and what they may do: users, namespaces, roles, bearer tokens, dashboard sessions, service tokens.
public final class AccessService: Sendable {
    let database: MetadataDatabase
    let clock: WallClock
    let identifiers: IdentifierSource
    let namespaceIndex: NamespaceIndex
    let cache = CallerCache(capacity: AccessLimits.cachedCallers)
    /// Who wrote what, and who was denied.
    public let audit: AuditLog
    private let rates = RequestRates(capacity: AccessLimits.cachedCallers)
    private let serviceTokens: ServiceTokens
    let accountTokens: AccountTokens
    struct Projection: Sendable {
        let show: MembershipProjection
    }
    let projections = Mutex<Projection?>(nil)
    private let activeTask: @Sendable (String) -> String?
    private let logger: Logger

    /// Over a migrated database; `AdminBootstrap` has run.
    /// - Parameter activeTask: the namespace of a task that has been started and has not ended; nil for any other.
    public init(
        database: MetadataDatabase, serviceTokens: ServiceTokens, clock: WallClock, identifiers: IdentifierSource, logger: Logger,
        auditLimits: AuditLimits = AuditLimits(), activeTask: @escaping @Sendable (_ taskID: String) -> String?
    ) throws(MonoflowError) {
        self.database = database
        self.serviceTokens = serviceTokens
        accountTokens = AccountTokens(key: serviceTokens.key)
        self.clock = clock
        self.identifiers = identifiers
        self.logger = logger
        self.activeTask = activeTask
        audit = AuditLog(database: database, clock: clock, logger: logger, limits: auditLimits)
        namespaceIndex = NamespaceIndex(
            try database.readBlocking(AccessStore.namespaceSettings), terminating: try database.readBlocking(AccessStore.terminating))
    }

    // MARK: Authentication

    /// The caller whom a token stands for. A token seen before is known without the database.
    /// - Throws: `unauthenticated` saying whether it is missing, malformed, unknown, expired or revoked.
    public func authenticate(bearer: String) async throws(MonoflowError) -> Principal {
        if let known = cachedPrincipal(bearer: bearer) { return known }
        guard !bearer.isEmpty else { throw Self.refusal("the token is missing") }
        if bearer.hasPrefix(ServiceTokens.prefix) { throw Self.refusal("the service token is not valid, or its task has ended") }
        if bearer.hasPrefix(AccountTokens.prefix) { return try await authenticate(account: bearer) }
        guard let hash = Secret.hash(bearer, prefix: Secret.tokenPrefix) else { throw Self.refusal("the token is malformed") }
        let epoch = cache.epoch
        let (principal, token) = try await database.read { [self] db in try caller(db, try TokenStore.find(db, hash: hash)) }
        cache.insert(
            hash, .init(principal: principal, tokenID: token.id, sessionLimit: nil, expiresAt: token.expiresAt, touchedAt: token.lastUsedAt),
            epoch: epoch)
        // The second look writes the use down.
        return cachedPrincipal(bearer: bearer) ?? principal
    }

    /// The caller of a token that needs no database read: one verified lately, or a running task's. Nil says nothing
    /// about the token: `authenticate` does.
    public func cachedPrincipal(bearer: String) -> Principal? {
        if bearer.hasPrefix(ServiceTokens.prefix) { return service(bearer) }
        if bearer.hasPrefix(AccountTokens.prefix) {
            return bearer.utf8.count <= AccountTokens.maximumLength ? cached(Hashing.sha256(bearer.utf8)) : nil
        }
        guard let hash = Secret.hash(bearer, prefix: Secret.tokenPrefix) else { return nil }
        return cached(hash)
    }

    /// Counts a request of the caller, where its token has a limit. Reads memory only.
    /// - Throws: where the limit is used up.
    public func admit(_ caller: Principal) throws(RateExceeded) {
        guard let token = caller.token, let limit = token.requestsPerMinute else { return }
        try rates.take(token.id, perMinute: limit, now: clock.now())
    }

    /// The caller whom a session cookie stands for.
    /// - Throws: `unauthenticated`.
    public func authenticate(session value: String) async throws(MonoflowError) -> Principal {
        guard let hash = Secret.hash(value, prefix: Secret.sessionPrefix) else { throw Self.refusal("the session is malformed") }
        if let known = cached(hash) { return known }
        let epoch = cache.epoch, now = clock.now()
        let (principal, token, session) = try await database.read { [self] db in
            guard let session = try TokenStore.findSession(db, hash: hash), session.expiresAt > now else {
                throw Self.refusal("the session has ended", hint: "sign in again")
            }
            let (principal, token) = try caller(db, try TokenStore.find(db, id: session.tokenID), outside: session.groups ?? [])
            return (session.principal(principal), token, session)
        }
        var limit = Timestamp(milliseconds: session.createdAt.milliseconds + AccessLimits.sessionLifeMilliseconds)
        for end in [token.expiresAt, session.endsAt] { if let end { limit = min(limit, end) } }
        cache.insert(
            hash, .init(principal: principal, tokenID: token.id, sessionLimit: limit, expiresAt: min(limit, session.expiresAt), touchedAt: nil),
            epoch: epoch)
        return cached(hash) ?? principal
    }

    /// Opens a dashboard session by a bearer token of a user.
    /// - Throws: `unauthenticated` as `authenticate(bearer:)`; `permissionDenied` for a service token.
    public func openSession(bearer: String) async throws(MonoflowError) -> IssuedSession {
        let principal = try await authenticate(bearer: bearer)
        guard case .user = principal.kind, let tokenHash = Secret.hash(bearer, prefix: Secret.tokenPrefix) else {
            throw MonoflowError(.permissionDenied, "sign in", principal.user, "a task has no dashboard session")
        }
        let value = Secret.make(prefix: Secret.sessionPrefix), now = clock.now()
        let hash = Secret.hash(value, prefix: Secret.sessionPrefix) ?? []
        let expiry = try await database.write { [self] db in
            let (_, token) = try caller(db, try TokenStore.find(db, hash: tokenHash))
            var expiry = Timestamp(milliseconds: now.milliseconds + AccessLimits.sessionIdleMilliseconds)
            if let end = token.expiresAt { expiry = min(expiry, end) }
            try TokenStore.insertSession(db, .init(tokenID: token.id, createdAt: now, expiresAt: expiry), hash: hash)
            return expiry
        }
        return IssuedSession(principal: principal, value: value, expiresAt: expiry)
    }

    /// Ends a session; one that is none is ignored.
    public func closeSession(_ value: String) async throws(MonoflowError) {
        guard let hash = Secret.hash(value, prefix: Secret.sessionPrefix) else { return }
        try await database.write { try TokenStore.deleteSession($0, hash: hash) }
        cache.remove(hash)
    }

    // MARK: Inside

    private func service(_ bearer: String) -> Principal? {
        guard let (taskID, namespace) = serviceTokens.verify(bearer, namespace: activeTask) else { return nil }
        return Principal(
            user: "task \(taskID)", isAdmin: false, homeNamespace: namespace, roles: [namespace: .editor], kind: .service(taskID: taskID),
            namespaces: namespaceIndex)
    }

    private func cached(_ hash: [UInt8]) -> Principal? {
        let now = clock.now()
        guard let (principal, touch) = cache.find(hash, now: now) else { return nil }
        if let touch {
            Task { [database, logger] in
                do {
                    try await database.write(lane: .bulk) { db in
                        try TokenStore.touch(db, id: touch.tokenID, at: now)
                        if let expiry = touch.sessionExpiry { try TokenStore.extendSession(db, hash: hash, to: expiry) }
                    }
                } catch {
                    logger.warning("a token's last use was not written down", metadata: ["token": "\(touch.tokenID)", "error": "\(error)"])
                }
            }
        }
        return principal
    }

    /// - Parameter outside: groups that an identity provider told of.
    private func caller(_ db: GRDB.Database, _ token: TokenRecord?, outside: [String] = []) throws -> (Principal, TokenRecord) {
        guard let token, let user = try AccessStore.find(db, name: token.user) else { throw Self.refusal("the token is unknown") }
        if token.revokedAt != nil { throw Self.refusal("the token was revoked") }
        if let end = token.expiresAt, end <= clock.now() { throw Self.refusal("the token expired at \(end.rfc3339())") }
        let (roles, groups) = try roles(db, of: user, outside: outside)
        return (Principal(user: user, roles: roles, groups: groups, token: token, namespaces: namespaceIndex), token)
    }

    static func refusal(_ message: String, hint: String? = nil) -> MonoflowError {
        MonoflowError(.unauthenticated, "authenticate", "", message, hint: hint)
    }
}

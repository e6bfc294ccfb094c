import Core
import Database
import GRDB

/// Whom an identity provider vouches for, at one login.
public struct ExternalIdentity: Sendable, Equatable {
    public var issuer: String
    /// The provider's own name for the person, which it never gives to another one.
    public var subject: String
    /// What a new user is called.
    public var userName: String
    public var groups: [String]
    /// For this session, whatever the user is.
    public var isAdmin: Bool

    public init(issuer: String, subject: String, userName: String, groups: [String] = [], isAdmin: Bool = false) {
        self.issuer = issuer
        self.subject = subject
        self.userName = userName
        self.groups = groups
        self.isAdmin = isAdmin
    }
}

/// One of a user's identities.
public struct IdentityRecord: Sendable, Equatable {
    public var issuer: String
    public var subject: String
    public var user: String
    public var createdAt: Timestamp
    public var lastLoginAt: Timestamp?
}

/// What is known of an identity before a login.
public enum IdentityStanding: Sendable, Equatable {
    case user(String)
    /// Nobody is linked, and a user of that name is here.
    case nameTaken(isAdmin: Bool)
    case unknown
}

/// Issuer and subject are who somebody is. The name that comes with them only names a new user: one that is here already belongs to
/// whoever it was made for, until an admin links them.
extension AccessService {
    public func standing(of identity: ExternalIdentity) async throws(MonoflowError) -> IdentityStanding {
        try await database.read { db in
            if let found = try IdentityStore.find(db, issuer: identity.issuer, subject: identity.subject) { return .user(found.user) }
            guard let user = try AccessStore.find(db, name: identity.userName) else { return .unknown }
            return .nameTaken(isAdmin: user.isAdmin)
        }
    }

    /// Lets the identity sign in as the user. One that is linked to the user already is left as it is.
    /// - Throws: `notFound` where there is no such user, `alreadyExists` where it is another user's, `invalidArgument` for a subject or issuer
    ///   that is empty or too long, `failedPrecondition` beyond `AccessLimits.identitiesPerUser`.
    public func link(issuer: String, subject: String, to name: String) async throws(MonoflowError) {
        try IdentityStore.check(issuer: issuer, subject: subject)
        let now = clock.now()
        try await database.write { db in
            let user = try Self.require(db, user: name, "link identity")
            if let found = try IdentityStore.find(db, issuer: issuer, subject: subject) {
                guard found.user == name else {
                    throw MonoflowError(.alreadyExists, "link identity", subject, "is the user \(found.user)'s", hint: "unlink it there first")
                }
                return
            }
            guard try IdentityStore.list(db, userID: user.id).count < AccessLimits.identitiesPerUser else {
                throw MonoflowError(.failedPrecondition, "link identity", "user \(name)", "has \(AccessLimits.identitiesPerUser) identities")
            }
            try IdentityStore.insert(db, issuer: issuer, subject: subject, userID: user.id, at: now)
        }
    }

    /// Ends the identity's right to sign in as the user, and its sessions.
    /// - Throws: `notFound`.
    public func unlink(issuer: String, subject: String, from name: String) async throws(MonoflowError) {
        let now = clock.now()
        try await database.write { db in
            guard let found = try IdentityStore.find(db, issuer: issuer, subject: subject), found.user == name else {
                throw MonoflowError(.notFound, "unlink identity", subject, "is not the user \(name)'s")
            }
            if let token = found.tokenID { _ = try TokenStore.revoke(db, id: token, at: now) }
            try IdentityStore.delete(db, issuer: issuer, subject: subject)
        }
        cache.removeAll()
    }

    /// By issuer and subject.
    /// - Throws: `notFound` where there is no such user.
    public func identities(of name: String) async throws(MonoflowError) -> [IdentityRecord] {
        try await database.read { db in try IdentityStore.list(db, userID: try Self.require(db, user: name, "list identities").id).map(\.record) }
    }

    /// Makes a user for the identity, the owner of a namespace that is there already, in one transaction.
    /// - Throws: as `createUser`; `alreadyExists` also where the identity is linked.
    public func createUser(for identity: ExternalIdentity, homeNamespace: String) async throws(MonoflowError) {
        try AccessNames.checkName(identity.userName, of: "user")
        try IdentityStore.check(issuer: identity.issuer, subject: identity.subject)
        let now = clock.now()
        let user = UserRecord(
            id: identifiers.next(), name: identity.userName, homeNamespace: homeNamespace, isAdmin: false, roles: [homeNamespace: .owner], createdAt: now)
        try await database.write { db in
            guard try IdentityStore.find(db, issuer: identity.issuer, subject: identity.subject) == nil else {
                throw MonoflowError(.alreadyExists, "create user", identity.userName, "the identity has a user")
            }
            try AccessStore.insert(db, user)
            try IdentityStore.insert(db, issuer: identity.issuer, subject: identity.subject, userID: user.id, at: now)
        }
    }

    /// Opens a session for an identity that is linked to a user, with the groups that the provider told of.
    ///
    /// Behind the sessions of an identity stands a token whose text nobody ever had: so they are seen, counted and ended like others.
    /// A session lasts `AccessLimits.identitySessionMilliseconds` at most, since groups are only as new as the login.
    /// - Throws: `unauthenticated` where it is linked to none.
    public func openSession(_ identity: ExternalIdentity) async throws(MonoflowError) -> IssuedSession {
        let value = Secret.make(prefix: Secret.sessionPrefix), now = clock.now(), tokenID = identifiers.next()
        let hash = Secret.hash(value, prefix: Secret.sessionPrefix) ?? [], tokenHash = Hashing.randomBytes(32)
        let expiry = Timestamp(milliseconds: now.milliseconds + AccessLimits.identitySessionMilliseconds)
        let principal = try await database.write { [self] db in
            guard let found = try IdentityStore.find(db, issuer: identity.issuer, subject: identity.subject),
                let user = try AccessStore.find(db, name: found.user)
            else {
                throw MonoflowError(.unauthenticated, "sign in", identity.userName, "the provider's user is not known here")
            }
            var token = try found.tokenID.flatMap { try TokenStore.find(db, id: $0) }
            if token?.revokedAt != nil { token = nil }
            let record = token ?? TokenRecord(id: tokenID, user: user.name, name: "single sign-on", createdAt: now)
            if token == nil { try TokenStore.insert(db, record, userID: user.id, hash: tokenHash) }
            try IdentityStore.touch(db, issuer: identity.issuer, subject: identity.subject, tokenID: record.id, at: now)
            let session = TokenStore.Session(
                tokenID: record.id, createdAt: now, expiresAt: expiry, endsAt: expiry, groups: identity.groups, isAdmin: identity.isAdmin)
            try TokenStore.insertSession(db, session, hash: hash)
            let (roles, groups) = try roles(db, of: user, outside: identity.groups)
            return session.principal(Principal(user: user, roles: roles, groups: groups, token: record, namespaces: namespaceIndex))
        }
        return IssuedSession(principal: principal, value: value, expiresAt: expiry)
    }

    /// A user whom an authenticating proxy names, with the groups that it tells beside those kept here. Read once, then known from memory until
    /// users, groups or roles change.
    /// - Throws: `unauthenticated` where there is no such user.
    public func principal(named name: String, groups told: [String] = []) async throws(MonoflowError) -> Principal {
        let hash = Hashing.sha256((["named by a proxy", name] + Set(told).sorted()).joined(separator: "\u{1f}").utf8), now = clock.now()
        if let known = cache.find(hash, now: now)?.principal { return known }
        let epoch = cache.epoch
        let principal = try await database.read { [self] db in
            guard let user = try AccessStore.find(db, name: name) else {
                throw MonoflowError(.unauthenticated, "authenticate", name, "there is no such user", hint: "an admin can create it")
            }
            let (roles, groups) = try roles(db, of: user, outside: told)
            return Principal(user: user, roles: roles, groups: groups, namespaces: namespaceIndex)
        }
        // A use of it is not written down.
        let never = Timestamp(milliseconds: now.milliseconds + AccessLimits.sessionLifeMilliseconds)
        cache.insert(hash, .init(principal: principal, tokenID: "proxy", sessionLimit: nil, expiresAt: never, touchedAt: never), epoch: epoch)
        return principal
    }
}

import Core

public struct UserRecord: Sendable, Equatable {
    public var id: String
    public var name: String
    public var homeNamespace: String
    public var isAdmin: Bool
    /// By namespace.
    public var roles: [String: Role]
    public var createdAt: Timestamp
}

public struct TokenRecord: Sendable, Equatable {
    public var id: String
    /// The name of the user whom it stands for.
    public var user: String
    public var name: String
    public var createdAt: Timestamp
    public var expiresAt: Timestamp?
    public var revokedAt: Timestamp?
    /// To the minute or so; nil where it was never used.
    public var lastUsedAt: Timestamp?
    public var scope = TokenScope.unlimited
    /// Nil: as many as the server takes.
    public var requestsPerMinute: Int?
}

/// A token just made.
public struct IssuedToken: Sendable, Equatable {
    public var record: TokenRecord
    /// Shown this once: only its hash is kept.
    public var text: String
}

/// A dashboard session just opened.
public struct IssuedSession: Sendable {
    public var principal: Principal
    /// The cookie's value, shown this once: only its hash is kept.
    public var value: String
    public var expiresAt: Timestamp
}

/// A namespace as a caller sees it.
public struct NamespaceAccess: Sendable, Equatable {
    public var name: String
    public var role: Role
}

/// One user's role in a namespace.
public struct Member: Sendable, Equatable {
    public var user: String
    public var role: Role
}

public enum AccessLimits {
    /// A session ends this long after its last use …
    public static let sessionIdleMilliseconds: Int64 = 30 * 86_400_000
    /// … and this long after its login in any case.
    public static let sessionLifeMilliseconds: Int64 = 90 * 86_400_000
    /// A session opened through an identity provider ends this long after its login.
    public static let identitySessionMilliseconds: Int64 = 86_400_000
    /// Identities at providers that one user is linked to.
    public static let identitiesPerUser = 20
    /// Open sessions of one token; a login beyond ends the oldest.
    public static let sessionsPerToken = 100
    /// `last_used_at` is written at most this often for a token.
    public static let touchMilliseconds: Int64 = 60_000
    /// Verified tokens and sessions kept in memory.
    public static let cachedCallers = 10_000
    /// Tokens of one user that are neither revoked nor expired, beyond which it makes none itself.
    public static let personalTokens = 100
    /// The longest life of a service account's token.
    public static let accountTokenSeconds: Int64 = 86_400
    /// Namespaces that one token names.
    public static let scopeNamespaces = 100
    /// What a token's requests per minute may be limited to.
    public static let requestsPerMinute = 1...1_000_000
}

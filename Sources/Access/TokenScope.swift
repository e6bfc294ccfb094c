import Core

/// What a token is limited to. It may do what both its user's roles and its scope allow, and is never an admin's once it is limited.
public struct TokenScope: Sendable, Equatable {
    public static let unlimited = TokenScope()
    /// The roles that a token may be limited to.
    public static let roles: [Role] = [.editor, .viewer, .predict]

    /// Nil: all of the user's.
    public var namespaces: Set<String>?
    /// The highest role, one of `roles`; nil: the user's own.
    public var role: Role?
    /// Reading and nothing else: no writes, no predictions.
    public var isReadOnly: Bool

    public init(namespaces: Set<String>? = nil, role: Role? = nil, isReadOnly: Bool = false) {
        self.namespaces = namespaces
        self.role = role
        self.isReadOnly = isReadOnly
    }

    public var isUnlimited: Bool { namespaces == nil && role == nil && !isReadOnly }

    func admits(_ namespace: String) -> Bool { namespaces?.contains(namespace) ?? true }

    /// What is left of a role; nil where nothing is.
    func limit(_ role: Role) -> Role? {
        let limited = self.role.map(role.limited(to:)) ?? role
        return isReadOnly ? limited?.limited(to: .viewer) : limited
    }

    /// Whether all that the other scope leaves is left by this one too, whatever the user's roles.
    func covers(_ other: TokenScope) -> Bool {
        if let namespaces {
            guard let others = other.namespaces, others.isSubset(of: namespaces) else { return false }
        }
        guard let highest = other.limit(.owner) else { return true }
        return limit(highest) == highest
    }

    /// The other scope, with this one's limits where it sets none of its own.
    func inherited(by other: TokenScope) -> TokenScope {
        TokenScope(namespaces: other.namespaces ?? namespaces, role: other.role ?? role, isReadOnly: other.isReadOnly || isReadOnly)
    }

    /// - Throws: `invalidArgument` for a scope that no token may have.
    func check() throws(MonoflowError) {
        if let role, !Self.roles.contains(role) {
            throw MonoflowError(
                .invalidArgument, "create token", "role", "no token is limited to \(role.rawValue)",
                hint: "leave it out, or use \(Self.roles.map(\.rawValue).joined(separator: ", "))")
        }
        guard limit(.owner) != nil else {
            throw MonoflowError(.invalidArgument, "create token", "read_only", "a token that may only predict has nothing to read")
        }
        guard let namespaces else { return }
        guard !namespaces.isEmpty, namespaces.count <= AccessLimits.scopeNamespaces else {
            throw MonoflowError(.invalidArgument, "create token", "namespaces", "must be 1 to \(AccessLimits.scopeNamespaces) names")
        }
    }
}

/// The token behind a caller, also behind one with a session.
public final class CallerToken: Sendable {
    public let id: String
    public let scope: TokenScope
    public let expiresAt: Timestamp?
    public let requestsPerMinute: Int?

    init(id: String, scope: TokenScope, expiresAt: Timestamp?, requestsPerMinute: Int?) {
        self.id = id
        self.scope = scope
        self.expiresAt = expiresAt
        self.requestsPerMinute = requestsPerMinute
    }
}

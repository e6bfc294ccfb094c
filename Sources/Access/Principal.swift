import Core

/// What a request does to a namespace.
public enum Permission: String, Sendable, CaseIterable {
    case read, write
    /// Asks a served model.
    case predict
    /// Changes who may do what.
    case administer
}

/// What a user may do in one namespace. The raw values are stored: never rename one.
public enum Role: String, Sendable, CaseIterable {
    case owner, editor, viewer, predict

    /// What both allow, where a role does exactly that; nil where they have nothing in common.
    func limited(to other: Role) -> Role? {
        if Permission.allCases.allSatisfy({ !allows($0) || other.allows($0) }) { return self }
        return Permission.allCases.allSatisfy { !other.allows($0) || allows($0) } ? other : nil
    }

    public func allows(_ permission: Permission) -> Bool {
        switch self {
        case .owner: true
        case .editor: permission != .administer
        case .viewer: permission == .read
        case .predict: permission == .predict
        }
    }
}

/// The authenticated caller of a request, with its rights as they were when it was last looked up.
public struct Principal: Sendable {
    public enum Kind: Sendable, Equatable {
        case user
        /// A running task, by its service token.
        case service(taskID: String)
        /// A program, by a token of its service account.
        case account(namespace: String, name: String)
    }

    /// The user's name; `task ID` for services, `system:serviceaccount:NAMESPACE:NAME` for service accounts.
    public var user: String
    /// False for an admin's token that is limited in any way.
    public var isAdmin: Bool
    /// What a request means that names no namespace.
    public var homeNamespace: String
    /// By namespace, within the token's scope. Empty for an admin's limited token: see `role(in:)`.
    public var roles: [String: Role]
    public var kind: Kind
    /// The user's groups: those that are kept here, and what an identity provider or an authenticating proxy said. A session has the latter from its
    /// login, a request through a proxy from its header.
    public var groups: [String] = []
    /// Nil for services, and where no token is behind the caller.
    public var token: CallerToken?
    /// Where what was asked of this caller is written down, for the audit log.
    public var note: AccessNote?
    /// Nil leaves the existence of namespaces unchecked.
    let namespaces: NamespaceIndex?
    /// Of an admin's limited token: an owner everywhere, within this scope.
    private var adminScope: TokenScope?

    public init(user: String, isAdmin: Bool = false, homeNamespace: String, roles: [String: Role], kind: Kind = .user) {
        self.init(user: user, isAdmin: isAdmin, homeNamespace: homeNamespace, roles: roles, kind: kind, namespaces: nil)
    }

    init(user: String, isAdmin: Bool, homeNamespace: String, roles: [String: Role], kind: Kind, namespaces: NamespaceIndex?) {
        self.user = user
        self.isAdmin = isAdmin
        self.homeNamespace = homeNamespace
        self.roles = roles
        self.kind = kind
        self.namespaces = namespaces
    }

    /// The user's rights within the token's scope.
    /// - Parameters:
    ///   - roles: the user's own and those of its groups.
    ///   - token: nil where the user was authenticated without one.
    init(user: UserRecord, roles all: [String: Role], groups: [String], token: TokenRecord? = nil, namespaces: NamespaceIndex) {
        let scope = token?.scope ?? .unlimited, isLimited = !scope.isUnlimited
        var roles = all
        if isLimited {
            roles = user.isAdmin ? [:] : all.filter { scope.admits($0.key) }.compactMapValues(scope.limit)
            adminScope = user.isAdmin ? scope : nil
        }
        var home = user.homeNamespace
        if !scope.admits(home), let first = scope.namespaces?.min() { home = first }
        self.user = user.name
        isAdmin = user.isAdmin && !isLimited
        homeNamespace = home
        self.roles = roles
        kind = .user
        self.groups = groups
        self.namespaces = namespaces
        self.token = token.map { CallerToken(id: $0.id, scope: scope, expiresAt: $0.expiresAt, requestsPerMinute: $0.requestsPerMinute) }
    }

    /// Nil where the caller has none. An admin is an owner, also where there is no such namespace.
    public func role(in namespace: String) -> Role? {
        if isAdmin { return .owner }
        guard let adminScope else { return roles[namespace] }
        return adminScope.admits(namespace) && namespaces?.contains(namespace) == true ? adminScope.limit(.owner) : nil
    }

    /// Whether it may ask for all namespaces' names: those in which it has a role are told.
    var isEverywhere: Bool { isAdmin || adminScope != nil }

    public func may(_ permission: Permission, in namespace: String) -> Bool { role(in: namespace)?.allows(permission) == true }

    /// - Parameter evenTerminating: writes are allowed in a namespace that is being deleted, as for controllers that let go of what they hold there.
    /// - Throws: `permissionDenied`, whether the namespace exists or not; to an admin `notFound` where it does not.
    public func require(_ permission: Permission, in namespace: String, evenTerminating: Bool = false) throws(MonoflowError) {
        note?.asked(about: namespace)
        guard may(permission, in: namespace) else {
            throw MonoflowError(
                .permissionDenied, "authorize", "namespace \(namespace)", "\(user) has no right to \(permission.rawValue) there",
                hint: "an owner of the namespace or an admin can give a role")
        }
        if isAdmin, let namespaces, !namespaces.contains(namespace) {
            throw MonoflowError(.notFound, "authorize", "namespace \(namespace)", "there is no such namespace")
        }
        if permission == .write, !evenTerminating, namespaces?.isTerminating(namespace) == true { throw AccessService.terminating(namespace) }
    }

    /// - Parameter operation: what only an admin may do, e.g. `create user`.
    /// - Throws: `permissionDenied`.
    public func requireAdmin(_ operation: String) throws(MonoflowError) {
        guard isAdmin else {
            let isLimited = token?.scope.isUnlimited == false
            throw MonoflowError(.permissionDenied, operation, "", isLimited ? "the token is limited: it is no admin's" : "\(user) is no admin")
        }
    }
}

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
    }

    /// The user's name; `task ID` for services.
    public var user: String
    public var isAdmin: Bool
    /// What a request means that names no namespace.
    public var homeNamespace: String
    /// By namespace.
    public var roles: [String: Role]
    public var kind: Kind
    /// Nil leaves the existence of namespaces unchecked.
    let namespaces: NamespaceIndex?

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

    public func may(_ permission: Permission, in namespace: String) -> Bool {
        isAdmin || roles[namespace]?.allows(permission) == true
    }

    /// - Throws: `permissionDenied`, whether the namespace exists or not; to an admin `notFound` where it does not.
    public func require(_ permission: Permission, in namespace: String) throws(MonoflowError) {
        guard may(permission, in: namespace) else {
            throw MonoflowError(
                .permissionDenied, "authorize", "namespace \(namespace)", "\(user) has no right to \(permission.rawValue) there",
                hint: "an owner of the namespace or an admin can give a role")
        }
        if isAdmin, let namespaces, !namespaces.contains(namespace) {
            throw MonoflowError(.notFound, "authorize", "namespace \(namespace)", "there is no such namespace")
        }
    }

    /// - Parameter operation: what only an admin may do, e.g. `create user`.
    /// - Throws: `permissionDenied`.
    public func requireAdmin(_ operation: String) throws(MonoflowError) {
        guard isAdmin else { throw MonoflowError(.permissionDenied, operation, "", "\(user) is no admin") }
    }
}

import Core

/// Whom a role is given to.
public struct Subject: Sendable, Hashable, Comparable {
    /// The raw values are stored: never rename one.
    public enum Kind: String, Sendable, CaseIterable {
        case user = "User", group = "Group", account = "ServiceAccount"
    }

    public var kind: Kind
    /// Of a service account: `NAMESPACE:NAME`.
    public var name: String

    public init(_ kind: Kind, _ name: String) {
        self.kind = kind
        self.name = name
    }

    public static func user(_ name: String) -> Subject { Subject(.user, name) }
    public static func group(_ name: String) -> Subject { Subject(.group, name) }
    public static func account(_ name: String, in namespace: String) -> Subject { Subject(.account, "\(namespace):\(name)") }

    /// Namespace and name of a service account; nil for others.
    public var account: (namespace: String, name: String)? {
        guard kind == .account, let cut = name.firstIndex(of: ":") else { return nil }
        return (String(name[..<cut]), String(name[name.index(after: cut)...]))
    }

    public static func < (a: Subject, b: Subject) -> Bool { (a.kind.rawValue, a.name) < (b.kind.rawValue, b.name) }
}

/// A role that somebody has in a namespace.
public struct BoundRole: Sendable, Hashable {
    public var subject: Subject
    public var role: Role

    public init(subject: Subject, role: Role) {
        self.subject = subject
        self.role = role
    }
}

/// A named set of users.
public struct GroupRecord: Sendable, Equatable {
    public var name: String
    /// Names of users, sorted.
    public var members: [String]
    public var createdAt: Timestamp
}

extension Role {
    /// The greater of two; `viewer` and `predict`, of which neither has all of the other, count in this order.
    public func greater(_ other: Role?) -> Role {
        guard let other else { return self }
        let order: [Role] = [.predict, .viewer, .editor, .owner]
        return (order.firstIndex(of: self) ?? 0) >= (order.firstIndex(of: other) ?? 0) ? self : other
    }
}

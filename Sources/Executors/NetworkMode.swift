/// Which network an operator wants tasks to have.
public enum StepNetwork: String, Sendable, CaseIterable {
    /// One of their Monoflow namespace's own where such a one reaches the outside, else the host's.
    case automatic
    /// One of their Monoflow namespace's own, be it without a way outside.
    case namespace
    /// The host's, unless a namespace asks for less.
    case host
}

/// Which network tasks have on this machine, as it was found by trying.
public struct NetworkMode: Sendable, Equatable {
    public enum Kind: String, Sendable {
        /// Each Monoflow namespace has a network namespace: its tasks reach one another and the server's API there, and neither
        /// tasks of others nor what listens on the host.
        case namespace
        /// All tasks share the host's network.
        case host
    }

    /// What tasks have whose namespace asks for nothing else.
    public var kind: Kind
    /// Whether network namespaces can be made here, so that a namespace may do without the outside.
    public var canSeparate: Bool
    /// Whether a network namespace reaches the outside.
    public var hasEgress: Bool

    public init(kind: Kind, canSeparate: Bool, hasEgress: Bool) {
        self.kind = kind
        self.canSeparate = canSeparate
        self.hasEgress = hasEgress
    }

    /// One line for the start message and the dashboard.
    public var summary: String {
        switch kind {
        case .namespace: "one network per namespace, \(hasEgress ? "outside by address translation" : "without a way outside")"
        case .host: "the host's network is shared by all steps"
        }
    }
}

/// What a task's supervisor needs to enter the network of its namespace.
struct NetworkJoin: Sendable, Equatable {
    /// `PID:NET:USER` for `monoflow-step run --network`.
    var place: String
    /// The file that is locked while the network is in use.
    var lock: String
    /// Base URL of the server's API inside.
    var serverURL: String
}

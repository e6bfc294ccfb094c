import Core
import Synchronization

/// What came out about a request while it was answered, for the audit log: the namespace that rights were asked for, and who
/// signed in.
public final class AccessNote: Sendable {
    public struct Facts: Sendable {
        public var namespace: String?
        public var user: String?
        public var tokenID: String?
        /// The status that a failure has which a browser is told of by a page.
        public var failure: Int?
    }

    private let state = Mutex(Facts())

    public init() {}

    public var facts: Facts { state.withLock { $0 } }

    /// The last one counts: it is the one that a refusal was about.
    func asked(about namespace: String) { state.withLock { $0.namespace = namespace } }

    public func failed(status: Int) { state.withLock { $0.failure = status } }

    /// On routes that need no caller.
    public func signedIn(_ principal: Principal) {
        state.withLock { facts in
            facts.user = principal.user
            facts.tokenID = principal.token?.id
        }
    }
}

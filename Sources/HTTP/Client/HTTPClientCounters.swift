import Synchronization

/// What a client has done since it was made, and what it holds now.
public struct HTTPClientCounters: Sendable, Equatable {
    public var requests = 0
    /// Requests that took a connection which had served another before.
    public var reused = 0
    /// Sent again, for whatever reason.
    public var retries = 0
    public var redirects = 0
    public var connectionsMade = 0
    /// Open now: idle, in use or being made; without those that were switched to another protocol.
    public var connectionsOpen = 0
    public var connectionsIdle = 0
    public var connectionsUpgraded = 0
    /// Requests that wait for a connection.
    public var waiting = 0
}

/// The live form of what is counted up.
final class LiveClientCounters: Sendable {
    let requests = Atomic(0)
    let reused = Atomic(0)
    let retries = Atomic(0)
    let redirects = Atomic(0)
    let made = Atomic(0)

    func snapshot() -> HTTPClientCounters {
        HTTPClientCounters(
            requests: requests.load(ordering: .relaxed), reused: reused.load(ordering: .relaxed), retries: retries.load(ordering: .relaxed),
            redirects: redirects.load(ordering: .relaxed), connectionsMade: made.load(ordering: .relaxed))
    }
}

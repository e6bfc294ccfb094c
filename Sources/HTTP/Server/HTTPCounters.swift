import Synchronization

/// What a server has done since it was made.
public struct HTTPCounters: Sendable, Equatable {
    public var connectionsOpen = 0
    public var connectionsTotal = 0
    /// Closed at once, because their client had too many.
    public var connectionsRefused = 0
    /// Requests that reached a handler or the 404 and 405 answers.
    public var requests = 0
    /// Requests refused by the parser or by a time limit.
    public var refusals = 0
    /// Streams of HTTP/2 that ended before their response did.
    public var resets = 0
    /// Connections of HTTP/2 that were closed for frames that ask for nothing.
    public var floods = 0
    public var bytesIn: Int64 = 0
    public var bytesOut: Int64 = 0
}

/// The live form of `HTTPCounters`.
final class LiveCounters: Sendable {
    let connectionsOpen = Atomic(0)
    let connectionsTotal = Atomic(0)
    let connectionsRefused = Atomic(0)
    let requests = Atomic(0)
    let refusals = Atomic(0)
    let resets = Atomic(0)
    let floods = Atomic(0)
    let bytesIn = Atomic(Int64(0))
    let bytesOut = Atomic(Int64(0))

    func snapshot() -> HTTPCounters {
        HTTPCounters(
            connectionsOpen: connectionsOpen.load(ordering: .relaxed), connectionsTotal: connectionsTotal.load(ordering: .relaxed),
            connectionsRefused: connectionsRefused.load(ordering: .relaxed), requests: requests.load(ordering: .relaxed),
            refusals: refusals.load(ordering: .relaxed),
            resets: resets.load(ordering: .relaxed), floods: floods.load(ordering: .relaxed), bytesIn: bytesIn.load(ordering: .relaxed),
            bytesOut: bytesOut.load(ordering: .relaxed))
    }
}

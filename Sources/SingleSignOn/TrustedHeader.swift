import Core
import HTTP

/// Users named by an authenticating proxy in front, as Kubeflow's ingress does by `kubeflow-userid`.
///
/// The header is believed from the proxy alone. From anybody else a request with it is refused, not served without it: who sends it
/// thinks to be the proxy, and a proxy that is missing from the list must show at once, not as users that seem to be signed out.
public struct TrustedHeader: Sendable {
    /// The header by which a proxy proves to be the one that is meant.
    public static let secretHeader = "X-Monoflow-Proxy-Secret"
    /// As a peer in the list: whoever may open the server's Unix socket.
    public static let unixPeer = "unix"

    public struct User: Sendable, Equatable {
        public var name: String
        public var groups: [String]
    }

    public let userHeader: String
    /// What stands before each name, e.g. `accounts.google.com:`, and is taken off.
    public let prefix: String
    public let groupsHeader: String?
    private let ranges: [AddressRange]
    private let takesUnix: Bool
    private let secret: [UInt8]?

    /// - Parameters:
    ///   - peers: ranges of addresses, and `unix`.
    ///   - secret: what the proxy must show in `X-Monoflow-Proxy-Secret`; nil: its address is enough.
    /// - Throws: `invalidArgument` naming the option.
    public init(userHeader: String, prefix: String = "", groupsHeader: String? = nil, peers: [String], secret: String? = nil) throws(MonoflowError) {
        func bad(_ option: String, _ why: String) -> MonoflowError { MonoflowError(.invalidArgument, "read options", option, why) }
        let taken = ["authorization", "cookie", "host", "origin", Self.secretHeader.lowercased()]
        for (option, name) in [("--trusted-user-header", userHeader), ("--trusted-groups-header", groupsHeader ?? userHeader)] {
            let isName = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"()<>@,;:\\\"/[]?={}".utf8.contains($0) }
            guard isName, !taken.contains(name.lowercased()) else { throw bad(option, "\"\(name)\" cannot be such a header") }
        }
        guard groupsHeader?.lowercased() != userHeader.lowercased() else { throw bad("--trusted-groups-header", "is the user's header") }
        guard !peers.isEmpty else { throw bad("--trusted-proxies", "is missing: without it nobody may name users") }
        if let secret, secret.utf8.count < 16 { throw bad("--trusted-proxy-secret-file", "the secret has less than 16 bytes") }
        self.userHeader = userHeader
        self.prefix = prefix
        self.groupsHeader = groupsHeader
        var ranges: [AddressRange] = []
        for peer in peers where peer != Self.unixPeer { ranges.append(try AddressRange(peer)) }
        self.ranges = ranges
        takesUnix = peers.contains(Self.unixPeer)
        self.secret = secret.map { Array($0.utf8) }
    }

    /// Whether whoever runs on this machine could name users: loopback is trusted, and no secret is asked for.
    public var trustsThisMachine: Bool { secret == nil && ranges.contains(where: \.reachesLoopback) }

    /// Whether the request has a header that is believed from the proxy alone.
    public func stands(in request: HTTPRequest) -> Bool { request.headers.contains(userHeader) || groupsHeader.map(request.headers.contains) == true }

    /// The user that the proxy names; nil where the request has no such header.
    /// - Throws: `unauthenticated` from anybody but the proxy, and for an empty or foreign name; `invalidArgument` where a header stands twice.
    public func user(of request: HTTPRequest) throws(MonoflowError) -> User? {
        guard stands(in: request) else { return nil }
        guard request.peer == "unix" ? takesUnix : ranges.contains(where: { $0.contains(request.peer) }) else {
            throw Self.refusal(userHeader, "\(request.peer) is no trusted proxy", hint: "send no such header, or list the proxy in --trusted-proxies")
        }
        if let secret {
            let given = request.headers.occurrences(of: Self.secretHeader) == 1 ? request.headers[Self.secretHeader] ?? "" : ""
            guard Hashing.constantTimeEqual(given.utf8, secret) else { throw Self.refusal(Self.secretHeader, "is missing or wrong") }
        }
        for header in [userHeader, groupsHeader ?? userHeader] where request.headers.occurrences(of: header) > 1 {
            let count = request.headers.occurrences(of: header)
            throw MonoflowError(.invalidArgument, "authenticate", header, "stands \(count) times", hint: "have the proxy remove what clients send")
        }
        let value = request.headers[userHeader] ?? ""
        guard value.hasPrefix(prefix), value.utf8.count > prefix.utf8.count else {
            throw Self.refusal(userHeader, prefix.isEmpty ? "is empty" : "names nobody of \"\(prefix)\"")
        }
        let name = String(value.dropFirst(prefix.count))
        // What is not UTF-8 comes as U+FFFD, and two names would be one.
        guard !name.hasPrefix("task "), !name.hasPrefix("system:"), !name.contains("\u{fffd}") else {
            throw Self.refusal(userHeader, "is a name that no user may have")
        }
        let groups = groupsHeader.flatMap { request.headers[$0] } ?? ""
        let names = groups.split(separator: ",").map { $0.drop { $0 == " " } }.map(String.init).filter { !$0.isEmpty && $0.utf8.count <= 256 }
        return User(name: name, groups: Array(names.prefix(IdentityClaims.mostGroups)))
    }

    private static func refusal(_ subject: String, _ message: String, hint: String? = nil) -> MonoflowError {
        MonoflowError(.unauthenticated, "authenticate", subject, message, hint: hint)
    }
}

import Core

/// Tokens by which running tasks call this server: `mft_TASK_HMAC`. Nothing is stored: the code proves that this
/// server issued the token for that task and namespace, and whether the task still runs is asked at each use.
public struct ServiceTokens: Sendable {
    static let prefix = "mft_"
    let key: [UInt8]

    /// - Parameter key: 32 bytes, from `ServerKey`.
    public init(key: [UInt8]) { self.key = key }

    public func issue(taskID: String, namespace: String) -> String {
        Self.prefix + taskID + "_" + Hashing.hex(code(taskID, namespace))
    }

    /// The task that the token claims, if it was issued for it in the namespace that `namespace` tells (nil: the
    /// task is not active). Takes the same time wherever a wrong code differs.
    func verify(_ token: String, namespace: (_ taskID: String) -> String?) -> (taskID: String, namespace: String)? {
        guard token.hasPrefix(Self.prefix), let cut = token.lastIndex(of: "_") else { return nil }
        let body = token.dropFirst(Self.prefix.count)
        guard body.startIndex < cut else { return nil }
        let taskID = String(body[..<cut]), given = token[token.index(after: cut)...]
        guard let namespace = namespace(taskID) else { return nil }
        return Hashing.constantTimeEqual(given.utf8, Hashing.hex(code(taskID, namespace)).utf8) ? (taskID, namespace) : nil
    }

    private func code(_ taskID: String, _ namespace: String) -> [UInt8] {
        Hashing.hmacSHA256(key: key, "service\u{1f}\(taskID)\u{1f}\(namespace)".utf8)
    }
}

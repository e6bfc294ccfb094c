import Core
import Synchronization

/// What an owner of a namespace decides for it.
public struct NamespaceSettings: Sendable, Equatable {
    /// Without it each task has a loopback of its own and nothing else.
    public var network = true
    /// Whether its tasks reach what is outside the namespace's own network: other tasks of the namespace and the server's API.
    public var egress = true
    public init(network: Bool = true, egress: Bool = true) {
        self.network = network
        self.egress = egress
    }

    /// As one number in the database: 1 for the network, 2 for no egress.
    init(stored: Int) { self.init(network: stored & 1 != 0, egress: stored & 2 == 0) }
    var stored: Int { (network ? 1 : 0) | (egress ? 0 : 2) }
}

/// All namespaces with their settings, in memory: authorization asks it on every request of an admin, and each start of a task.
final class NamespaceIndex: Sendable {
    private let settings: Mutex<[String: NamespaceSettings]>
    private let ending: Mutex<Set<String>>
    init(_ settings: [String: NamespaceSettings], terminating: [String]) {
        self.settings = Mutex(settings)
        ending = Mutex(Set(terminating))
    }
    /// In alphabetical order.
    var names: [String] { settings.withLock { $0.keys.sorted() } }
    func contains(_ name: String) -> Bool { settings.withLock { $0[name] != nil } }
    func set(_ name: String, _ value: NamespaceSettings) { settings.withLock { $0[name] = value } }
    func remove(_ name: String) {
        settings.withLock { $0[name] = nil }
        ending.withLock { _ = $0.remove(name) }
    }
    func terminate(_ name: String) { ending.withLock { _ = $0.insert(name) } }
    func isTerminating(_ name: String) -> Bool { ending.withLock { $0.contains(name) } }
    var terminating: [String] { ending.withLock { $0.sorted() } }
    subscript(name: String) -> NamespaceSettings? { settings.withLock { $0[name] } }
}

/// The rules for names of users, tokens and namespaces.
public enum AccessNames {
    /// A DNS-1123 label: 1–63 of `a-z 0-9 -`, beginning and ending with a letter or digit.
    /// - Throws: `invalidArgument`.
    public static func checkNamespace(_ name: String) throws(MonoflowError) {
        let isPlain = { (byte: UInt8) in (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) }
        let bytes = Array(name.utf8)
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63, isPlain(first), isPlain(last),
            bytes.allSatisfy({ isPlain($0) || $0 == UInt8(ascii: "-") })
        else {
            throw MonoflowError(
                .invalidArgument, "check namespace", name, "is not a DNS-1123 label",
                hint: "use at most 63 of a-z, 0-9 and -, beginning and ending with a letter or digit")
        }
    }

    /// Users and tokens: 1–128 characters, no control characters, no space at either end.
    /// - Throws: `invalidArgument`.
    public static func checkName(_ name: String, of what: String) throws(MonoflowError) {
        guard let first = name.first, let last = name.last, name.count <= 128, name.utf8.count <= 512,
            !first.isWhitespace, !last.isWhitespace,
            !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            throw MonoflowError(
                .invalidArgument, "check \(what)", name, "is not a name for a \(what)",
                hint: "use 1 to 128 characters without control characters, and no space at either end")
        }
    }
}

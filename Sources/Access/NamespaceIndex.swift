import Core
import Synchronization

/// The names of all namespaces, in memory: authorization asks it on every request of an admin.
final class NamespaceIndex: Sendable {
    private let names: Mutex<Set<String>>
    init(_ names: Set<String>) { self.names = Mutex(names) }
    func contains(_ name: String) -> Bool { names.withLock { $0.contains(name) } }
    func insert(_ name: String) { names.withLock { _ = $0.insert(name) } }
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

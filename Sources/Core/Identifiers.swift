import Foundation

/// Where identifiers come from; passed in, so that tests can give fixed ones.
public struct IdentifierSource: Sendable {
    private let make: @Sendable () -> String
    public init(_ make: @escaping @Sendable () -> String) { self.make = make }
    public static let random = IdentifierSource { UUID().uuidString.lowercased() }
    public func next() -> String { make() }
}

public enum Identifiers {
    /// A UUID (version 5 layout over SHA-256) that is the same for the same parts, so that a planner that is run
    /// again after a crash names the same node and the same task again.
    public static func derived(_ parts: String...) -> String {
        var bytes = Array(Hashing.sha256(parts.joined(separator: "\u{1f}").utf8).prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x50
        bytes[8] = bytes[8] & 0x3f | 0x80
        let hex = Array(Hashing.hex(bytes))
        return [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]].map { String($0) }.joined(separator: "-")
    }
}

extension Identifiers {
    /// A fresh random UUID in lower case.
    public static func random() -> String { UUID().uuidString.lowercased() }
}

/// An image reference in its full form: `python:3.11` is `docker.io/library/python` with the tag `3.11`.
public struct ImageReference: Sendable, Equatable {
    /// Registry and repository.
    public var name: String
    /// nil where the reference has none (`latest` is meant).
    public var tag: String?

    public init(_ text: String) {
        var rest = Substring(text)
        if let at = rest.firstIndex(of: "@") { rest = rest[..<at] }
        // A colon before the last slash belongs to the registry's port.
        let leaf = rest.lastIndex(of: "/").map { rest.index(after: $0) } ?? rest.startIndex
        if let colon = rest[leaf...].firstIndex(of: ":") {
            tag = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        name = Self.fullName(String(rest))
    }

    private static func fullName(_ short: String) -> String {
        var parts = short.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let first = parts[0]
        let isRegistry = parts.count > 1 && (first.contains(".") || first.contains(":") || first == "localhost" || first.contains("*"))
        if !isRegistry { parts.insert("docker.io", at: 0) }
        if parts[0] == "index.docker.io" || parts[0] == "registry-1.docker.io" { parts[0] = "docker.io" }
        if parts[0] == "docker.io" && parts.count == 2 { parts.insert("library", at: 1) }
        return parts.joined(separator: "/")
    }

    /// Whether a pattern of the image table names this image. `*` stands for any run of characters, `?` for one; a
    /// pattern without a tag takes every tag.
    public func matches(pattern: String) -> Bool {
        if pattern == "*" { return true }
        let other = ImageReference(pattern)
        guard Glob.matches(other.name, name) else { return false }
        return other.tag.map { Glob.matches($0, tag ?? "latest") } ?? true
    }

    /// The Python version that a tag such as `3.11-slim` names; nil for `3`, `latest`, `alpine3.23`.
    public var pythonVersion: String? {
        let numbers = (tag ?? "").prefix { $0.isNumber || $0 == "." }.split(separator: ".")
        guard numbers.count >= 2, numbers[0] == "3", let minor = Int(numbers[1]) else { return nil }
        return "3.\(minor)"
    }
}

enum Glob {
    /// Linear in pattern times text: one place to come back to is enough.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let p = Array(pattern.utf8), t = Array(text.utf8)
        var i = 0, j = 0
        var star: (pattern: Int, text: Int)?
        while j < t.count {
            if i < p.count, p[i] == UInt8(ascii: "*") {
                star = (i, j)
                i += 1
            } else if i < p.count, p[i] == t[j] || p[i] == UInt8(ascii: "?") {
                i += 1
                j += 1
            } else if let back = star {
                star = (back.pattern, back.text + 1)
                i = back.pattern + 1
                j = back.text + 1
            } else {
                return false
            }
        }
        return p[i...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

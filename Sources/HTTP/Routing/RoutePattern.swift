/// A route's pattern, taken apart. One segment is a literal, or `prefix{name}suffix` (the suffix form is for verbs:
/// `{id}:terminate`); the last may be `{name...}`, which takes what is left of the path, also nothing.
struct RoutePattern {
    enum Segment: Hashable {
        case literal(String)
        case parameter(prefix: String, suffix: String)
        case rest
    }

    private(set) var segments: [Segment] = []
    private(set) var names: [String] = []

    /// Patterns are program text: a malformed one stops the program at start.
    init(_ text: String) {
        precondition(text.hasPrefix("/"), "route pattern \(text) must start with a slash")
        let parts = text == "/" ? [] : text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            guard let open = part.firstIndex(of: "{") else {
                segments.append(.literal(String(part)))
                continue
            }
            guard let close = part.firstIndex(of: "}"), open < close else {
                preconditionFailure("route pattern \(text) has an unclosed brace")
            }
            let name = part[part.index(after: open)..<close]
            let prefix = String(part[..<open]), suffix = String(part[part.index(after: close)...])
            precondition(!suffix.contains("{"), "route pattern \(text) has two parameters in one segment")
            if name.hasSuffix("...") {
                precondition(index == parts.count - 1 && prefix.isEmpty && suffix.isEmpty, "{\(name)} must be the last segment of \(text)")
                segments.append(.rest)
                names.append(String(name.dropLast(3)))
            } else {
                segments.append(.parameter(prefix: prefix, suffix: suffix))
                names.append(String(name))
            }
        }
        precondition(Set(names).count == names.count, "route pattern \(text) names a parameter twice")
    }
}

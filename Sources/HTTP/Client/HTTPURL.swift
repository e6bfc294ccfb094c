import Core

/// An absolute `http` or `https` URL, taken apart: origin and target (path and query, percent-encoded).
public struct HTTPURL: Sendable, Hashable {
    public let origin: HTTPOrigin
    /// Starts with a slash.
    public let target: String

    /// - Parameter target: path and query; a fragment is not part of it. - Throws: `invalidArgument`.
    public init(_ origin: HTTPOrigin, target: String = "/") throws(MonoflowError) {
        guard target.utf8.first == UInt8(ascii: "/") || target == "*",
            target.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "#") })
        else {
            throw MonoflowError(
                .invalidArgument, "read URL", "\(origin)", "the path and query hold blanks, fragments or other bytes that must be percent-encoded")
        }
        self.origin = origin
        self.target = target
    }

    /// - Throws: `invalidArgument` for other schemes, user names, bad hosts, ports and characters.
    public init(_ text: String) throws(MonoflowError) {
        func bad(_ why: String) -> MonoflowError { MonoflowError(.invalidArgument, "read URL", String(text.prefix(200)), why) }
        guard let colon = text.firstIndex(of: ":"), let scheme = HTTPOrigin.Scheme(rawValue: text[..<colon].lowercased()),
            text[colon...].hasPrefix("://")
        else { throw bad("it does not start with http:// or https://") }
        let rest = text[colon...].dropFirst(3).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let target = rest[authority.endIndex...]
        guard !authority.contains("@") else { throw bad("user names and passwords do not belong in URLs") }
        var host = authority, port: Int?
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            host = authority[..<colon]
            let digits = authority[authority.index(after: colon)...]
            guard digits.isEmpty || digits.utf8.allSatisfy({ (48...57).contains($0) }) && digits.utf8.count <= 5 else { throw bad("its port is no number") }
            port = Int(digits)
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() } else if host.contains(":") {
            throw bad("an IPv6 address stands in brackets")
        }
        try self.init(HTTPOrigin(scheme, host: String(host), port: port), target: target.hasPrefix("/") ? String(target) : "/" + target)
    }

    public var path: Substring { target.prefix { $0 != "?" } }

    /// The URL that a reference (e.g. of `Location`) means, seen from this one. - Throws: as `init`.
    public func resolving(_ reference: String) throws(MonoflowError) -> HTTPURL {
        let reference = String(HTTPText.trim(reference.prefix { $0 != "#" }))
        let beforePath = reference.prefix { $0 != "/" && $0 != "?" }
        if beforePath.contains(":") { return try HTTPURL(reference) }
        if reference.hasPrefix("//") { return try HTTPURL("\(origin.scheme.rawValue):\(reference)") }
        if reference.isEmpty { return self }
        if reference.hasPrefix("?") { return try HTTPURL(origin, target: path + reference) }
        let query = reference.firstIndex(of: "?") ?? reference.endIndex
        var whole = String(reference[..<query])
        if !whole.hasPrefix("/") { whole = path[...(path.lastIndex(of: "/") ?? path.startIndex)] + whole }
        return try HTTPURL(origin, target: Self.withoutDots(whole) + reference[query...])
    }

    /// RFC 3986, section 5.2.4.
    private static func withoutDots(_ path: String) -> String {
        var kept: [Substring] = []
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".": if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            default: kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/")
    }
}

extension HTTPURL: CustomStringConvertible {
    public var description: String { "\(origin.scheme.rawValue)://\(origin.authority)\(target)" }
}

/// What names, keys and values of objects may look like. Each check returns what is wrong, in sentences for a field error; empty where nothing is.
/// The rules are Kubernetes': RFC 1123 labels and subdomains, RFC 1035 labels, qualified names of labels and annotations.
public enum Names {
    /// Most bytes of a label of DNS, of a label's value and of the name part of a key.
    public static let labelLimit = 63
    /// Most bytes of a subdomain of DNS.
    public static let subdomainLimit = 253
    /// Most bytes of an object's annotations, keys and values together.
    public static let annotationsLimit = 256 << 10

    /// RFC 1123: lower case letters, digits and `-`, a letter or digit at both ends, at most 63 bytes.
    public static func label(_ name: String) -> [String] {
        tooLong(name, labelLimit) + (isLabel(name.utf8) ? [] : [
            "a lowercase RFC 1123 label consists of lower case letters, digits and '-', and begins and ends with a letter or digit (such as 'my-name' or '123-abc')",
        ])
    }

    /// RFC 1123 labels with dots between them, at most 253 bytes.
    public static func subdomain(_ name: String) -> [String] {
        let isGood = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(isLabel)
        return tooLong(name, subdomainLimit) + (isGood ? [] : [
            "a lowercase RFC 1123 subdomain consists of lower case letters, digits, '-' and '.', and each part between dots begins and ends with a letter or digit"
                + " (such as 'example.com')",
        ])
    }

    /// RFC 1035: as `label`, and it begins with a letter.
    public static func label1035(_ name: String) -> [String] {
        let isGood = isLabel(name.utf8) && name.utf8.first.map(isLower) == true
        return tooLong(name, labelLimit) + (isGood ? [] : [
            "a DNS-1035 label consists of lower case letters, digits and '-', begins with a letter and ends with a letter or digit (such as 'my-name' or 'abc-123')",
        ])
    }

    /// Whatever can be one segment of a URL's path.
    public static func pathSegment(_ name: String) -> [String] {
        if name == "." || name == ".." { return ["may not be '\(name)'"] }
        return [UInt8(ascii: "/"), UInt8(ascii: "%")].filter(name.utf8.contains).map { "may not contain '\(Character(UnicodeScalar($0)))'" }
    }

    /// Keys of labels and annotations, finalizers: `name` or `prefix/name`, the prefix a subdomain, the name of at most 63 letters, digits, `-`, `_`
    /// and `.` with a letter or digit at both ends.
    public static func qualifiedName(_ key: String) -> [String] {
        let parts = key.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return ["a qualified name has at most one '/', after its prefix (such as 'example.com/MyName')"] }
        var problems: [String] = []
        if parts.count == 2 {
            let prefix = String(Substring(parts[0]))
            problems = prefix.isEmpty ? ["the prefix part may not be empty"] : subdomain(prefix).map { "prefix part: " + $0 }
        }
        let name = parts[parts.count - 1]
        if name.isEmpty { return problems + ["the name part may not be empty"] }
        if name.count > labelLimit { problems.append("the name part must be no more than \(labelLimit) characters") }
        if !isWord(name) {
            problems.append(
                "the name part consists of letters, digits, '-', '_' and '.', and begins and ends with a letter or digit (such as 'MyName' or 'my.name')")
        }
        return problems
    }

    /// Empty, or as the name part of a qualified name.
    public static func labelValue(_ value: String) -> [String] {
        tooLong(value, labelLimit) + (value.isEmpty || isWord(value.utf8[...]) ? [] : [
            "a label value is empty, or consists of letters, digits, '-', '_' and '.' and begins and ends with a letter or digit (such as 'MyValue' or '12345')",
        ])
    }

    private static func tooLong(_ text: String, _ limit: Int) -> [String] {
        text.utf8.count > limit ? ["must be no more than \(limit) characters"] : []
    }

    private static func isLower(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool { isLower(byte | 0x20) || isDigit(byte) }

    private static func isLabel(_ text: some BidirectionalCollection<UInt8>) -> Bool {
        guard let first = text.first, let last = text.last, first != UInt8(ascii: "-"), last != UInt8(ascii: "-") else { return false }
        return text.allSatisfy { isLower($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isWord(_ text: Substring.UTF8View) -> Bool {
        guard let first = text.first, let last = text.last, isAlphanumeric(first), isAlphanumeric(last) else { return false }
        return text.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
    }
}

/// What the names of a kind's objects have to be.
public enum NameRule: Sendable, CaseIterable {
    case label, subdomain, label1035, pathSegment

    public func problems(_ name: String) -> [String] {
        switch self {
        case .label: Names.label(name)
        case .subdomain: Names.subdomain(name)
        case .label1035: Names.label1035(name)
        case .pathSegment: Names.pathSegment(name)
        }
    }

    /// What is wrong with the beginning of a name, which may end with `-` as names may not.
    public func problems(prefix: String) -> [String] {
        problems(self != .pathSegment && prefix.utf8.count > 1 && prefix.utf8.last == UInt8(ascii: "-") ? prefix.dropLast() + "a" : prefix)
    }

    /// Most bytes of a name.
    public var limit: Int {
        switch self {
        case .label, .label1035: Names.labelLimit
        case .subdomain, .pathSegment: Names.subdomainLimit
        }
    }
}

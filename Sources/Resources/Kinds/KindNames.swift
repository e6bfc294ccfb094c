/// What the names of kinds, groups and versions are made of.
enum KindNames {
    static let labelRule =
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
    static let subdomainRule =
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"

    /// RFC 1035: up to 63 lower-case letters, digits and dashes, a letter first and no dash last.
    static func isLabel(_ text: String) -> Bool {
        guard let first = text.utf8.first, (97...122).contains(first) else { return false }
        return isLabel(text[...])
    }

    /// RFC 1123: labels that may begin with a digit, with dots between, up to 253 bytes.
    static func isSubdomain(_ text: String) -> Bool {
        text.utf8.count <= 253 && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel)
    }

    private static func isLabel(_ text: Substring) -> Bool {
        let dash = UInt8(ascii: "-")
        guard (1...63).contains(text.utf8.count), text.utf8.first != dash, text.utf8.last != dash else { return false }
        return text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == dash }
    }
}

/// A validator of a representation, as `ETag` and the conditional fields hold it.
struct EntityTag: Equatable {
    let isWeak: Bool
    /// With its quotes.
    let opaque: Substring

    /// Nil for what is no entity tag.
    init?(_ text: some StringProtocol) {
        var rest = Substring(text)
        isWeak = rest.hasPrefix("W/")
        if isWeak { rest = rest.dropFirst(2) }
        guard rest.utf8.count >= 2, rest.utf8.first == UInt8(ascii: "\""), rest.utf8.last == UInt8(ascii: "\""),
            !rest.utf8.dropFirst().dropLast().contains(UInt8(ascii: "\""))
        else { return nil }
        opaque = rest
    }

    /// Whether both stand for the same bytes (RFC 9110, section 8.8.3.2).
    func matchesStrongly(_ other: EntityTag) -> Bool { !isWeak && !other.isWeak && opaque == other.opaque }

    func matchesWeakly(_ other: EntityTag) -> Bool { opaque == other.opaque }

    /// What `If-Match` and `If-None-Match` hold.
    enum List: Equatable {
        case any
        /// Malformed items are left out.
        case tags([EntityTag])
    }

    /// - Parameter values: of the fields; nil where there are none.
    static func list(_ values: [String]) -> List? {
        if values.isEmpty { return nil }
        var tags: [EntityTag] = []
        for value in values {
            if HTTPText.trim(value) == "*" { return .any }
            // Not split at commas, which may stand inside the quotes.
            var rest = Substring(value)
            while let open = rest.firstIndex(of: "\"") {
                let before = HTTPText.trim(rest[..<open])
                let content = rest[rest.index(after: open)...]
                guard let close = content.firstIndex(of: "\"") else { break }
                let start = before.hasSuffix("W/") ? rest.index(open, offsetBy: -2, limitedBy: rest.startIndex) ?? open : open
                if let tag = EntityTag(rest[start...close]) { tags.append(tag) }
                rest = content[content.index(after: close)...]
            }
        }
        return .tags(tags)
    }
}

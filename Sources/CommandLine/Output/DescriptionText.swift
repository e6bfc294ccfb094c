import Core

/// Documents as people read them: `Key:  value` lines, nested by indentation.
struct DescriptionText {
    private(set) var text = ""
    /// Where the values of the outermost level begin.
    private let column = 14

    /// A line; nothing where the value is absent or empty.
    mutating func fact(_ title: String, _ value: String?) {
        guard let value, !value.isEmpty else { return }
        text += Self.pad(title + ":", column) + TextTable.plain(value) + "\n"
    }

    /// A table below a title.
    mutating func table(_ title: String, _ titles: [String], _ rows: [[String]]) {
        guard !rows.isEmpty else { return fact(title, "<none>") }
        var table = TextTable(titles)
        for row in rows { table.add(row) }
        text += title + ":\n" + table.render().split(separator: "\n").map { "  " + $0 + "\n" }.joined()
    }

    /// Each `key=value` on a line of its own.
    mutating func map(_ title: String, _ members: JSONObject?) {
        guard let members, !members.isEmpty else { return fact(title, "<none>") }
        for (index, member) in members.enumerated() {
            let value = Self.scalar(member.value) ?? member.value.text()
            text += Self.pad(index == 0 ? title + ":" : "", column) + TextTable.plain("\(member.key)=\(value)") + "\n"
        }
    }

    /// Fields whose members have names of people's choice.
    private static let maps: Set<String> = ["data", "binaryData", "labels", "annotations", "matchLabels", "hard", "limits", "requests", "nodeSelector"]

    /// A whole value under its title. - Parameter isName: the key is shown as it is.
    mutating func value(_ key: String, _ value: JSON, depth: Int = 0, isName: Bool = false) {
        let indent = String(repeating: "  ", count: depth), title = isName ? TextTable.plain(key) : Self.title(key)
        if let scalar = Self.scalar(value) {
            if scalar.contains("\n") {
                let lines = scalar.split(separator: "\n", omittingEmptySubsequences: false)
                text += "\(indent)\(title):\n" + lines.map { "\(indent)  \(TextTable.plain(String($0)))\n" }.joined()
            } else {
                text += Self.pad("\(indent)\(title):", depth == 0 ? column : 0) + (depth == 0 ? "" : " ") + TextTable.plain(scalar) + "\n"
            }
            return
        }
        switch value {
        case .array(let items):
            if items.isEmpty { return text += "\(indent)\(title):  <none>\n" }
            text += "\(indent)\(title):\n"
            for item in items { element(item, depth: depth + 1) }
        case .object(let members):
            if members.isEmpty { return text += "\(indent)\(title):  <none>\n" }
            text += "\(indent)\(title):\n"
            for (name, member) in members { self.value(name, member, depth: depth + 1, isName: Self.maps.contains(key)) }
        default: break
        }
    }

    private mutating func element(_ item: JSON, depth: Int) {
        let indent = String(repeating: "  ", count: depth)
        guard let members = item.objectValue else { return text += indent + TextTable.plain(Self.scalar(item) ?? item.text()) + "\n" }
        var inner = DescriptionText()
        for (name, member) in members { inner.value(name, member, depth: depth + 1) }
        text += indent + "- " + inner.text.dropFirst(indent.count + 2)
    }

    private static func scalar(_ value: JSON) -> String? {
        switch value {
        case .string(let text): text.isEmpty ? "\"\"" : text
        case .null: "<none>"
        case .array, .object: nil
        default: value.text()
        }
    }

    /// `resourceQuotaSpec` → `Resource Quota Spec`; keys that are no names of fields stay.
    static func title(_ key: String) -> String {
        guard let first = key.first, key.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else { return key }
        var out = first.uppercased(), last = first
        for character in key.dropFirst() {
            if character.isUppercase && last.isLowercase { out += " " }
            out.append(character)
            last = character
        }
        return out
    }

    private static func pad(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(width - text.count, width == 0 ? 0 : 1)) }
}

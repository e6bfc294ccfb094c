import Core
import Yams

/// Writes YAML that every reader takes for the same value: texts that another type's reader would claim are quoted.
enum YAMLText {
    static func render(_ value: JSON) throws(MonoflowError) -> String {
        do { return try Yams.serialize(node: node(value), width: -1, allowUnicode: true) } catch {
            throw MonoflowError(.internalError, "write YAML", "", "\(error)")
        }
    }

    /// Documents one after the other, each begun by `---`.
    static func render(documents: [JSON]) throws(MonoflowError) -> String {
        var out = ""
        for document in documents { out += "---\n" + (try render(document)) }
        return out
    }

    private static func node(_ value: JSON) -> Node {
        switch value {
        case .null: plain("null", .null)
        case .bool(let flag): plain(flag ? "true" : "false", .bool)
        case .int(let number): plain(String(number), .int)
        case .double: plain(value.text(), .float)
        case .string(let text): string(text)
        case .array(let items): Node(items.map(node), Tag(.seq), items.isEmpty ? .flow : .block)
        case .object(let members): Node(members.map { (string($0.key), node($0.value)) }, Tag(.map), members.isEmpty ? .flow : .block)
        }
    }

    private static func plain(_ text: String, _ tag: Tag.Name) -> Node { .scalar(Node.Scalar(text, Tag(tag), .plain)) }

    private static func string(_ text: String) -> Node {
        let style: Node.Scalar.Style
        if text.contains("\n") {
            style = canBeLiteral(text) ? .literal : .doubleQuoted
        } else {
            style = isPlain(text) ? .plain : .doubleQuoted
        }
        return .scalar(Node.Scalar(text, Tag(.str), style))
    }

    private static func canBeLiteral(_ text: String) -> Bool {
        !text.hasPrefix(" ") && !text.hasPrefix("\n") && !text.contains(" \n") && !text.contains("\t")
            && !text.unicodeScalars.contains { TextTable.isControl($0) && $0 != "\n" }
    }

    /// Begins with a letter, has no mark of YAML's own, and is no word that some reader takes for a boolean or null.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first.properties.isAlphabetic || first == "/" || first == "_" else { return false }
        if text.hasSuffix(" ") || text.hasSuffix(":") { return false }
        if ["true", "false", "yes", "no", "on", "off", "y", "n", "null"].contains(text.lowercased()) { return false }
        return !text.contains(": ") && !text.contains(" #") && !text.unicodeScalars.contains(where: TextTable.isControl)
    }
}

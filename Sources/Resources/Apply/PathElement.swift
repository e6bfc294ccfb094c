import Core

/// One step of a managed field's path: a field's name, the keys of a list item, the value of a set's item, or an index.
/// Kept as the text that `fieldsV1` writes, in one canonical form: `f:replicas`, `k:{"name":"a"}`, `v:"x"`, `i:0`. Sets of fields are
/// compared and ordered by that text, so that reading and writing them costs no conversion.
public struct PathElement: Sendable, Hashable, Comparable {
    public let text: String

    private init(canonical text: String) { self.text = text }

    public static func field(_ name: String) -> PathElement { PathElement(canonical: "f:" + name) }

    /// The item of a list whose keys have these values.
    public static func key(_ keys: [(name: String, value: JSON)]) -> PathElement {
        var bytes = Array("k:{".utf8)
        let sorted = keys.count > 1 ? keys.sorted { $0.name < $1.name } : keys
        for (index, key) in sorted.enumerated() {
            if index > 0 {
                if sorted[index - 1].name == key.name { continue }
                bytes.append(UInt8(ascii: ","))
            }
            JSON.string(key.name).write(into: &bytes)
            bytes.append(UInt8(ascii: ":"))
            canonical(key.value).write(into: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
        return PathElement(canonical: String(decoding: bytes, as: UTF8.self))
    }

    /// The item of a list without repetitions.
    public static func value(_ value: JSON) -> PathElement { PathElement(canonical: "v:" + canonical(value).canonicalText()) }

    public static func index(_ index: Int) -> PathElement { PathElement(canonical: "i:\(index)") }

    /// Reads the text of a `fieldsV1` key; nil where it is none.
    public init?(text: String) {
        if text.isFieldElement || CanonicalElement.isCertain(text) { self.text = text; return }
        let rest = text.dropFirst(2)
        let parsed: PathElement?
        switch text.prefix(2) {
        case "k:":
            guard case .object(let object)? = try? JSONParser.parse(rest.utf8), !object.isEmpty else { return nil }
            parsed = object.values.allSatisfy(\.isScalar) ? .key(object.map { (name: $0.key, value: $0.value) }) : nil
        case "v:": parsed = (try? JSONParser.parse(rest.utf8)).map { .value($0) }
        case "i:": parsed = Int(rest).flatMap { $0 < 0 ? nil : .index($0) }
        default: parsed = nil
        }
        guard let parsed else { return nil }
        self = parsed
    }

    public static func < (a: PathElement, b: PathElement) -> Bool { a.text < b.text }

    /// The field's name, where the element names one.
    public var fieldName: String? { text.isFieldElement ? String(text.dropFirst(2)) : nil }

    /// Whole numbers have one form, however they were written.
    private static func canonical(_ value: JSON) -> JSON {
        if case .double = value, let whole = value.intValue { return .int(whole) }
        return value
    }
}

extension PathElement: CustomStringConvertible {
    /// As Kubernetes writes it in messages: `.replicas`, `[name="a"]`, `[="x"]`, `[0]`.
    public var description: String {
        let rest = text.dropFirst(2)
        switch text.prefix(2) {
        case "f:": return "." + rest
        case "v:": return "[=\(rest)]"
        case "k:":
            guard case .object(let keys)? = try? JSONParser.parse(rest.utf8) else { return "[\(rest)]" }
            return "[" + keys.map { "\($0.key)=\($0.value.text())" }.joined(separator: ",") + "]"
        default: return "[\(rest)]"
        }
    }
}

extension String {
    fileprivate var isFieldElement: Bool {
        var bytes = utf8.makeIterator()
        return bytes.next() == UInt8(ascii: "f") && bytes.next() == UInt8(ascii: ":")
    }
}

extension JSON {
    var isScalar: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }

    /// Equal in meaning: the order of an object's keys and the way that a number is written do not count.
    func isSame(as other: JSON) -> Bool {
        switch (self, other) {
        case (.object(let a), .object(let b)):
            a.count == b.count && a.allSatisfy { key, value in b[key].map { value.isSame(as: $0) } ?? false }
        case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.isSame(as: $1) }
        case (.int(let a), .double(let b)), (.double(let b), .int(let a)): Double(a) == b
        default: self == other
        }
    }
}

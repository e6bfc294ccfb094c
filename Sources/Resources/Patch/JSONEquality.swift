import Core
import OrderedCollections

extension JSON {
    /// Whether both are the same value as RFC 6902 § 4.6 has it: the order of an object's members does not count, numbers are compared by
    /// value, and strings by their code points.
    public func isEqualValue(to other: JSON) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.double(let a), .double(let b)): a == b
        case (.int(let a), .double(let b)), (.double(let b), .int(let a)): Int64(exactly: b) == a
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.isEqualValue(to: $1) }
        case (.object(let a), .object(let b)):
            a.count == b.count && a.allSatisfy { key, value in b[key].map { value.isEqualValue(to: $0) } ?? false }
        default: false
        }
    }
}

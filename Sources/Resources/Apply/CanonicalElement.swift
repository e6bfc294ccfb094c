/// Tells the usual texts of list items, which are canonical as they stand, from those that have to be read and written anew.
struct CanonicalElement {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 2

    /// True of `v:` with a plain text or a whole number, and of `k:` with such values under plain names in ascending order. False says nothing.
    static func isCertain(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count > 2, bytes[1] == UInt8(ascii: ":") else { return false }
            var scan = CanonicalElement(bytes: bytes)
            switch bytes[0] {
            case UInt8(ascii: "v"): return scan.value() && scan.at == bytes.count
            case UInt8(ascii: "k"): return scan.keys() && scan.at == bytes.count
            default: return false
            }
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private mutating func eats(_ byte: UInt8) -> Bool {
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    private mutating func keys() -> Bool {
        guard eats(UInt8(ascii: "{")) else { return false }
        var last: Range<Int>?
        while true {
            let start = at
            guard string() else { return false }
            let name = start + 1..<at - 1
            guard eats(UInt8(ascii: ":")), value() else { return false }
            if let last, !bytes[last].lexicographicallyPrecedes(bytes[name]) { return false }
            last = name
            if eats(UInt8(ascii: "}")) { return true }
            guard eats(UInt8(ascii: ",")) else { return false }
        }
    }

    private mutating func value() -> Bool {
        guard at < bytes.count else { return false }
        return bytes[at] == UInt8(ascii: "\"") ? string() : integer()
    }

    /// A text of plain ASCII without escapes.
    private mutating func string() -> Bool {
        guard eats(UInt8(ascii: "\"")) else { return false }
        while at < bytes.count, bytes[at] >= 0x20, bytes[at] < 0x80, bytes[at] != UInt8(ascii: "\\") {
            if eats(UInt8(ascii: "\"")) { return true }
            at += 1
        }
        return false
    }

    /// A whole number that fits 64 bits for certain.
    private mutating func integer() -> Bool {
        let start = at
        while at < bytes.count, bytes[at] >= 48, bytes[at] <= 57 { at += 1 }
        let count = at - start
        return count == 1 || count > 1 && count <= 18 && bytes[start] != 48
    }
}

import Core

/// Reads the fields of one protobuf message. Every length is checked against what is there; groups, which Kubernetes does not use, are refused.
struct WireReader {
    struct Field {
        var number: Int
        var value: Value
    }

    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes(ArraySlice<UInt8>)
    }

    /// Of one document at most, all messages together: small fields would make a small body a big tree.
    static let maximumFields = 1_000_000

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    static func error(_ message: String) -> MonoflowError {
        MonoflowError(.invalidArgument, "decode protobuf", "", message)
    }

    /// - Returns: nil at the end of the message.
    mutating func next() throws(MonoflowError) -> Field? {
        if rest.isEmpty { return nil }
        let tag = try varint()
        guard let number = Int(exactly: tag >> 3), (1...536_870_911).contains(number) else { throw Self.error("a field has no valid number") }
        switch tag & 7 {
        case 0: return Field(number: number, value: .varint(try varint()))
        case 1: return Field(number: number, value: .fixed64(try fixed(8)))
        case 2: return Field(number: number, value: .bytes(try take(try varint())))
        case 5: return Field(number: number, value: .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
        default: throw Self.error("field \(number) has the unknown wire type \(tag & 7)")
        }
    }

    private mutating func varint() throws(MonoflowError) -> UInt64 {
        var value: UInt64 = 0, shift: UInt64 = 0
        while let byte = rest.popFirst() {
            if shift == 63 && byte > 1 { throw Self.error("a number has more than 64 bits") }
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
            if shift > 63 { throw Self.error("a number has more than 64 bits") }
        }
        throw Self.error("the message ends within a number")
    }

    private mutating func fixed(_ count: Int) throws(MonoflowError) -> UInt64 {
        try take(UInt64(count)).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func take(_ count: UInt64) throws(MonoflowError) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw Self.error("the message ends within a field of \(count) bytes") }
        let taken = rest.prefix(Int(count))
        rest = rest.dropFirst(Int(count))
        return taken
    }
}

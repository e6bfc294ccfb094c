import SwiftProtobuf

/// One message's serialized bytes: a stretch of an array. Taking it out of what arrived copies nothing, and one that is
/// made here keeps room for its prefix in front, so that sending it copies nothing either.
public struct GRPCMessage: Sendable {
    /// A flag (1: compressed) and the length as four bytes, most significant first.
    static let prefixLength = 5

    private var storage: [UInt8]
    private var range: Range<Int>

    /// - Parameter storage: holds the message in `range` and whatever else around it.
    init(storage: [UInt8], range: Range<Int>) {
        self.storage = storage
        self.range = range
    }

    /// - Parameter fill: writes all `count` bytes, which are zero before.
    public init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        self.init(repeating: 0, count: count)
        try withUnsafeMutableBytes(fill)
    }

    /// A copy of the bytes as an array.
    public var bytes: [UInt8] { Array(storage[range]) }

    public var isEmpty: Bool { range.isEmpty }

    /// Prefix and message, ready to be sent. Without a copy where this is the only owner of a message that was made here.
    consuming func framed(isCompressed: Bool) -> [UInt8] {
        var out = storage, range = self.range
        storage = []
        if range.lowerBound != Self.prefixLength || range.upperBound != out.count {
            let whole = out
            out = [UInt8](unsafeUninitializedCapacity: Self.prefixLength + range.count) { buffer, count in
                whole.withUnsafeBytes { source in
                    let target = UnsafeMutableRawBufferPointer(buffer)
                    UnsafeMutableRawBufferPointer(rebasing: target[..<Self.prefixLength]).initializeMemory(as: UInt8.self, repeating: 0)
                    UnsafeMutableRawBufferPointer(rebasing: target[Self.prefixLength...])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[range]))
                }
                count = Self.prefixLength + range.count
            }
            range = Self.prefixLength..<out.count
        }
        Self.writePrefix(&out, length: range.count, isCompressed: isCompressed)
        return out
    }

    /// Fills in the first five bytes.
    static func writePrefix(_ out: inout [UInt8], length: Int, isCompressed: Bool) {
        out[0] = isCompressed ? 1 : 0
        for index in 0..<4 { out[1 + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * index)) }
    }
}

extension GRPCMessage: SwiftProtobufContiguousBytes {
    public init(repeating value: UInt8, count: Int) {
        storage = [UInt8](repeating: value, count: Self.prefixLength + count)
        range = Self.prefixLength..<storage.count
    }

    public init<Bytes: Sequence>(_ bytes: Bytes) where Bytes.Element == UInt8 {
        storage = [UInt8](repeating: 0, count: Self.prefixLength)
        storage.append(contentsOf: bytes)
        range = Self.prefixLength..<storage.count
    }

    public var count: Int { range.count }

    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try storage.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    public mutating func withUnsafeMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows -> Result {
        let range = range
        return try storage.withUnsafeMutableBytes { try body(UnsafeMutableRawBufferPointer(rebasing: $0[range])) }
    }
}

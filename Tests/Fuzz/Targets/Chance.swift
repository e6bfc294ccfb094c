#if FUZZ
/// A small generator of reproducible numbers.
public struct Chance: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 ^ 0xD1B5_4A32_D192_ED03 | 1 }

    /// Of an input, so that the same input is always cut the same way.
    init(of bytes: UnsafeRawBufferPointer) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        self.init(seed: hash)
    }

    public mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// Below `bound`, which is positive.
    public mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() >> 33) % bound }

    public mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    /// Cuts bytes into pieces: single bytes, short ones, or few long ones.
    mutating func pieces(_ bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer] {
        var pieces: [UnsafeRawBufferPointer] = []
        let kind = below(4)
        var at = 0
        while at < bytes.count {
            let size = switch kind {
            case 0: 1
            case 1: 1 + below(4)
            case 2: 1 + below(64)
            default: 1 + below(bytes.count)
            }
            let end = min(bytes.count, at + size)
            pieces.append(UnsafeRawBufferPointer(rebasing: bytes[at..<end]))
            at = end
        }
        return pieces
    }
}
#endif

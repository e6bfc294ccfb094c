#if FUZZ
/// Makes inputs from seeds: changes of bytes and of stretches, words of the grammar, numbers, and parts of other seeds. It
/// sees nothing of what an input reaches; libFuzzer does, where it is there.
public struct Mutator {
    private let target: FuzzTarget
    private let words: [[UInt8]]
    private var chance: Chance

    public init(_ target: FuzzTarget, seed: UInt64) {
        self.target = target
        words = target.words.map(\.bytes)
        chance = Chance(seed: seed)
    }

    public mutating func next() -> [UInt8] {
        if target.seeds.isEmpty || chance.oneIn(50) {
            let count = chance.below(64)
            return (0..<count).map { _ in UInt8(truncatingIfNeeded: chance.next()) }
        }
        var bytes = target.seeds[chance.below(target.seeds.count)]
        for _ in 0..<(1 + chance.below(5)) { change(&bytes) }
        return Array(bytes.prefix(target.longest))
    }

    private mutating func range(_ bytes: [UInt8], _ longest: Int) -> Range<Int> {
        if bytes.isEmpty { return 0..<0 }
        let start = chance.below(bytes.count)
        return start..<min(bytes.count, start + 1 + chance.below(longest))
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let at = bytes.isEmpty ? 0 : chance.below(bytes.count + 1)
        switch chance.below(10) {
        case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8(chance.below(8))
        case 1 where at < bytes.count: bytes[at] = UInt8(truncatingIfNeeded: chance.next())
        case 2: bytes.removeSubrange(range(bytes, 16))
        case 3:
            let part = bytes[range(bytes, 64)]
            bytes.insert(contentsOf: part, at: at)
        case 4 where !words.isEmpty, 5 where !words.isEmpty: bytes.insert(contentsOf: words[chance.below(words.count)], at: at)
        case 6 where !words.isEmpty:
            let word = words[chance.below(words.count)]
            bytes.replaceSubrange(at..<min(bytes.count, at + word.count), with: word)
        case 7:
            let other = target.seeds[chance.below(target.seeds.count)]
            bytes.replaceSubrange(at..<bytes.count, with: other[range(other, other.count)])
        case 8: if let digit = bytes[at...].firstIndex(where: { (48...57).contains($0) }) { bytes[digit] = UInt8(48 + chance.below(10)) }
        default: bytes.insert(UInt8(truncatingIfNeeded: chance.next()), at: at)
        }
    }
}
#endif

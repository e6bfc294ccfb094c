import Core

/// Random numbers that are the same in every run (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    /// A small document of few keys, so that two of them have much in common.
    mutating func document(depth: Int = 3, nulls: Bool) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &self) {
        case 0: return nulls ? .null : .bool(false)
        case 1: return .int(Int64.random(in: 0..<3, using: &self))
        case 2: return .string(["x", "y", "~/"].randomElement(using: &self) ?? "")
        case 3: return .bool(true)
        case 4: return .double(0.5)
        case 5: return .array((0..<Int.random(in: 0..<3, using: &self)).map { _ in document(depth: depth - 1, nulls: nulls) })
        default: return object(depth: depth, nulls: nulls)
        }
    }

    mutating func object(depth: Int = 3, nulls: Bool) -> JSON {
        var object = JSONObject()
        for key in ["a", "b", "c/d", "e~"].shuffled(using: &self).prefix(Int.random(in: 0..<4, using: &self)) {
            object[key] = document(depth: depth - 1, nulls: nulls)
        }
        return .object(object)
    }
}

extension JSON {
    static func read(_ text: String) throws -> JSON { try JSONParser.parse(text) }
}

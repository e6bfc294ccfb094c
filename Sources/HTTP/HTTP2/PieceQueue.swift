import DequeModule

/// Bytes that a task has written and the client has not taken, in order. Small pieces are joined, so that their number has a bound
/// where that of the bytes has one.
struct PieceQueue {
    private static let joinLimit = 8 << 10

    private var pieces: Deque<[UInt8]> = []
    /// Bytes of the first piece that are gone.
    private var taken = 0
    private(set) var count = 0

    mutating func append(_ piece: [UInt8]) {
        if piece.isEmpty { return }
        count += piece.count
        if let last = pieces.indices.last, pieces[last].count + piece.count <= Self.joinLimit {
            pieces[last].append(contentsOf: piece)
        } else {
            pieces.append(piece)
        }
    }

    /// - Parameter wanted: at most `count`.
    mutating func take(_ wanted: Int, into out: inout [UInt8]) {
        var left = wanted
        while left > 0, let first = pieces.first {
            let part = min(left, first.count - taken)
            out.append(contentsOf: first[taken..<taken + part])
            left -= part
            taken += part
            count -= part
            if taken == first.count {
                pieces.removeFirst()
                taken = 0
            }
        }
    }
}

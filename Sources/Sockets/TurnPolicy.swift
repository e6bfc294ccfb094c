/// When a busy loop gives way to another thread of its core before it waits again.
///
/// A loop that always finds more to do uses up whole turns of the scheduler, milliseconds in which a client on the same machine cannot
/// read its answers. Giving way now and then brings that down to the time that the client needs. Where the other thread
/// keeps the core instead, as a computation does, the loop stops giving way for a while, longer each time.
struct TurnPolicy {
    /// Batches smaller than this do not come from a busy loop.
    static let minimumEvents: Int32 = 2
    /// Time for work between two turns, in nanoseconds: giving way after every batch costs a tenth of the requests a second, and the
    /// tail of the answer times is not much longer than this.
    static let interval: UInt64 = 200_000
    /// What giving way may cost on average, in nanoseconds: less than a turn of the scheduler, which is what a computation takes.
    static let longest: UInt64 = 1_000_000
    /// The weight of one more cost in the average, as a shift.
    static let shift: UInt64 = 3
    static let firstPause: UInt64 = 20_000_000
    static let lastPause: UInt64 = 1_280_000_000

    private var average: UInt64 = 0
    private var pause: UInt64 = 0
    private var resumesAt: UInt64 = 0

    /// - Parameters:
    ///   - events: in the batch just served.
    ///   - now: of a steady clock, in nanoseconds.
    func givesWay(after events: Int32, now: UInt64) -> Bool { events >= Self.minimumEvents && now >= resumesAt }

    /// - Parameters: when the loop gave way, and when it went on.
    mutating func gaveWay(from start: UInt64, until end: UInt64) {
        resumesAt = end + Self.interval
        average = average - average >> Self.shift + min(end - start, 4 * Self.longest) >> Self.shift
        guard average > Self.longest else {
            if average < Self.longest / 2 { pause = 0 }
            return
        }
        average = Self.longest / 2
        pause = pause == 0 ? Self.firstPause : min(2 * pause, Self.lastPause)
        resumesAt = end + max(pause, Self.interval)
    }
}

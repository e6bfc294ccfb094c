import Foundation

/// The loop's clock: milliseconds that only go forward, at the kernel's tick (about 4 ms).
public enum LoopClock {
    public static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

extension Duration {
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}

/// A deadline that may be moved often: moving it later costs one store. Lives on one loop.
public final class LoopTimer {
    static let never = Int64.max
    private unowned let loop: EventLoop
    fileprivate var action: (() -> Void)?
    fileprivate var deadline = never
    /// The time of this timer's entry in the heap; `never` where it has none.
    fileprivate var entryTime = never

    init(loop: EventLoop, action: @escaping () -> Void) {
        self.loop = loop
        self.action = action
    }

    public var isSet: Bool { deadline != Self.never }

    /// Fires once, not before `delay` from now, and some ticks later at most. Replaces the earlier deadline.
    public func set(after delay: Duration) { set(afterMilliseconds: delay.milliseconds) }

    /// The same for a delay that was turned into milliseconds beforehand.
    public func set(afterMilliseconds delay: Int64) {
        deadline = LoopClock.now() + max(0, delay) + 1
        if deadline < entryTime {
            entryTime = deadline
            loop.timers.push(self, at: deadline)
        }
    }

    public func unset() { deadline = Self.never }

    /// Unsets it for good and lets go of what its action holds.
    public func invalidate() {
        unset()
        action = nil
    }
}

/// A heap of timers. Entries are lazy: one that comes up too early for its timer's moved deadline is put back.
final class TimerQueue {
    private struct Entry {
        let time: Int64
        let timer: LoopTimer
    }

    private var heap: [Entry] = []

    /// Milliseconds until the first entry comes up; -1 where there is none.
    func delay() -> Int32 {
        guard let first = heap.first else { return -1 }
        return Int32(clamping: max(0, first.time - LoopClock.now()))
    }

    func push(_ timer: LoopTimer, at time: Int64) {
        heap.append(Entry(time: time, timer: timer))
        var child = heap.count - 1
        while child > 0, case let parent = (child - 1) / 2, heap[child].time < heap[parent].time {
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private func pop() -> Entry {
        heap.swapAt(0, heap.count - 1)
        let entry = heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].time < heap[least].time {
                least = child
            }
            if least == parent { return entry }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    /// Runs what is due.
    func fire() {
        if heap.isEmpty { return }
        let now = LoopClock.now()
        while let first = heap.first, first.time <= now {
            let (time, timer) = (pop().time, first.timer)
            // An entry of an earlier, since shortened, deadline has been superseded.
            guard timer.entryTime == time else { continue }
            timer.entryTime = LoopTimer.never
            if timer.deadline == LoopTimer.never { continue }
            if timer.deadline > now {
                timer.entryTime = timer.deadline
                push(timer, at: timer.deadline)
            } else {
                timer.deadline = LoopTimer.never
                timer.action?()
            }
        }
    }
}

import Dispatch
import Foundation
import Synchronization

/// Timers for many calls behind one Dispatch timer, with a grain of a few milliseconds. One that is removed in time
/// leaves nothing behind, so that a long time limit of a short call costs nothing after it. The source is scheduled under
/// the lock only, which is what `@unchecked Sendable` rests on.
final class Deadlines: @unchecked Sendable {
    /// Milliseconds.
    private static let grain: Int64 = 4

    /// Names one timer.
    struct Token: Sendable {
        fileprivate let slot: Int64
        fileprivate let id: UInt64
    }

    private struct State {
        /// By time in grains, rounded up.
        var slots: [Int64: [UInt64: @Sendable () -> Void]] = [:]
        var lastID: UInt64 = 0
        var armed = Int64.max
    }

    private let state = Mutex(State())
    private let source: any DispatchSourceTimer
    private let origin = ContinuousClock.now

    init() {
        source = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "monoflow.grpc.deadlines", qos: .userInitiated))
        source.setEventHandler { [weak self] in self?.fire() }
        source.schedule(deadline: .distantFuture)
        source.resume()
    }

    deinit { source.cancel() }

    /// Runs the action once at the time, at once where it has passed. It must not block.
    func add(at time: ContinuousClock.Instant, _ action: @escaping @Sendable () -> Void) -> Token {
        let slot = Self.slot(time - origin)
        return state.withLock { state in
            state.lastID += 1
            state.slots[slot, default: [:]][state.lastID] = action
            if slot < state.armed { arm(&state, slot) }
            return Token(slot: slot, id: state.lastID)
        }
    }

    func remove(_ token: Token) {
        state.withLock { state in
            guard state.slots[token.slot] != nil else { return }
            state.slots[token.slot]?[token.id] = nil
            if state.slots[token.slot]?.isEmpty == true { state.slots[token.slot] = nil }
        }
    }

    /// How many timers wait.
    var count: Int { state.withLock { $0.slots.values.reduce(0) { $0 + $1.count } } }

    private static func slot(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        // A hundred years, so that no time overflows below.
        let milliseconds = min(max(seconds, 0), 3_153_600_000) * 1000 + attoseconds / 1_000_000_000_000_000
        return max(0, milliseconds / grain + 1)
    }

    private func arm(_ state: inout State, _ slot: Int64) {
        state.armed = slot
        let (seconds, attoseconds) = (ContinuousClock.now - origin).components
        let delay = slot * Self.grain - (seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        source.schedule(deadline: .now() + .milliseconds(Int(max(0, delay))), leeway: .milliseconds(1))
    }

    private func fire() {
        let (seconds, attoseconds) = (ContinuousClock.now - origin).components
        let now = (seconds * 1000 + attoseconds / 1_000_000_000_000_000) / Self.grain
        let due = state.withLock { state in
            var due: [@Sendable () -> Void] = []
            for slot in state.slots.keys.filter({ $0 <= now }).sorted() {
                due.append(contentsOf: state.slots.removeValue(forKey: slot).map { Array($0.values) } ?? [])
            }
            state.armed = .max
            if let next = state.slots.keys.min() { arm(&state, next) }
            return due
        }
        for action in due { action() }
    }
}

import Synchronization

/// Counts the handlers' tasks of one connection that are at work, also those whose client has given up.
final class RunningHandlers: Sendable {
    private let number = Atomic(0)

    var count: Int { number.load(ordering: .relaxed) }
    func began() { number.add(1, ordering: .relaxed) }
    func ended() { number.subtract(1, ordering: .relaxed) }
}

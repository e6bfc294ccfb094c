import Core

/// One namespace's place in the admission queue: its waiting tasks in order of arrival, and what it holds.
struct NamespaceLine: Sendable {
    var quota: NamespaceQuota?
    var held = ResourceAmount()
    var waiting = ResourceAmount()
    /// Every waiting task, those that are in no line too.
    var waitingIDs: Set<String> = []
    /// The due ones that can start some day, by arrival.
    var line = IndexedHeap<String, Int>()
    /// What it has been given so far, as parts of the machine by weight: who has been given least wins a tie.
    var given = 0.0
    /// Whether its first task waits for nothing but room and its turn.
    var isReady = false
    /// Why its first task may not start, where that is the namespace's quota.
    var excess: String?

    var weight: Int { quota?.boundedWeight ?? 1 }
    var isIdle: Bool { waitingIDs.isEmpty && held.tasks == 0 && quota == nil }
}

/// A waiting task.
struct WaitingTask: Sendable {
    enum Place: Sendable {
        /// In its namespace's line.
        case line
        /// Until its time comes.
        case time
        /// Too large for this machine, or for its namespace's quota.
        case aside
    }
    var id: String
    var namespace: String
    var request: ResourceRequest
    /// The request with the namespace's defaults.
    var amount: ResourceAmount
    var notBefore: Timestamp?
    var arrival: Int
    var place: Place
    /// The reason that its owner knows of; empty for none.
    var reason = ""
}

/// Whose turn it is: the smallest part of the machine by weight, then the least given so far, then the first to come.
struct Turn: Comparable, Sendable {
    var share: Double
    var given: Double
    var arrival: Int
    /// What its first task takes; no part of the order.
    var amount: ResourceAmount

    static func < (a: Turn, b: Turn) -> Bool { (a.share, a.given, a.arrival) < (b.share, b.given, b.arrival) }
}

/// When a first task that waits for room is due to be served next, in admissions counted from the queue's beginning.
struct Patience: Comparable, Sendable {
    var until: Int
    var arrival: Int

    static func < (a: Patience, b: Patience) -> Bool { (a.until, a.arrival) < (b.until, b.arrival) }
}

/// The time of a task that waits for one.
struct DueTime: Comparable, Sendable {
    var time: Timestamp
    var arrival: Int

    static func < (a: DueTime, b: DueTime) -> Bool { (a.time, a.arrival) < (b.time, b.arrival) }
}

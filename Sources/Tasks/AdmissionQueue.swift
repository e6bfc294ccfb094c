import Core
import DequeModule

/// Who may start now: first come, first served, within what the machine has. A pure value; the engine is the loop round it.
public struct AdmissionQueue: Sendable {
    public struct Capacity: Sendable, Equatable {
        public var cpuMillis: Int
        public var memoryBytes: Int64
        public var gpus: Int
        /// Most tasks at once, whatever they ask for.
        public var tasks: Int
        public init(cpuMillis: Int, memoryBytes: Int64, gpus: Int, tasks: Int) {
            self.cpuMillis = cpuMillis
            self.memoryBytes = memoryBytes
            self.gpus = gpus
            self.tasks = tasks
        }
    }

    struct Entry: Sendable, Equatable {
        var id: String
        var request: ResourceRequest
        var notBefore: Timestamp?
    }

    public let capacity: Capacity
    private var waiting: Deque<Entry> = []
    private var waitingIDs: Set<String> = []
    /// Those of the waiting that wait for a time.
    private var times: [String: Timestamp] = [:]
    private var held: [String: ResourceRequest] = [:]
    private var cpuMillis = 0
    private var memoryBytes: Int64 = 0
    private var gpus = 0

    public init(capacity: Capacity) { self.capacity = capacity }

    public var waitingCount: Int { waiting.count }
    public var admittedCount: Int { held.count }

    /// Why this machine can never meet the request; nil where it can.
    public func refusal(_ request: ResourceRequest) -> String? {
        if request.gpus > capacity.gpus { return "asks for \(request.gpus) GPU(s); this machine has \(capacity.gpus)" }
        if request.cpuMillis > capacity.cpuMillis {
            return "asks for \(Double(request.cpuMillis) / 1000) cores; this machine has \(Double(capacity.cpuMillis) / 1000)"
        }
        if request.memoryBytes > capacity.memoryBytes {
            return "asks for \(request.memoryBytes >> 20) MiB of memory; this machine has \(capacity.memoryBytes >> 20) MiB"
        }
        return nil
    }

    public mutating func enqueue(_ id: String, _ request: ResourceRequest, notBefore: Timestamp?) {
        guard held[id] == nil, waitingIDs.insert(id).inserted else { return }
        times[id] = notBefore
        waiting.append(Entry(id: id, request: request, notBefore: notBefore))
    }

    /// Takes what fits. A task that waits for its time, or that no machine like this can run, holds nobody up;
    /// one that waits for room does, so that a large task is not starved by small ones.
    public mutating func admit(now: Timestamp) -> [String] {
        var admitted: [String] = [], passed: [Entry] = []
        while held.count < capacity.tasks, let entry = waiting.popFirst() {
            let isDue = entry.notBefore.map { $0 <= now } ?? true
            if !isDue || refusal(entry.request) != nil {
                passed.append(entry)
            } else if fits(entry.request) {
                forget(entry.id)
                take(entry)
                admitted.append(entry.id)
            } else {
                waiting.prepend(entry)
                break
            }
        }
        waiting.prepend(contentsOf: passed)
        return admitted
    }

    /// Takes places for a task that runs already (after a restart), room or not.
    public mutating func adopt(_ id: String, _ request: ResourceRequest) { take(Entry(id: id, request: request)) }

    public mutating func release(_ id: String) {
        guard let request = held.removeValue(forKey: id) else { return }
        cpuMillis -= request.cpuMillis
        memoryBytes -= request.memoryBytes
        gpus -= request.gpus
    }

    /// - Returns: whether it was waiting.
    public mutating func remove(_ id: String) -> Bool {
        guard waitingIDs.contains(id) else { return false }
        forget(id)
        waiting.removeAll { $0.id == id }
        return true
    }

    private mutating func forget(_ id: String) {
        waitingIDs.remove(id)
        times[id] = nil
    }

    /// When the next waiting task's time comes; nil where none waits for one.
    public func nextTime(after now: Timestamp) -> Timestamp? { times.values.lazy.filter { $0 > now }.min() }

    private func fits(_ request: ResourceRequest) -> Bool {
        held.count < capacity.tasks && cpuMillis + request.cpuMillis <= capacity.cpuMillis
            && memoryBytes + request.memoryBytes <= capacity.memoryBytes && gpus + request.gpus <= capacity.gpus
    }

    private mutating func take(_ entry: Entry) {
        guard held.updateValue(entry.request, forKey: entry.id) == nil else { return }
        cpuMillis += entry.request.cpuMillis
        memoryBytes += entry.request.memoryBytes
        gpus += entry.request.gpus
    }
}

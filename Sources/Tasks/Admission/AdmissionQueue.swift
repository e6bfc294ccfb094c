import Core

/// Who may start now: fair between namespaces, first come, first served within each. A pure value; the engine is the loop round it.
///
/// - **Turns.** The namespace that holds the smallest dominant share (the largest part that it holds of any resource: cores, memory, GPUs,
///   places for tasks), divided by its weight, goes next. Ties go to the one that has been given least so far, then to the first to come.
/// - **Large tasks.** A first task that finds no room lets those of other namespaces pass, until `patience` × (all weights ÷ its own)
///   tasks have been admitted meanwhile: eight times what its turn takes among tasks of one size. From then on room is kept for it:
///   others start only in what it does not ask for or leaves over, so it starts when what runs ends. Admissions are counted, not
///   seconds: on a full machine every wait is long, and serving by age would undo the weights.
/// - **Aside.** Tasks that wait for their time, or that the machine or their namespace's quota can never hold, hold nobody up. One whose
///   namespace has used up its quota holds up its own namespace only.
///
/// Enqueue, removal and admission take O(log n) of what waits and of the namespaces.
public struct AdmissionQueue: Sendable {
    public typealias Capacity = ResourceAmount

    /// See `AdmissionQueue`: so many fair turns may pass a task by.
    static let patience = 8
    /// First tasks that are looked at for one that has room. It bounds the work of an admission, not who is served in the end.
    static let depth = 64

    public let capacity: Capacity
    /// Most waiting tasks of one namespace.
    public let maximumWaiting: Int

    private var tasks: [String: WaitingTask] = [:]
    private var held: [String: (namespace: String, amount: ResourceAmount)] = [:]
    private var used = ResourceAmount()
    private var lines: [String: NamespaceLine] = [:]
    /// Lines are swept when there are so many.
    private var sweepAt = 1024
    private var times = IndexedHeap<String, DueTime>()
    /// The namespaces whose first task waits for room alone, and the sum of their weights.
    private var turns = IndexedHeap<String, Turn>()
    private var patiences = IndexedHeap<String, Patience>()
    private var weights = 0
    private var arrivals = 0
    private var admissions = 0
    /// What the last one that was served had been given: a namespace that comes back starts from there, so idling saves nothing up.
    private var given = 0.0
    /// Whether anything happened since the last call of `admit` that may let a task start.
    private var isChanged = false
    private var notices: [(id: String, reason: String)] = []

    public init(capacity: Capacity, maximumWaiting: Int = 200_000) {
        self.capacity = capacity
        self.maximumWaiting = maximumWaiting
    }

    public var waitingCount: Int { tasks.count }
    public var admittedCount: Int { held.count }

    /// When the next waiting task's time comes; nil where none waits for one. After `admit`.
    public var nextTime: Timestamp? { times.first?.priority.time }

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

    /// The request with the namespace's defaults, as it counts.
    public func effective(_ request: ResourceRequest, namespace: String) -> ResourceRequest { lines[namespace]?.quota?.filled(request) ?? request }

    // MARK: Tasks

    /// Nothing happens where the id waits already or was admitted.
    /// - Parameter told: the reason for waiting that its owner knows of already.
    /// - Throws: `resourceExhausted` where too many of its namespace wait.
    public mutating func enqueue(
        _ id: String, _ request: ResourceRequest, namespace: String, notBefore: Timestamp?, told: String = ""
    ) throws(MonoflowError) {
        guard held[id] == nil, tasks[id] == nil else { return }
        guard lines[namespace, default: .init()].waitingIDs.count < maximumWaiting else {
            throw MonoflowError(
                .resourceExhausted, "queue task", "namespace \(namespace)", "\(maximumWaiting) tasks wait already", hint: "submit fewer at a time")
        }
        sweep()
        let amount = ResourceAmount(effective(request, namespace: namespace))
        var task = WaitingTask(
            id: id, namespace: namespace, request: request, amount: amount, notBefore: notBefore, arrival: arrivals, place: .aside)
        arrivals += 1
        task.place = place(of: task)
        task.reason = told
        tasks[id] = task
        lines[namespace, default: .init()].waitingIDs.insert(id)
        lines[namespace, default: .init()].waiting += task.amount
        putIn(task)
        // One that waits for its time alone is told of a quota when that has come.
        if task.place != .time { notify(id) }
    }

    /// Takes what fits, in the order of turns.
    public mutating func admit(now: Timestamp) -> [String] {
        while let due = times.first, due.priority.time <= now {
            times.remove(due.key)
            guard var task = tasks[due.key] else { continue }
            task.notBefore = nil
            task.place = .line
            tasks[due.key] = task
            putIn(task)
            notify(due.key)
        }
        guard isChanged else { return [] }
        isChanged = false
        var admitted: [String] = []
        while used.tasks < capacity.tasks, let task = next() {
            take(task)
            admitted.append(task.id)
        }
        return admitted
    }

    /// Takes places for a task that runs already (after a restart), room or not.
    public mutating func adopt(_ id: String, _ request: ResourceRequest, namespace: String) {
        remove(id)
        hold(id, ResourceAmount(effective(request, namespace: namespace)), namespace: namespace)
        refresh(namespace)
    }

    /// Gives the places of an admitted task back.
    public mutating func release(_ id: String) {
        guard let (namespace, amount) = held.removeValue(forKey: id) else { return }
        used -= amount
        lines[namespace]?.held -= amount
        isChanged = true
        refresh(namespace)
    }

    /// - Returns: whether it was waiting.
    @discardableResult
    public mutating func remove(_ id: String) -> Bool {
        guard let task = tasks[id] else { return false }
        takeOut(task)
        isChanged = true
        refresh(task.namespace)
        return true
    }

    // MARK: Namespaces

    /// Sets what a namespace may hold; nil bounds nothing, at weight 1. What was admitted stays so.
    public mutating func setQuota(_ quota: NamespaceQuota?, namespace: String) {
        leaveTurns(namespace)
        let earlier = lines[namespace]?.quota
        lines[namespace, default: .init()].quota = quota
        let waiting = (lines[namespace]?.waitingIDs ?? []).compactMap { tasks[$0] }.sorted { $0.arrival < $1.arrival }
        for var task in waiting {
            if earlier?.defaultRequest != quota?.defaultRequest {
                lines[namespace]?.waiting -= task.amount
                task.amount = ResourceAmount(effective(task.request, namespace: namespace))
                lines[namespace]?.waiting += task.amount
                tasks[task.id] = task
            }
            let place = place(of: task)
            guard place != task.place else { continue }
            lines[namespace]?.line.remove(task.id)
            times.remove(task.id)
            tasks[task.id]?.place = place
            task.place = place
            putIn(task, refreshing: false)
        }
        isChanged = true
        refresh(namespace)
        for task in waiting where !task.reason.isEmpty || tasks[task.id]?.place == .aside { notify(task.id) }
    }

    public func usage(_ namespace: String) -> NamespaceUsage { lines[namespace].map(Self.usage) ?? NamespaceUsage() }

    /// Of every namespace that holds something, waits for something or has a quota.
    public func usage() -> [String: NamespaceUsage] { lines.filter { !$0.value.isIdle }.mapValues(Self.usage) }

    private static func usage(_ line: NamespaceLine) -> NamespaceUsage {
        var usage = NamespaceUsage()
        (usage.held, usage.waiting, usage.quota) = (line.held, line.waiting, line.quota)
        return usage
    }

    /// What owners are to be told since the last call, oldest first: why a task waits, or an empty text where what was said holds no longer.
    public mutating func takeNotices() -> [(id: String, reason: String)] {
        defer { notices = [] }
        return notices
    }
}

// MARK: - Within

extension AdmissionQueue {
    private func firstTask(of namespace: String) -> WaitingTask? { lines[namespace]?.line.first.flatMap { tasks[$0.key] } }

    /// The task that starts next; nil where none has room, or none may take it.
    private func next() -> WaitingTask? {
        var kept: ResourceAmount?
        if let overdue = patiences.first, overdue.priority.until <= admissions, let task = firstTask(of: overdue.key) {
            if task.amount.fits(in: capacity, beside: used) { return task }
            kept = task.amount
        }
        let turn = turns.first(most: Self.depth) { turn in
            turn.priority.amount.fits(in: capacity, beside: used) && (kept.map { turn.priority.amount.spares($0, in: capacity, beside: used) } ?? true)
        }
        return turn.flatMap { firstTask(of: $0.key) }
    }

    private func place(of task: WaitingTask) -> WaitingTask.Place { tooLarge(task) != nil ? .aside : task.notBefore != nil ? .time : .line }

    /// Why it can never start as things are.
    private func tooLarge(_ task: WaitingTask) -> String? {
        refusal(effective(task.request, namespace: task.namespace))
            ?? lines[task.namespace]?.quota?.excess(task.amount, beside: nil).map { "namespace \(task.namespace): " + $0 }
    }

    private mutating func putIn(_ task: WaitingTask, refreshing: Bool = true) {
        switch task.place {
        case .aside: break
        case .time: if let time = task.notBefore { times.set(task.id, DueTime(time: time, arrival: task.arrival)) }
        case .line:
            lines[task.namespace]?.line.set(task.id, task.arrival)
            // A line whose first task stays the same changes nothing for anybody.
            if refreshing, lines[task.namespace]?.line.first?.key == task.id { refresh(task.namespace) }
        }
    }

    private mutating func takeOut(_ task: WaitingTask) {
        tasks[task.id] = nil
        times.remove(task.id)
        lines[task.namespace]?.line.remove(task.id)
        lines[task.namespace]?.waitingIDs.remove(task.id)
        lines[task.namespace]?.waiting -= task.amount
    }

    private mutating func hold(_ id: String, _ amount: ResourceAmount, namespace: String) {
        guard held[id] == nil else { return }
        held[id] = (namespace, amount)
        used += amount
        lines[namespace, default: .init()].held += amount
    }

    private mutating func take(_ task: WaitingTask) {
        if !task.reason.isEmpty { notices.append((task.id, "")) }
        takeOut(task)
        hold(task.id, task.amount, namespace: task.namespace)
        admissions += 1
        given = lines[task.namespace]?.given ?? given
        let weight = lines[task.namespace]?.weight ?? 1
        lines[task.namespace]?.given += task.amount.dominantShare(of: capacity) / Double(weight)
        patiences.remove(task.namespace)
        refresh(task.namespace)
    }

    /// Sets the namespace's turn after anything of it has changed.
    private mutating func refresh(_ namespace: String) {
        guard let task = firstTask(of: namespace) else {
            lines[namespace]?.excess = nil
            return leaveTurns(namespace)
        }
        let excess = lines[namespace].flatMap { line in line.quota?.excess(task.amount, beside: line.held) }
        lines[namespace]?.excess = excess
        guard excess == nil else {
            leaveTurns(namespace)
            return notify(task.id)
        }
        if !task.reason.isEmpty { notify(task.id) }
        let weight = lines[namespace]?.weight ?? 1
        if lines[namespace]?.isReady == false {
            let level = max(lines[namespace]?.given ?? 0, given)
            lines[namespace]?.isReady = true
            lines[namespace]?.given = level
            weights += weight
        }
        let share = lines[namespace]?.held.dominantShare(of: capacity) ?? 0, level = lines[namespace]?.given ?? 0
        turns.set(namespace, Turn(share: share / Double(weight), given: level, arrival: task.arrival, amount: task.amount))
        if !patiences.contains(namespace) {
            patiences.set(namespace, Patience(until: admissions + Self.patience * ((weights + weight - 1) / weight), arrival: task.arrival))
        }
        isChanged = true
    }

    private mutating func leaveTurns(_ namespace: String) {
        turns.remove(namespace)
        patiences.remove(namespace)
        guard lines[namespace]?.isReady == true else { return }
        lines[namespace]?.isReady = false
        weights -= lines[namespace]?.weight ?? 1
    }

    /// Tells the owner why the task may not start, where that is new.
    private mutating func notify(_ id: String) {
        guard let task = tasks[id] else { return }
        let reason = tooLarge(task) ?? quotaReason(task) ?? ""
        guard reason != task.reason else { return }
        tasks[id]?.reason = reason
        notices.append((id, reason))
    }

    private func quotaReason(_ task: WaitingTask) -> String? {
        guard task.place == .line, let line = lines[task.namespace] else { return nil }
        if let excess = line.quota?.excess(task.amount, beside: line.held) { return "namespace \(task.namespace): " + excess }
        return line.excess.map { "namespace \(task.namespace): behind an earlier task that waits for \($0)" }
    }

    /// Forgets namespaces that hold and wait for nothing, when many have gathered.
    private mutating func sweep() {
        guard lines.count >= sweepAt else { return }
        for (namespace, line) in lines where line.isIdle { lines[namespace] = nil }
        sweepAt = max(1024, 2 * lines.count)
    }
}

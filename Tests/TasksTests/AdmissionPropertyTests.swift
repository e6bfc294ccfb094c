import Core
import Testing

@testable import Tasks

/// Random namespaces, quotas, sizes and durations, the same at each run; what must hold holds after every step.
@Suite struct AdmissionPropertyTests {
    /// What the queue should know, kept the simple way.
    private struct Model {
        var held: [String: (namespace: String, request: ResourceRequest)] = [:]
        var waiting: [String: (namespace: String, request: ResourceRequest)] = [:]
        var quotas: [String: NamespaceQuota] = [:]

        func sum(_ tasks: [String: (namespace: String, request: ResourceRequest)], _ namespace: String? = nil) -> ResourceAmount {
            var sum = ResourceAmount()
            for task in tasks.values where namespace == nil || task.namespace == namespace {
                sum += ResourceAmount(quotas[task.namespace]?.filled(task.request) ?? task.request)
            }
            return sum
        }
    }

    private func isWithin(_ amount: ResourceAmount, _ bounds: ResourceAmount) -> Bool {
        amount.cpuMillis <= bounds.cpuMillis && amount.memoryBytes <= bounds.memoryBytes && amount.gpus <= bounds.gpus && amount.tasks <= bounds.tasks
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64]) func nothingIsExceededAndNothingIsLost(seed: UInt64) throws {
        var generator = Generator(state: seed), model = Model(), clock: Int64 = 0
        let capacity = ResourceAmount(cpuMillis: 8000, memoryBytes: 64, gpus: 2, tasks: 12), namespaces = (0..<7).map { "n\($0)" }
        var queue = AdmissionQueue(capacity: capacity)
        func random(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
        func request() -> ResourceRequest {
            ResourceRequest(cpuMillis: random(0...9) * 1000, memoryBytes: Int64(random(0...30)), gpus: random(0...9) == 0 ? random(1...3) : 0)
        }
        for step in 0..<3000 {
            clock += 1
            let namespace = namespaces[random(0...6)]
            switch random(0...9) {
            case 0...3:
                let request = request(), id = "t\(step)"
                model.waiting[id] = (namespace, request)
                let notBefore = random(0...4) == 0 ? Timestamp(milliseconds: clock + Int64(random(1...50))) : nil
                try queue.enqueue(id, request, namespace: namespace, notBefore: notBefore)
            case 4...6:
                guard let id = model.held.keys.sorted().randomElement(using: &generator) else { continue }
                model.held[id] = nil
                queue.release(id)
            case 7:
                guard let id = model.waiting.keys.sorted().randomElement(using: &generator) else { continue }
                model.waiting[id] = nil
                let removed = queue.remove(id)
                #expect(removed)
            case 8:
                // A smaller quota leaves what runs alone, so only larger ones than what is held keep the bound checkable.
                let held = model.sum(model.held, namespace)
                let quota = NamespaceQuota(
                    cpuMillis: max(held.cpuMillis, random(1...8) * 1000), gpus: random(0...1) == 0 ? nil : max(held.gpus, random(0...2)),
                    tasks: max(held.tasks, random(0...5)), weight: random(-1...200))
                model.quotas[namespace] = random(0...3) == 0 ? nil : quota
                queue.setQuota(model.quotas[namespace], namespace: namespace)
            default:
                guard model.sum(model.held).tasks < 10 else { continue }
                // A task that ran before takes its places whether there is room or not; a small one, so that the bound stays checkable.
                let request = ResourceRequest(), id = "r\(step)"
                guard (model.quotas[namespace]?.tasks).map({ model.sum(model.held, namespace).tasks < $0 }) ?? true else { continue }
                model.held[id] = (namespace, request)
                queue.adopt(id, request, namespace: namespace)
            }
            for id in queue.admit(now: Timestamp(milliseconds: clock)) {
                let task = model.waiting.removeValue(forKey: id)
                #expect(task != nil, "\(id) was admitted and did not wait")
                model.held[id] = task
            }
            #expect(isWithin(model.sum(model.held), capacity))
            for (namespace, quota) in model.quotas {
                let held = model.sum(model.held, namespace)
                #expect(isWithin(held, .init(
                    cpuMillis: quota.cpuMillis ?? .max, memoryBytes: quota.memoryBytes ?? .max, gpus: quota.gpus ?? .max, tasks: quota.tasks ?? .max)))
            }
            for namespace in namespaces {
                let usage = queue.usage(namespace)
                #expect(usage.held == model.sum(model.held, namespace) && usage.waiting == model.sum(model.waiting, namespace))
            }
            #expect(queue.waitingCount == model.waiting.count && queue.admittedCount == model.held.count)
        }
        // Without quotas everything that fits on the machine comes to its end.
        for namespace in namespaces { queue.setQuota(nil, namespace: namespace) }
        for _ in 0..<20_000 where !model.held.isEmpty || !queue.usage().isEmpty {
            clock += 100
            for id in queue.admit(now: Timestamp(milliseconds: clock)) { model.held[id] = model.waiting.removeValue(forKey: id) }
            guard let id = model.held.keys.sorted().first else { break }
            model.held[id] = nil
            queue.release(id)
        }
        #expect(model.waiting.values.allSatisfy { queue.refusal($0.request) != nil })
        #expect(queue.waitingCount == model.waiting.count && queue.admittedCount == 0)
    }

    /// Every namespace always has tasks waiting; the parts of the machine that they hold, over time, are as their weights.
    @Test(arguments: [
        [1, 1, 1], [1, 2, 5], [10, 1, 1, 1, 1],
    ]) func sharesFollowWeights(weights: [Int]) throws {
        var generator = Generator(state: 11)
        let cores = 100, largest = 0.5 * Double(weights.count)
        var queue = AdmissionQueue(capacity: .init(cpuMillis: cores * 1000, memoryBytes: 1000, gpus: 0, tasks: 1000))
        for (index, weight) in weights.enumerated() { queue.setQuota(NamespaceQuota(weight: weight), namespace: "n\(index)") }
        var ends: [Int: [String]] = [:], integral = [Int](repeating: 0, count: weights.count), next = 0
        for tick in 0..<4000 {
            for id in ends.removeValue(forKey: tick) ?? [] { queue.release(id) }
            for index in weights.indices {
                while queue.usage("n\(index)").waiting.tasks < 50 {
                    // Namespaces differ in the size of their tasks and in how long these take.
                    try queue.enqueue("t\(next)", cpu(500 * (1 + index)), namespace: "n\(index)", notBefore: nil)
                    next += 1
                }
            }
            for id in queue.admit(now: Timestamp(milliseconds: Int64(tick))) { ends[tick + Int.random(in: 1...30, using: &generator), default: []].append(id) }
            if tick > 200 { for index in weights.indices { integral[index] += queue.usage("n\(index)").held.cpuMillis } }
        }
        let all = Double(integral.reduce(0, +)), total = Double(weights.reduce(0, +))
        #expect(all > 0.95 * Double(cores * 1000 * 3799), "the machine is kept busy")
        for index in weights.indices {
            let share = Double(integral[index]) / all, due = Double(weights[index]) / total
            // To within one task of the largest size.
            #expect(abs(share - due) < largest / Double(cores), "n\(index) held \(share) of the machine; its weight is \(due) of all")
        }
    }

    /// However the sizes and namespaces are drawn, none waits longer for its turn than the bound: 8 × 8 admissions and those of the
    /// others whose patience ended before.
    @Test(arguments: [21, 22] as [UInt64]) func nobodyStarves(seed: UInt64) throws {
        var generator = Generator(state: seed), namespaceOf: [String: Int] = [:]
        let count = 8
        var queue = AdmissionQueue(capacity: .init(cpuMillis: 16_000, memoryBytes: 1000, gpus: 0, tasks: 64))
        var ends: [Int: [String]] = [:], next = 0, admissions = 0, lastServed = [Int](repeating: 0, count: count), longest = 0
        for tick in 0..<2000 {
            for id in ends.removeValue(forKey: tick) ?? [] { queue.release(id) }
            for index in 0..<count where queue.usage("n\(index)").waiting.tasks < 3 {
                // The first namespaces ask for the whole machine, the last for next to nothing.
                let size = index < 2 ? 16_000 : Int.random(in: 0...(16_000 >> index), using: &generator)
                try queue.enqueue("t\(next)", cpu(size), namespace: "n\(index)", notBefore: nil)
                namespaceOf["t\(next)"] = index
                next += 1
            }
            for id in queue.admit(now: Timestamp(milliseconds: Int64(tick))) {
                admissions += 1
                let index = try #require(namespaceOf[id])
                longest = max(longest, admissions - lastServed[index])
                lastServed[index] = admissions
                ends[tick + Int.random(in: 1...12, using: &generator), default: []].append(id)
            }
        }
        longest = max(longest, lastServed.map { admissions - $0 }.max() ?? 0)
        #expect(longest <= 8 * count + count && admissions > 2000, "the longest wait was \(longest) of \(admissions) admissions")
    }

    @Test func theHeapIsInOrder() {
        var generator = Generator(state: 5), heap = IndexedHeap<Int, Int>(), model: [Int: Int] = [:]
        for _ in 0..<5000 {
            let key = Int.random(in: 0..<200, using: &generator)
            if Int.random(in: 0..<3, using: &generator) == 0 {
                let removed = heap.remove(key), known = model.removeValue(forKey: key) != nil
                #expect(removed == known)
            } else {
                // Priorities differ, as the queue's do.
                model[key] = Int.random(in: 0..<1000, using: &generator) * 1000 + key
                heap.set(key, model[key] ?? 0)
            }
            #expect(heap.count == model.count && heap.first?.priority == model.values.min())
        }
        var seen: [Int] = []
        let found = heap.first(most: 50) { element in
            seen.append(element.priority)
            return false
        }
        #expect(found == nil)
        #expect(seen == Array(model.values.sorted().prefix(50)))
    }
}

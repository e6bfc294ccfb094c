import Core
import Testing

@testable import Tasks

/// Who goes next where several namespaces want the machine.
@Suite struct FairShareTests {
    @Test func theSmallestShareGoesNext() throws {
        let queue = QueueBox(cpu: 4000, tasks: 100)
        for index in 0..<6 { try queue.enqueue("a\(index)", cpu(1000), in: "a") }
        for index in 0..<6 { try queue.enqueue("b\(index)", cpu(1000), in: "b") }
        #expect(queue.admit() == ["a0", "b0", "a1", "b1"], "ties by arrival")
        queue.release("a0")
        queue.release("a1")
        #expect(queue.admit() == ["a2", "a3"])
    }

    @Test func theDominantResourceCounts() throws {
        // a's tasks are each 1/10 of the memory, b's 1/5 of the cores: two of a weigh as one of b.
        let queue = QueueBox(cpu: 1000, memory: 1000, tasks: 1000)
        for index in 0..<9 { try queue.enqueue("a\(index)", ResourceRequest(cpuMillis: 10, memoryBytes: 100), in: "a") }
        for index in 0..<9 { try queue.enqueue("b\(index)", ResourceRequest(cpuMillis: 200, memoryBytes: 10), in: "b") }
        #expect(queue.admit() == ["a0", "b0", "a1", "a2", "b1", "a3", "a4", "b2", "a5", "a6", "b3", "a7", "a8"])
    }

    @Test func weightsDivide() throws {
        let queue = QueueBox(cpu: 8000, tasks: 100)
        queue.setQuota(NamespaceQuota(weight: 3), "a")
        for index in 0..<10 { try queue.enqueue("a\(index)", cpu(1000), in: "a") }
        for index in 0..<10 { try queue.enqueue("b\(index)", cpu(1000), in: "b") }
        let admitted = queue.admit()
        #expect(admitted.count { $0.hasPrefix("a") } == 6 && admitted.count == 8)
    }

    /// Where one task fills the machine all shares are zero at each turn: what each was given so far decides.
    @Test func oneAtATimeTheyTakeTurns() throws {
        let queue = QueueBox(tasks: 1)
        for index in 0..<20 { try queue.enqueue("a\(index)", cpu(0), in: "a") }
        var order: [String] = queue.admit(), next = 0
        while order.count < 10 {
            // b and c never have more than one: they come back as soon as theirs has ended.
            for namespace in ["b", "c"] where queue.value.usage(namespace).waiting.tasks == 0 && queue.value.usage(namespace).held.tasks == 0 {
                try queue.enqueue("\(namespace)\(next)", cpu(0), in: namespace)
                next += 1
            }
            queue.release(order.last ?? "")
            order += queue.admit()
        }
        #expect(order.count { $0.hasPrefix("a") } >= 3, "\(order)")
        #expect(order.count { $0.hasPrefix("b") } >= 3 && order.count { $0.hasPrefix("c") } >= 3, "\(order)")
    }

    @Test func aLargeTaskIsNotStarvedByOthers() throws {
        let queue = QueueBox(cpu: 2000, tasks: 100)
        var running: [String] = [], index = 0, passed = 0
        func small() throws {
            try queue.enqueue("b\(index)", cpu(1000), in: "b")
            index += 1
        }
        for _ in 0..<4 { try small() }
        running = queue.admit()
        try queue.enqueue("large", cpu(2000), in: "a")
        // One of b's ends at a time, and another always waits.
        while !running.contains("large") && passed < 100 {
            try small()
            queue.release(running.removeFirst())
            let admitted = queue.admit()
            passed += admitted.count
            running += admitted
            try #require(!running.isEmpty)
        }
        #expect(running == ["large"])
        #expect(passed > 1 && passed <= 17, "others pass for a while, and no longer")
    }

    /// A namespace with a small task that never ends holds more than nothing: without the bound the others would always go first.
    @Test func aSmallTaskThatStaysDoesNotCostTheNextOneItsTurn() throws {
        let queue = QueueBox(cpu: 2100, tasks: 100)
        queue.adopt("notebook", cpu(100), in: "b")
        try queue.enqueue("b", cpu(2000), in: "b")
        var running = [String](), count = 0
        try queue.enqueue("a", cpu(2000), in: "a")
        while !running.contains("b") && count < 100 {
            if let last = running.last { queue.release(last) }
            try queue.enqueue("a\(count)", cpu(2000), in: "a")
            running += queue.admit()
            count += 1
        }
        #expect(count <= 18)
    }

    /// While room is kept for a task that lacks GPUs, cores go on being used.
    @Test func whatTheWaitingOneDoesNotNeedIsUsed() throws {
        let queue = QueueBox(cpu: 4000, gpus: 2, tasks: 200)
        queue.adopt("trains", ResourceRequest(gpus: 1), in: "a")
        try queue.enqueue("gpus", ResourceRequest(cpuMillis: 1000, gpus: 2), in: "a")
        for index in 0..<40 {
            try queue.enqueue("b\(index)", cpu(1000), in: "b")
            try queue.enqueue("g\(index)", ResourceRequest(gpus: 1), in: "c")
        }
        var running = queue.admit(), admitted = running
        // Long past the time at which room is kept for it.
        for _ in 0..<60 {
            for id in running { queue.release(id) }
            running = queue.admit()
            admitted += running
        }
        #expect(admitted.count { $0.hasPrefix("b") } == 40)
        #expect(admitted.count { $0.hasPrefix("g") } < 40, "the GPUs are kept")
        #expect(!admitted.contains("gpus"))
        queue.release("trains")
        #expect(queue.admit().first == "gpus")
    }

    /// Nothing in here is linear in what waits: with a list for a queue this takes minutes.
    @Test func hundredThousandWait() throws {
        let queue = QueueBox(cpu: 16_000, tasks: 16), count = 100_000
        for index in 0..<count { try queue.enqueue("t\(index)", cpu(index % 40 * 100), in: "n\(index % 50)") }
        var removed = 0, ended = 0
        // From the front, the back and the middle.
        for index in stride(from: 0, to: count, by: 4) where queue.remove("t\(index)") { removed += 1 }
        var running = queue.admit()
        for _ in 0..<2000 {
            queue.release(running.removeFirst())
            ended += 1
            running += queue.admit()
        }
        #expect(removed == count / 4 && queue.admittedCount == running.count)
        #expect(queue.waitingCount == count - removed - ended - running.count)
        for index in 0..<50 { #expect(queue.value.usage("n\(index)").waiting.tasks < 2000, "each had its turns") }
    }
}

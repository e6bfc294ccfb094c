import Core
import Testing

@testable import Tasks

@Suite struct AdmissionQueueTests {
    private let now = Timestamp(milliseconds: 1_000)

    private func queue(cpu: Int = 2000, memory: Int64 = 1 << 30, gpus: Int = 0, tasks: Int = 3) -> AdmissionQueue {
        AdmissionQueue(capacity: .init(cpuMillis: cpu, memoryBytes: memory, gpus: gpus, tasks: tasks))
    }

    private func admit(_ queue: inout AdmissionQueue, _ now: Timestamp) -> [String] { queue.admit(now: now) }

    @Test func firstComeFirstServedUpToTheNumberOfTasks() {
        var queue = queue()
        for id in ["a", "b", "c", "d", "e"] { queue.enqueue(id, ResourceRequest(), notBefore: nil) }
        #expect(admit(&queue, now) == ["a", "b", "c"])
        #expect(admit(&queue, now) == [])
        queue.release("b")
        #expect(admit(&queue, now) == ["d"])
        #expect((queue.waitingCount, queue.admittedCount) == (1, 3))
    }

    @Test func aLargeTaskIsNotStarvedBySmallOnes() {
        var queue = queue(tasks: 10)
        queue.enqueue("small", ResourceRequest(cpuMillis: 500), notBefore: nil)
        queue.enqueue("large", ResourceRequest(cpuMillis: 2000), notBefore: nil)
        queue.enqueue("later", ResourceRequest(cpuMillis: 500), notBefore: nil)
        #expect(admit(&queue, now) == ["small"])
        #expect(admit(&queue, now) == [], "what waits for room holds up those behind it")
        queue.release("small")
        #expect(admit(&queue, now) == ["large"])
        queue.release("large")
        #expect(admit(&queue, now) == ["later"])
    }

    @Test(arguments: [
        (ResourceRequest(cpuMillis: 2001), "2.001 cores"), (ResourceRequest(memoryBytes: 2 << 30), "2048 MiB"), (ResourceRequest(gpus: 1), "1 GPU"),
    ])
    func whatNoMachineLikeThisCanRunIsRefusedWithItsReasonAndHoldsNobodyUp(request: ResourceRequest, reason: String) {
        var queue = queue()
        #expect(queue.refusal(request)?.contains(reason) == true, "\(String(describing: queue.refusal(request)))")
        queue.enqueue("never", request, notBefore: nil)
        queue.enqueue("next", ResourceRequest(), notBefore: nil)
        #expect(admit(&queue, now) == ["next"])
        #expect(queue.waitingCount == 1)
    }

    @Test func aTaskWaitsForItsTime() {
        var queue = queue()
        queue.enqueue("later", ResourceRequest(), notBefore: Timestamp(milliseconds: 5_000))
        queue.enqueue("now", ResourceRequest(), notBefore: nil)
        #expect(admit(&queue, now) == ["now"])
        #expect(queue.nextTime(after: now) == Timestamp(milliseconds: 5_000))
        #expect(admit(&queue, Timestamp(milliseconds: 5_000)) == ["later"])
        #expect(queue.nextTime(after: now) == nil)
    }

    @Test func adoptedTasksHoldPlacesEvenBeyondTheCapacity() {
        var queue = queue(tasks: 1)
        queue.adopt("x", ResourceRequest(cpuMillis: 1500))
        queue.adopt("y", ResourceRequest(cpuMillis: 1500))
        queue.enqueue("new", ResourceRequest(), notBefore: nil)
        #expect(admit(&queue, now) == [])
        queue.release("x")
        #expect(admit(&queue, now) == [])
        queue.release("y")
        queue.release("y")
        #expect(admit(&queue, now) == ["new"])
    }

    @Test func enqueuedOnceAndRemoved() {
        var queue = queue()
        queue.enqueue("a", ResourceRequest(), notBefore: nil)
        queue.enqueue("a", ResourceRequest(), notBefore: nil)
        #expect(queue.waitingCount == 1)
        let removed = [queue.remove("a"), queue.remove("a")]
        #expect(removed == [true, false])
        #expect(admit(&queue, now) == [])
    }
}

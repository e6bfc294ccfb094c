import Core
import Testing

@testable import Tasks

/// A queue that `#expect` may call: it takes no mutating calls on variables.
final class QueueBox {
    var value: AdmissionQueue
    init(cpu: Int = 2000, memory: Int64 = 1000, gpus: Int = 1, tasks: Int = 10, maximumWaiting: Int = 200_000) {
        value = AdmissionQueue(capacity: .init(cpuMillis: cpu, memoryBytes: memory, gpus: gpus, tasks: tasks), maximumWaiting: maximumWaiting)
    }
    var admittedCount: Int { value.admittedCount }
    var waitingCount: Int { value.waitingCount }
    func admit(now: Timestamp = Timestamp(milliseconds: 1000)) -> [String] { value.admit(now: now) }
    func enqueue(_ id: String, _ request: ResourceRequest, in namespace: String = "default", notBefore: Timestamp? = nil, told: String = "") throws {
        try value.enqueue(id, request, namespace: namespace, notBefore: notBefore, told: told)
    }
    func release(_ id: String) { value.release(id) }
    func adopt(_ id: String, _ request: ResourceRequest, in namespace: String = "default") { value.adopt(id, request, namespace: namespace) }
    func remove(_ id: String) -> Bool { value.remove(id) }
    func refusal(_ request: ResourceRequest) -> String? { value.refusal(request) }
    func setQuota(_ quota: NamespaceQuota?, _ namespace: String) { value.setQuota(quota, namespace: namespace) }
    func notices() -> [String] { value.takeNotices().map { $0.id + ": " + $0.reason } }
}

func cpu(_ millis: Int) -> ResourceRequest { ResourceRequest(cpuMillis: millis) }

/// One namespace alone: the rules that hold whoever else is there.
@Suite struct AdmissionQueueTests {
    private func queue(_ requests: [(String, ResourceRequest)], tasks: Int = 10) throws -> QueueBox {
        let queue = QueueBox(tasks: tasks)
        for (id, request) in requests { try queue.enqueue(id, request) }
        return queue
    }

    @Test(arguments: [
        // Everything fits.
        ([("a", 500), ("b", 500), ("c", 1000)], 10, ["a", "b", "c"]),
        // The large one waits for room and holds back the small ones behind it.
        ([("a", 1500), ("b", 1000), ("c", 100)], 10, ["a"]),
        // One that no machine like this can run holds nobody up.
        ([("a", 9000), ("b", 1000), ("c", 100)], 10, ["b", "c"]),
        // The number of tasks is bounded, whatever they ask for.
        ([("a", 0), ("b", 0), ("c", 0)], 2, ["a", "b"]),
    ])
    func admitsInOrder(requests: [(String, Int)], tasks: Int, expected: [String]) throws {
        let queue = try queue(requests.map { ($0.0, cpu($0.1)) }, tasks: tasks)
        #expect(queue.admit() == expected)
        #expect(queue.admittedCount == expected.count)
        #expect(queue.waitingCount == requests.count - expected.count)
        #expect(queue.admit() == [], "what was admitted is not admitted again")
    }

    @Test func aLargeTaskIsNotStarvedByItsOwn() throws {
        let queue = try queue([("small1", cpu(1000)), ("small2", cpu(1000)), ("large", cpu(2000)), ("small3", cpu(1000))])
        #expect(queue.admit() == ["small1", "small2"])
        queue.release("small1")
        #expect(queue.admit() == [], "a small one behind must not take the room that the large one waits for")
        queue.release("small2")
        #expect(queue.admit() == ["large"])
        queue.release("large")
        #expect(queue.admit() == ["small3"])
    }

    @Test func eachResourceCounts() throws {
        let queue = try queue([("m1", ResourceRequest(memoryBytes: 600)), ("m2", ResourceRequest(memoryBytes: 600))])
        #expect(queue.admit() == ["m1"])
        let gpus = try self.queue([("g1", ResourceRequest(gpus: 1)), ("g2", ResourceRequest(gpus: 1))])
        #expect(gpus.admit() == ["g1"])
        #expect(queue.refusal(ResourceRequest(gpus: 2))?.contains("2 GPU") == true)
        #expect(queue.refusal(cpu(2001))?.contains("cores") == true)
        #expect(queue.refusal(ResourceRequest(memoryBytes: 1001))?.contains("memory") == true)
        #expect(queue.refusal(cpu(2000)) == nil)
    }

    @Test func oneThatWaitsForItsTimeHoldsNobodyUp() throws {
        let queue = QueueBox()
        try queue.enqueue("later", cpu(2000), notBefore: Timestamp(milliseconds: 5000))
        try queue.enqueue("latest", cpu(1), notBefore: Timestamp(milliseconds: 9000))
        try queue.enqueue("now", cpu(1000))
        #expect(queue.admit() == ["now"])
        #expect(queue.value.nextTime == Timestamp(milliseconds: 5000))
        try queue.enqueue("after", cpu(2000))
        #expect(queue.admit(now: Timestamp(milliseconds: 5000)) == [], "due, and waits for room")
        queue.release("now")
        #expect(queue.admit(now: Timestamp(milliseconds: 5000)) == ["later"], "it keeps the place of its arrival")
        #expect(queue.value.nextTime == Timestamp(milliseconds: 9000))
        #expect(queue.remove("latest"))
        #expect(queue.value.nextTime == nil)
    }

    @Test func anIdHasOnePlace() throws {
        let queue = try queue([("a", cpu(1000)), ("a", cpu(1000))])
        #expect(queue.waitingCount == 1)
        #expect(queue.admit() == ["a"])
        try queue.enqueue("a", cpu(1000))
        #expect(queue.waitingCount == 0, "it holds a place already")
        queue.adopt("a", cpu(1000))
        queue.release("a")
        queue.release("a")
        try queue.enqueue("b", cpu(2000))
        #expect(queue.admit() == ["b"], "its places were given back once")
    }

    @Test func adoptedTasksTakePlacesRoomOrNot() throws {
        let queue = try queue([("a", cpu(500))])
        queue.adopt("running1", cpu(2000))
        queue.adopt("running2", cpu(2000))
        #expect(queue.admit() == [])
        try queue.enqueue("light", cpu(0), in: "other")
        #expect(queue.admit() == ["light"], "what is not asked for needs no room")
        queue.release("running1")
        #expect(queue.admit() == [])
        queue.release("running2")
        #expect(queue.admit() == ["a"])
    }

    @Test func removedOnesDoNotStart() throws {
        let queue = try queue([("a", cpu(2000)), ("b", cpu(1))])
        #expect(queue.remove("a"))
        #expect(!queue.remove("a"))
        #expect(!queue.remove("zz"))
        #expect(queue.admit() == ["b"])
    }

    @Test func theLineIsBounded() throws {
        let queue = QueueBox(maximumWaiting: 2)
        for id in ["a", "b"] { try queue.enqueue(id, cpu(1)) }
        let error = #expect(throws: MonoflowError.self) { try queue.enqueue("c", cpu(1)) }
        #expect(error?.code == .resourceExhausted && error?.reason.hasPrefix("namespace default: 2 tasks wait already") == true)
        try queue.enqueue("d", cpu(1), in: "other")
        #expect(queue.admit().count == 3)
        try queue.enqueue("c", cpu(1))
        #expect(queue.admit() == ["c"])
    }
}

/// Random numbers that are the same at each test.
struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 31)
    }
}

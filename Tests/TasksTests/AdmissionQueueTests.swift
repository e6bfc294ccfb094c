import Core
import Testing

@testable import Tasks

@Suite struct AdmissionQueueTests {
    private let now = Timestamp(milliseconds: 1000)

    /// A queue that `#expect` may call: it takes no mutating calls on variables.
    private final class Box {
        var value: AdmissionQueue
        init(_ value: AdmissionQueue) { self.value = value }
        var admittedCount: Int { value.admittedCount }
        var waitingCount: Int { value.waitingCount }
        func admit(now: Timestamp) -> [String] { value.admit(now: now) }
        func enqueue(_ id: String, _ request: ResourceRequest, notBefore: Timestamp?) { value.enqueue(id, request, notBefore: notBefore) }
        func release(_ id: String) { value.release(id) }
        func adopt(_ id: String, _ request: ResourceRequest) { value.adopt(id, request) }
        func remove(_ id: String) -> Bool { value.remove(id) }
        func refusal(_ request: ResourceRequest) -> String? { value.refusal(request) }
        func nextTime(after now: Timestamp) -> Timestamp? { value.nextTime(after: now) }
    }

    private func queue(_ requests: [(String, ResourceRequest)], tasks: Int = 10) -> Box {
        let queue = Box(AdmissionQueue(capacity: .init(cpuMillis: 2000, memoryBytes: 1000, gpus: 1, tasks: tasks)))
        for (id, request) in requests { queue.enqueue(id, request, notBefore: nil) }
        return queue
    }

    private func cpu(_ millis: Int) -> ResourceRequest { ResourceRequest(cpuMillis: millis) }

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
    func admitsInOrder(requests: [(String, Int)], tasks: Int, expected: [String]) {
        let queue = queue(requests.map { ($0.0, cpu($0.1)) }, tasks: tasks)
        #expect(queue.admit(now: now) == expected)
        #expect(queue.admittedCount == expected.count)
        #expect(queue.waitingCount == requests.count - expected.count)
        #expect(queue.admit(now: now) == [], "what was admitted is not admitted again")
    }

    @Test func aLargeTaskIsNotStarved() {
        let queue = queue([("small1", cpu(1000)), ("small2", cpu(1000)), ("large", cpu(2000)), ("small3", cpu(1000))])
        #expect(queue.admit(now: now) == ["small1", "small2"])
        queue.release("small1")
        #expect(queue.admit(now: now) == [], "a small one behind must not take the room that the large one waits for")
        queue.release("small2")
        #expect(queue.admit(now: now) == ["large"])
        queue.release("large")
        #expect(queue.admit(now: now) == ["small3"])
    }

    @Test func eachResourceCounts() {
        let queue = queue([("m1", ResourceRequest(memoryBytes: 600)), ("m2", ResourceRequest(memoryBytes: 600))])
        #expect(queue.admit(now: now) == ["m1"])
        let gpus = self.queue([("g1", ResourceRequest(gpus: 1)), ("g2", ResourceRequest(gpus: 1))])
        #expect(gpus.admit(now: now) == ["g1"])
        #expect(queue.refusal(ResourceRequest(gpus: 2))?.contains("2 GPU") == true)
        #expect(queue.refusal(cpu(2001))?.contains("cores") == true)
        #expect(queue.refusal(ResourceRequest(memoryBytes: 1001))?.contains("memory") == true)
        #expect(queue.refusal(cpu(2000)) == nil)
    }

    @Test func oneThatWaitsForItsTimeHoldsNobodyUp() {
        let queue = queue([])
        queue.enqueue("later", cpu(2000), notBefore: Timestamp(milliseconds: 5000))
        queue.enqueue("latest", cpu(1), notBefore: Timestamp(milliseconds: 9000))
        queue.enqueue("now", cpu(1000), notBefore: nil)
        #expect(queue.nextTime(after: now) == Timestamp(milliseconds: 5000))
        #expect(queue.admit(now: now) == ["now"])
        #expect(queue.admit(now: Timestamp(milliseconds: 5000)) == [], "due, and waits for room")
        queue.release("now")
        #expect(queue.admit(now: Timestamp(milliseconds: 5000)) == ["later"])
        #expect(queue.nextTime(after: Timestamp(milliseconds: 5000)) == Timestamp(milliseconds: 9000))
        #expect(queue.remove("latest"))
        #expect(queue.nextTime(after: now) == nil)
    }

    @Test func anIdHasOnePlace() {
        let queue = queue([("a", cpu(1000)), ("a", cpu(1000))])
        #expect(queue.waitingCount == 1)
        #expect(queue.admit(now: now) == ["a"])
        queue.enqueue("a", cpu(1000), notBefore: nil)
        #expect(queue.waitingCount == 0, "it holds a place already")
        queue.adopt("a", cpu(1000))
        queue.release("a")
        queue.release("a")
        queue.enqueue("b", cpu(2000), notBefore: nil)
        #expect(queue.admit(now: now) == ["b"], "its places were given back once")
    }

    @Test func adoptedTasksTakePlacesRoomOrNot() {
        let queue = queue([("a", cpu(500))])
        queue.adopt("running1", cpu(2000))
        queue.adopt("running2", cpu(2000))
        #expect(queue.admit(now: now) == [])
        queue.release("running1")
        #expect(queue.admit(now: now) == [])
        queue.release("running2")
        #expect(queue.admit(now: now) == ["a"])
    }

    @Test func removedOnesDoNotStart() {
        let queue = queue([("a", cpu(2000)), ("b", cpu(1))])
        #expect(queue.remove("a"))
        #expect(!queue.remove("a"))
        #expect(!queue.remove("zz"))
        #expect(queue.admit(now: now) == ["b"])
    }

    /// Places taken and given back always balance, whatever the order of calls.
    @Test func capacityIsNeverExceeded() {
        var generator = Generator(state: 7)
        let queue = queue([])
        var held: [String: Int] = [:], requests: [String: Int] = [:]
        for step in 0..<5000 {
            switch Int.random(in: 0..<3, using: &generator) {
            case 0:
                requests["t\(step)"] = Int.random(in: 0...2500, using: &generator)
                queue.enqueue("t\(step)", cpu(requests["t\(step)"] ?? 0), notBefore: nil)
            case 1: for id in queue.admit(now: now) { held[id] = requests[id] }
            default:
                guard let id = held.keys.sorted().randomElement(using: &generator) else { continue }
                held[id] = nil
                queue.release(id)
            }
            #expect(held.values.reduce(0, +) <= 2000)
            #expect(held.count <= 10 && queue.admittedCount == held.count)
        }
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

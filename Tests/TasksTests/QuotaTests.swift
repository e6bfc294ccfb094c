import Core
import Testing

@testable import Tasks

@Suite struct QuotaTests {
    @Test(arguments: [
        (NamespaceQuota(cpuMillis: 4000), cpu(2000), "quota cpu: used 3, asks 2, allowed 4"),
        (NamespaceQuota(cpuMillis: 3500), cpu(600), "quota cpu: used 3, asks 0.6, allowed 3.5"),
        (NamespaceQuota(memoryBytes: 3 << 30), ResourceRequest(memoryBytes: 1536 << 20), "quota memory: used 2 GiB, asks 1536 MiB, allowed 3 GiB"),
        (NamespaceQuota(gpus: 1), ResourceRequest(gpus: 1), "quota gpu: used 1, asks 1, allowed 1"),
        (NamespaceQuota(tasks: 1), cpu(0), "quota tasks: used 1, asks 1, allowed 1"),
        (
            NamespaceQuota(cpuMillis: 4000, gpus: 1), ResourceRequest(cpuMillis: 2000, gpus: 1),
            "quota cpu: used 3, asks 2, allowed 4; quota gpu: used 1, asks 1, allowed 1"
        ),
        // Alone it is too much.
        (NamespaceQuota(cpuMillis: 4000), cpu(5000), "quota cpu: asks 5, allowed 4"),
        (NamespaceQuota(gpus: 0), ResourceRequest(gpus: 1), "quota gpu: asks 1, allowed 0"),
    ] as [(NamespaceQuota, ResourceRequest, String)])
    func theReasonIsTold(quota: NamespaceQuota, request: ResourceRequest, reason: String) throws {
        let queue = QueueBox(cpu: 16_000, memory: 8 << 30, gpus: 4)
        queue.setQuota(quota, "team-a")
        queue.adopt("runs", ResourceRequest(cpuMillis: 3000, memoryBytes: 2 << 30, gpus: 1), in: "team-a")
        try queue.enqueue("x", request, in: "team-a")
        #expect(queue.admit() == [])
        #expect(queue.notices() == ["x: namespace team-a: \(reason)"])
        try queue.enqueue("other", request, in: "team-b")
        #expect(queue.admit() == ["other"], "it holds up its own namespace only")
        queue.setQuota(nil, "team-a")
        #expect(queue.notices() == ["x: "], "what was told holds no longer")
        #expect(queue.admit() == ["x"])
        #expect(queue.notices() == [])
    }

    @Test func aTaskWithinTheQuotaWaitsBehindOneBeyondIt() throws {
        let queue = QueueBox(cpu: 16_000)
        queue.setQuota(NamespaceQuota(cpuMillis: 4000), "team-a")
        for (id, size) in [("a", 3000), ("b", 2000), ("c", 1000)] { try queue.enqueue(id, cpu(size), in: "team-a"); _ = queue.admit() }
        #expect(queue.notices() == [
            "b: namespace team-a: quota cpu: used 3, asks 2, allowed 4",
            "c: namespace team-a: behind an earlier task that waits for quota cpu: used 3, asks 2, allowed 4",
        ])
        queue.release("a")
        #expect(queue.admit() == ["b", "c"])
        #expect(queue.notices() == ["b: ", "c: "])
    }

    @Test func oneTooLargeForTheQuotaHoldsNobodyUp() throws {
        let queue = QueueBox(cpu: 16_000)
        queue.setQuota(NamespaceQuota(cpuMillis: 4000), "team-a")
        try queue.enqueue("large", cpu(8000), in: "team-a")
        try queue.enqueue("small", cpu(1000), in: "team-a")
        #expect(queue.admit() == ["small"])
        queue.setQuota(NamespaceQuota(cpuMillis: 6000), "team-a")
        #expect(queue.admit() == [])
        #expect(queue.notices() == ["large: namespace team-a: quota cpu: asks 8, allowed 4", "large: namespace team-a: quota cpu: asks 8, allowed 6"])
        queue.setQuota(NamespaceQuota(cpuMillis: 8000), "team-a")
        #expect(queue.admit() == [])
        #expect(queue.notices() == ["large: namespace team-a: quota cpu: used 1, asks 8, allowed 8"])
        queue.release("small")
        #expect(queue.admit() == ["large"])
    }

    @Test func aSmallerQuotaLeavesAloneWhatRuns() throws {
        let queue = QueueBox(cpu: 16_000)
        for id in ["a", "b", "c"] { try queue.enqueue(id, cpu(1000), in: "team-a") }
        #expect(queue.admit() == ["a", "b", "c"])
        queue.setQuota(NamespaceQuota(tasks: 1), "team-a")
        try queue.enqueue("d", cpu(1000), in: "team-a")
        for id in ["a", "b"] {
            #expect(queue.admit() == [])
            queue.release(id)
        }
        #expect(queue.admit() == [])
        #expect(queue.value.usage("team-a").held.tasks == 1 && queue.value.usage("team-a").waiting == .init(cpuMillis: 1000, tasks: 1))
        queue.release("c")
        #expect(queue.admit() == ["d"])
    }

    @Test func defaultsCountAtAdmission() throws {
        let queue = QueueBox(cpu: 16_000, memory: 8 << 30)
        let defaults = ResourceRequest(cpuMillis: 2000, cpuLimitMillis: 3000, memoryBytes: 1 << 30, memoryLimitBytes: 2 << 30, gpus: 1)
        queue.setQuota(NamespaceQuota(cpuMillis: 4000, defaultRequest: defaults), "team-a")
        for id in ["a", "b", "c"] { try queue.enqueue(id, ResourceRequest(), in: "team-a") }
        #expect(queue.admit() == ["a", "b"])
        #expect(queue.value.usage("team-a").held == .init(cpuMillis: 4000, memoryBytes: 2 << 30, gpus: 0, tasks: 2))
        #expect(queue.value.usage("team-a").waiting.cpuMillis == 2000)
        queue.setQuota(NamespaceQuota(cpuMillis: 4000), "team-a")
        #expect(queue.value.usage("team-a").waiting.cpuMillis == 0)
        #expect(queue.admit() == ["c"])
    }

    @Test(arguments: [
        (ResourceRequest(), ResourceRequest(cpuMillis: 2000, cpuLimitMillis: 3000, memoryBytes: 100, memoryLimitBytes: 200)),
        // A limit is never below the request, nor a default request above the task's own limit.
        (
            ResourceRequest(cpuMillis: 5000, memoryBytes: 300),
            ResourceRequest(cpuMillis: 5000, cpuLimitMillis: 5000, memoryBytes: 300, memoryLimitBytes: 300)
        ),
        (
            ResourceRequest(cpuLimitMillis: 500, memoryLimitBytes: 50),
            ResourceRequest(cpuMillis: 500, cpuLimitMillis: 500, memoryBytes: 50, memoryLimitBytes: 50)
        ),
    ])
    func defaultsFillGaps(request: ResourceRequest, filled: ResourceRequest) {
        let defaults = ResourceRequest(cpuMillis: 2000, cpuLimitMillis: 3000, memoryBytes: 100, memoryLimitBytes: 200, gpus: 1)
        #expect(NamespaceQuota(defaultRequest: defaults).filled(request) == filled)
        #expect(NamespaceQuota().filled(request) == request)
    }

    @Test func whatAnEarlierServerToldIsTakenBack() throws {
        let queue = QueueBox()
        try queue.enqueue("x", cpu(1000), told: "namespace default: quota tasks: used 1, asks 1, allowed 1")
        #expect(queue.admit() == ["x"])
        #expect(queue.notices() == ["x: "])
    }

    @Test func rowsOfMetricsAreBounded() {
        var usage: [String: NamespaceUsage] = [:]
        for index in 0..<5 {
            usage["n\(index)"] = NamespaceUsage()
            usage["n\(index)"]?.waiting.tasks = index
            usage["n\(index)"]?.held.tasks = 1
        }
        #expect(NamespaceCount.rows(usage, most: 5).map(\.namespace) == ["n4", "n3", "n2", "n1", "n0"])
        let rows = NamespaceCount.rows(usage, most: 3)
        #expect(rows == [
            NamespaceCount(namespace: "n4", waiting: 4, admitted: 1), NamespaceCount(namespace: "n3", waiting: 3, admitted: 1),
            NamespaceCount(namespace: "_others", waiting: 3, admitted: 3),
        ])
    }

    @Test func rowsOfEarlierReleasesAreRead() throws {
        let earlier = #"{"cpuMillis":500,"memoryBytes":1,"memoryLimitBytes":2,"gpus":0}"#
        let request = try JSONText.decode(ResourceRequest.self, from: earlier)
        #expect(request == ResourceRequest(cpuMillis: 500, memoryBytes: 1, memoryLimitBytes: 2))
        #expect(!(try JSONText.encode(request)).contains("cpuLimitMillis"))
        let limited = ResourceRequest(cpuLimitMillis: 250)
        #expect(try JSONText.decode(ResourceRequest.self, from: JSONText.encode(limited)) == limited)
    }
}

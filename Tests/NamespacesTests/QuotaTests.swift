import Core
import Resources
import Testing

@testable import Namespaces

@Suite struct QuotaTests {
    private static func objects(_ text: String) throws -> [JSON] { try JSONParser.parse(text).arrayValue ?? [] }

    @Test func theSmallestCounts() throws {
        let quotas = try Self.objects("""
            [{"spec":{"hard":{"cpu":"4","requests.memory":"1Gi","requests.nvidia.com/gpu":2,"pods":"10","requests.storage":"5G","count/models":3,"weight":5}}},
             {"spec":{"hard":{"requests.cpu":"1500m","memory":"2Gi","limits.cpu":8,"limits.memory":"4Gi","count/pods":20,"models":1,"configmaps":7}}},
             {"spec":{"hard":{"requests.cpu":"unreadable"}}}]
            """)
        let ranges = try Self.objects("""
            [{"spec":{"limits":[{"type":"Container","default":{"cpu":1,"memory":"1Gi"},"defaultRequest":{"cpu":"200m"},"max":{"cpu":4,"nvidia.com/gpu":1}},
                                {"type":"PersistentVolumeClaim","max":{"cpu":1}}]}},
             {"spec":{"limits":[{"type":"Pod","max":{"cpu":2,"memory":"8Gi"}}]}}]
            """)
        var expected = EffectiveQuota()
        expected.requests = .init(cpuMillis: 1_500, memoryBytes: 1 << 30, gpus: 2)
        expected.limits = .init(cpuMillis: 8_000, memoryBytes: 4 << 30)
        expected.tasks = 10
        expected.storageBytes = 5_000_000_000
        expected.models = 1
        expected.weight = 5
        expected.defaultRequest = .init(cpuMillis: 200, memoryBytes: 1 << 30)
        expected.defaultLimit = .init(cpuMillis: 1_000, memoryBytes: 1 << 30)
        expected.maximum = .init(cpuMillis: 2_000, memoryBytes: 8 << 30, gpus: 1)
        #expect(EffectiveQuota(quotas: quotas, ranges: ranges) == expected)
        #expect(EffectiveQuota(quotas: [], ranges: []) == EffectiveQuota())
    }

    @Test func changesAreTold() async throws {
        let usage = NamespaceUsage(requests: .init(cpuMillis: 1_500, memoryBytes: 3 << 20), tasks: 2)
        try await NamespacesFixture.with(try await NamespacesFixture(usage: usage)) { fixture in
            #expect(fixture.quotas["default"] == EffectiveQuota())
            try await fixture.create("resourcequotas", in: "default", #"{"metadata":{"name":"a"},"spec":{"hard":{"pods":10,"requests.cpu":"4","memory":"1Gi","secrets":1}}}"#)
            #expect(fixture.quotas["default"]?.tasks == 10)
            let status = try await fixture.get("resourcequotas", in: "default", "a")?["status"]
            #expect(status?["hard"]?["pods"] == 10 && status?["used"] == ["pods": "2", "requests.cpu": "1500m", "memory": "3Mi"])
            try await fixture.create("resourcequotas", in: "default", #"{"metadata":{"name":"b"},"spec":{"hard":{"pods":5}}}"#)
            #expect(fixture.quotas["default"]?.tasks == 5)
            try await fixture.merge("resourcequotas", in: "default", "b", #"{"spec":{"hard":{"pods":7}}}"#)
            #expect(fixture.quotas["default"]?.tasks == 7)
            try await fixture.delete("resourcequotas", in: "default", "b")
            #expect(fixture.quotas["default"]?.tasks == 10)
            try await fixture.create("limitranges", in: "default", #"{"metadata":{"name":"r"},"spec":{"limits":[{"type":"Container","defaultRequest":{"cpu":"100m"}}]}}"#)
            #expect(fixture.quotas["default"]?.defaultRequest.cpuMillis == 100)
            // A start tells what is there; the status is written where it changes only.
            let version = try await fixture.resources.version()
            fixture.quotas.last.withLock { $0 = [:] }
            try await fixture.service.install()
            #expect(fixture.quotas["default"]?.tasks == 10)
            #expect(try await fixture.resources.version() == version)
        }
    }

    @Test(arguments: [
        ("resourcequotas", #"{"hard":{"pods":"x"}}"#, "spec.hard[pods]"), ("resourcequotas", #"{"hard":{"pods":-1}}"#, "spec.hard[pods]"),
        ("resourcequotas", #"{"hard":{"a b":1}}"#, "spec.hard[a b]"), ("resourcequotas", #"{"hard":{"weight":0}}"#, "spec.hard[weight]"),
        ("resourcequotas", #"{"scopes":["BestEffort"]}"#, "spec.scopes"),
        ("limitranges", #"{"limits":[{"type":"Machine"}]}"#, "spec.limits[0].type"),
        ("limitranges", #"{"limits":[{"type":"Pod","default":{"cpu":1}}]}"#, "spec.limits[0].default"),
        ("limitranges", #"{"limits":[{"type":"Container","max":{"cpu":"lots"}}]}"#, "spec.limits[0].max[cpu]"),
        ("limitranges", #"{"limits":[{"type":"Container","defaultRequest":{"cpu":2},"default":{"cpu":1}}]}"#, "spec.limits[0].defaultRequest[cpu]"),
    ])
    func wrongOnesAreTold(kind: String, spec: String, place: String) async throws {
        try await NamespacesFixture.with { fixture in
            let error = await failure { try await fixture.create(kind, in: "default", #"{"metadata":{"name":"q"},"spec":\#(spec)}"#) }
            #expect(error?.message.contains(place) == true, "\(String(describing: error))")
        }
    }
}

import Core
@testable import Resources
import Testing

@Suite struct PodSummaryTests {
    /// The pod's content; ready, status, restarts, readiness gates.
    @Test(arguments: [
        ("{}", "0/0  0 <none>"),
        (#"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Pending"}}"#, "0/1 Pending 0 <none>"),
        (#"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Failed","reason":"Evicted"}}"#, "0/1 Evicted 0 <none>"),
        (#"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]}}"#, "0/1 SchedulingGated 0 <none>"),
        (#"{"spec":{"containers":[{"name":"a"},{"name":"b"}]},"status":{"phase":"Running","containerStatuses":[{"name":"a","ready":true,"state":{"running":{}}},{"name":"b","ready":false,"state":{"running":{}}}]}}"#, "1/2 Running 0 <none>"),
        (#"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Running","containerStatuses":[{"name":"a","restartCount":4,"state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1,"finishedAt":"2026-11-24T08:55:00Z"}}}]}}"#, "0/1 CrashLoopBackOff 4 (5m ago) <none>"),
        (#"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Running","containerStatuses":[{"name":"a","restartCount":4,"state":{"waiting":{}}}]}}"#, "0/1 Running 4 <none>"),
        (#"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Succeeded","containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}}"#, "0/1 Completed 0 <none>"),
        (#"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Failed","containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":3}}}]}}"#, "0/1 ExitCode:3 0 <none>"),
        (#"{"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Failed","containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":137,"signal":9}}}]}}"#, "0/1 Signal:9 0 <none>"),
        (#"{"spec":{"containers":[{"name":"a"},{"name":"b"}]},"status":{"phase":"Running","containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":0,"reason":"Completed"}}},{"name":"b","ready":true,"state":{"running":{}}}]}}"#, "1/2 NotReady 0 <none>"),
        (#"{"spec":{"containers":[{"name":"a"},{"name":"b"}]},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":0,"reason":"Completed"}}},{"name":"b","ready":true,"state":{"running":{}}}]}}"#, "1/2 Running 0 <none>"),
        (#"{"spec":{"containers":[{"name":"a"},{"name":"b"}]},"status":{"phase":"Pending","containerStatuses":[{"name":"a","state":{"waiting":{"reason":"ErrImagePull"}}},{"name":"b","state":{"waiting":{"reason":"ContainerCreating"}}}]}}"#, "0/2 ErrImagePull 0 <none>"),
        (#"{"metadata":{"deletionTimestamp":"2026-11-24T08:00:00Z"},"spec":{"containers":[{"name":"a"}]},"status":{"phase":"Running"}}"#, "0/1 Terminating 0 <none>"),
        (#"{"metadata":{"deletionTimestamp":"2026-11-24T08:00:00Z"},"status":{"phase":"Succeeded","containerStatuses":[{"state":{"terminated":{"reason":"Completed"}}}]}}"#, "0/0 Completed 0 <none>"),
        (#"{"metadata":{"deletionTimestamp":"2026-11-24T08:00:00Z"},"status":{"phase":"Running","reason":"NodeLost"}}"#, "0/0 Unknown 0 <none>"),
        // Init containers: waiting for the first, the second, a failure, a pull that fails, after them.
        (#"{"spec":{"containers":[{"name":"a"}],"initContainers":[{"name":"i"},{"name":"j"}]},"status":{"phase":"Pending","initContainerStatuses":[{"name":"i","state":{"waiting":{"reason":"PodInitializing"}}}]}}"#, "0/1 Init:0/2 0 <none>"),
        (#"{"spec":{"containers":[{"name":"a"}],"initContainers":[{"name":"i"},{"name":"j"}]},"status":{"phase":"Pending","initContainerStatuses":[{"name":"i","restartCount":1,"state":{"terminated":{"exitCode":0}}},{"name":"j","restartCount":2,"state":{"running":{}}}],"containerStatuses":[{"name":"a","restartCount":7,"state":{"waiting":{"reason":"PodInitializing"}}}]}}"#, "0/1 Init:1/2 3 <none>"),
        (#"{"spec":{"initContainers":[{"name":"i"}]},"status":{"phase":"Failed","initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":1,"reason":"Error"}}}]}}"#, "0/0 Init:Error 0 <none>"),
        (#"{"spec":{"initContainers":[{"name":"i"}]},"status":{"phase":"Failed","initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":2}}}]}}"#, "0/0 Init:ExitCode:2 0 <none>"),
        (#"{"spec":{"initContainers":[{"name":"i"}]},"status":{"phase":"Pending","initContainerStatuses":[{"name":"i","state":{"waiting":{"reason":"ImagePullBackOff"}}}]}}"#, "0/0 Init:ImagePullBackOff 0 <none>"),
        (#"{"spec":{"containers":[{"name":"a"}],"initContainers":[{"name":"i"}]},"status":{"phase":"Running","initContainerStatuses":[{"name":"i","restartCount":5,"state":{"terminated":{"exitCode":0}}}],"containerStatuses":[{"name":"a","ready":true,"restartCount":1,"state":{"running":{}}}]}}"#, "1/1 Running 1 <none>"),
        // An init container that stays counts as ready, and its restarts count.
        (#"{"spec":{"containers":[{"name":"a"}],"initContainers":[{"name":"i","restartPolicy":"Always"}]},"status":{"phase":"Running","initContainerStatuses":[{"name":"i","restartCount":2,"ready":true,"started":true,"state":{"running":{}}}],"containerStatuses":[{"name":"a","ready":true,"restartCount":1,"state":{"running":{}}}]}}"#, "2/2 Running 3 <none>"),
        (#"{"spec":{"readinessGates":[{"conditionType":"x"},{"conditionType":"y"}]},"status":{"phase":"Running","conditions":[{"type":"x","status":"True"},{"type":"y","status":"False"}]}}"#, "0/0 Running 0 1/2"),
        // What no server writes is borne.
        (#"{"spec":{"containers":5,"initContainers":[1]},"status":{"phase":3,"containerStatuses":[7,{"restartCount":9223372036854775807},{"restartCount":9223372036854775807}],"initContainerStatuses":"x"}}"#, "0/0  -2 <none>"),
    ])
    func cells(content: String, expected: String) throws {
        var cells = ComputedCells(try json(content), now: ResourceTableTests.now)
        let texts = [PrinterColumn.Computed.podReady, .podStatus, .podRestarts, .readinessGates].map { cells.value($0).stringValue ?? "?" }
        #expect(texts.joined(separator: " ") == expected)
    }

    @Test func finishedPodsHaveTheirCondition() throws {
        let kind = try #require(KindTable().kind(key: "pods")), table = ResourceTable(kind, kind.versions[0], include: nil, now: ResourceTableTests.now)
        let rows = table.json(["Succeeded", "Failed", "Running"].map { ["status": ["phase": $0]] }, metadata: [:])["rows"]
        #expect(rows?[0]?["conditions"] == [["type": "Completed", "status": "True", "reason": "Succeeded", "message": "The pod has completed successfully."]])
        #expect(rows?[1]?["conditions"]?[0]?["reason"] == "Failed" && rows?[2]?["conditions"] == nil)
    }
}

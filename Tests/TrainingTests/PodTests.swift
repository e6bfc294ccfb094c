import Core
import Foundation
import GRDB
import Resources
import ScriptedTasks
import Tasks
import Testing

@testable import Training

@Suite(.timeLimit(.minutes(1))) struct PodTests {
    private func ended(_ fixture: TrainingFixture, _ name: String) async throws -> JSON {
        try await fixture.until("pods") {
            guard let pod = try await fixture.find("pods", name), PodStatus.hasEnded(pod) else { return nil }
            return pod
        }
    }

    @Test func aPodIsATask() async throws {
        let machine = ScriptedMachine()
        try await TrainingFixture.with(machine) { fixture in
            let made = try await fixture.create("pods", TestObjects.pod("p"))
            #expect(PodStatus.phase(made) == "Pending" && made["spec"]?["nodeName"] == "monoflow")
            let running = try await fixture.running(1)[0]
            #expect(running["status"]?["containerStatuses"]?[0]?["ready"] == true)
            machine.end(made.uid)
            let pod = try await ended(fixture, "p")
            #expect(PodStatus.phase(pod) == "Succeeded")
            try await fixture.delete("pods", "p")
            #expect(try await fixture.find("pods", "p") == nil)
            await fixture.removed.until { $0 == [made.uid] }
            let row = try await fixture.database.read { try TaskStore.find($0, made.uid) }
            #expect(row == nil)
        }
    }

    @Test(arguments: [
        (TaskExit.Reason.exited, Int32(0), "Succeeded", "Completed", Int64(0), nil as String?), (.exited, 2, "Failed", "Error", 2, nil),
        (.signaled, 139, "Failed", "Error", 139, nil), (.deadline, 143, "Failed", "Error", 143, "DeadlineExceeded"),
    ]) func ends(_ reason: TaskExit.Reason, _ code: Int32, _ phase: String, _ word: String, _ exitCode: Int64, _ podReason: String?) {
        let pod = PodStatus.ended(TestObjects.pod("p"), ScriptedMachine.exit(code, reason: reason))
        #expect(pod["phase"]?.stringValue == phase && pod["reason"]?.stringValue == podReason)
        let state = pod["containerStatuses"]?[0]?["state"]?["terminated"]
        #expect(state?["reason"]?.stringValue == word && state?["exitCode"]?.intValue == exitCode)
    }

    /// The pod stays until its process has ended.
    @Test func deletingStopsTheTask() async throws {
        let machine = ScriptedMachine()
        try await TrainingFixture.with(machine) { fixture in
            let made = try await fixture.create("pods", TestObjects.pod("p", pod: ["terminationGracePeriodSeconds": 7]))
            _ = try await fixture.running(1)
            try await fixture.delete("pods", "p")
            await machine.called("stop \(made.uid)")
            _ = try await fixture.until("pods") { try await fixture.find("pods", "p") == nil ? true : nil }
            await machine.called("cleanUp \(made.uid)")
            #expect(machine.state.value.specs[made.uid]?.graceSeconds == 7)
        }
    }

    @Test func deletingWithoutGraceDoesNotWait() async throws {
        let machine = ScriptedMachine()
        try await TrainingFixture.with(machine) { fixture in
            let made = try await fixture.create("pods", TestObjects.pod("p"))
            _ = try await fixture.running(1)
            var options = DeleteOptions()
            options.gracePeriodSeconds = 0
            try await fixture.delete("pods", "p", options)
            #expect(try await fixture.find("pods", "p") == nil)
            await machine.called("stop \(made.uid)")
            await fixture.removed.until { $0 == [made.uid] }
        }
    }

    @Test func secretsAreLookedUpAtTheStartAlone() async throws {
        let machine = ScriptedMachine()
        try await TrainingFixture.with(machine) { fixture in
            let value = "hunter2-" + Identifiers.random()
            try await fixture.create("secrets", ["apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s"], "stringData": ["k": .string(value)]])
            try await fixture.create("configmaps", ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": "c"], "data": ["x.y": "1", "z": "2"]])
            let made = try await fixture.create("pods", TestObjects.pod(
                "p",
                container: [
                    "args": ["--key=$(KEY)"], "envFrom": [["configMapRef": ["name": "c"]]],
                    "env": [["name": "KEY", "valueFrom": ["secretKeyRef": ["name": "s", "key": "k"]]], ["name": "BOTH", "value": "$(z)-$(KEY)"]],
                    "volumeMounts": [["name": "v", "mountPath": "/keys"]],
                ], pod: ["volumes": [["name": "v", "secret": ["secretName": "s", "defaultMode": 256]]]]))
            await machine.called("start \(made.uid)")
            let spec = try #require(machine.state.value.specs[made.uid])
            #expect(spec.args == ["--key=" + value])
            #expect(Dictionary(uniqueKeysWithValues: spec.env.map { ($0.name, $0.value) }) == ["x.y": "1", "z": "2", "KEY": value, "BOTH": "2-" + value])
            #expect(spec.inputs.contains(InputFile(path: "/keys/k", source: .bytes(Array(value.utf8), mode: 256))))
            let stored = try await fixture.database.read { db in
                try String.fetchAll(db, sql: "SELECT spec FROM tasks UNION ALL SELECT document FROM resources UNION ALL SELECT document FROM resource_events")
            }
            #expect(stored.count > 3 && stored.allSatisfy { !$0.contains(value) })
        }
    }

    @Test func whatIsMissingIsTold() async throws {
        try await TrainingFixture.with { fixture in
            try await fixture.create("pods", TestObjects.pod("p", container: ["envFrom": [["secretRef": ["name": "none"]]]]))
            let pod = try await ended(fixture, "p"), state = pod["status"]?["containerStatuses"]?[0]?["state"]?["terminated"]
            #expect(state?["reason"] == "StartError" && state?["message"]?.stringValue?.contains("secret none") == true)
        }
    }

    @Test func usersDoNotWriteTheStatus() async throws {
        try await TrainingFixture.with { fixture in
            try await fixture.create("pods", TestObjects.pod("p"))
            let kind = try fixture.kind("pods")
            await #expect(throws: MonoflowError.self) {
                _ = try await fixture.resources.patch(
                    kind, namespace: "a", name: "p", subresource: .status, .merge(["status": ["phase": "Succeeded"]]), WriteOptions(manager: "test"))
            }
            await #expect(throws: InvalidResource.self) {
                _ = try await fixture.resources.patch(kind, namespace: "a", name: "p", .merge(["spec": ["hostname": "x"]]), WriteOptions(manager: "test"))
            }
            let labelled = try await fixture.resources.patch(kind, namespace: "a", name: "p", .merge(["metadata": ["labels": ["a": "b"]]]), WriteOptions(manager: "test"))
            #expect(labelled.document["metadata"]?["labels"]?["a"] == "b")
        }
    }

    @Test func aClaimStaysWhileItIsUsed() async throws {
        let machine = ScriptedMachine()
        try await TrainingFixture.with(machine) { fixture in
            let claim = try await fixture.create("persistentvolumeclaims", TestObjects.claim("data"))
            #expect(claim["status"]?["phase"] == "Bound" && claim["status"]?["capacity"]?["storage"] == "1Gi")
            await fixture.volumes.names.until { $0 == ["a/data"] }
            let pod = try await fixture.create("pods", TestObjects.pod(
                "p", container: ["volumeMounts": [["name": "v", "mountPath": "/data"]]], pod: ["volumes": [["name": "v", "persistentVolumeClaim": ["claimName": "data"]]]]))
            _ = try await fixture.running(1)
            try await fixture.delete("persistentvolumeclaims", "data")
            #expect(try await fixture.find("persistentvolumeclaims", "data")?.isLeaving == true)
            machine.end(pod.uid)
            _ = try await fixture.until("persistentvolumeclaims") { try await fixture.find("persistentvolumeclaims", "data") == nil ? true : nil }
            #expect(fixture.volumes.names.value == [])
        }
    }

    @Test func aTransformSeesEachNewPod() async throws {
        let machine = ScriptedMachine()
        let fixture = try await TrainingFixture(machine) { pod in pod["metadata"]?["annotations"] = ["seen": "yes"] }
        let made = try await fixture.create("pods", TestObjects.pod("p"))
        #expect(made["metadata"]?["annotations"]?["seen"] == "yes")
        await fixture.close()
    }

    /// Killed between the pod's transaction and the start: the task's row is there, and the next server starts it.
    @Test func aPodOfAKilledServerStarts() async throws {
        let machine = ScriptedMachine(), first = try await TrainingFixture(machine)
        machine.state.update { $0.held = [] }
        await first.engine.drain()
        let made = try await first.create("pods", TestObjects.pod("p"))
        await first.kill()
        #expect(machine.state.value.count("start \(made.uid)") == 0)
        let second = try await TrainingFixture(machine, directory: first.directory)
        await machine.called("start \(made.uid)")
        machine.end(made.uid)
        let pod = try await ended(second, "p")
        #expect(PodStatus.phase(pod) == "Succeeded")
        await second.close()
    }
}

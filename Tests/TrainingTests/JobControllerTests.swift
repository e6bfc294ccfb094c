import Core
import Foundation
import Resources
import ScriptedTasks
import Tasks
import Testing

@testable import Training

@Suite(.timeLimit(.minutes(1))) struct JobControllerTests {
    private static let done = ScriptedMachine { _ in (ScriptedMachine.exit(), [:]) }

    @Test func aJobRunsToItsEnd() async throws {
        try await TrainingFixture.with(Self.done) { fixture in
            try await fixture.create("jobs.batch", TestObjects.job("j", ["completions": 3, "parallelism": 2]))
            let job = try await fixture.job("j", "Complete"), status = try #require(job["status"])
            #expect(status["succeeded"] == 3 && status["active"] == nil && status["completionTime"] != nil && status["startTime"] != nil)
            let pods = try await fixture.list("pods")
            #expect(pods.count == 3)
            for pod in pods {
                #expect(PodStatus.phase(pod) == "Succeeded" && pod.controller("Job") == job.uid)
                #expect(pod["metadata"]?["finalizers"] == nil)
                #expect(pod["metadata"]?["labels"]?["batch.kubernetes.io/job-name"] == "j" && pod["metadata"]?["labels"]?["job-name"] == "j")
                #expect(pod["status"]?["containerStatuses"]?[0]?["state"]?["terminated"]?["reason"] == "Completed")
            }
            #expect(job["spec"]?["selector"]?["matchLabels"]?["batch.kubernetes.io/controller-uid"]?.stringValue == job.uid)
            let reasons = try await fixture.until("events") {
                let reasons = Set(try await fixture.list("events").filter { $0["involvedObject"]?["kind"] == "Job" }.compactMap { $0["reason"]?.stringValue })
                return reasons.contains("Completed") ? reasons : nil
            }
            #expect(reasons == ["SuccessfulCreate", "Completed"])
        }
    }

    @Test func anIndexedJobTellsItsPodsTheirIndex() async throws {
        let machine = ScriptedMachine { _ in (ScriptedMachine.exit(), [:]) }
        try await TrainingFixture.with(machine) { fixture in
            try await fixture.create("jobs.batch", TestObjects.job("j", ["completions": 3, "parallelism": 3, "completionMode": "Indexed"]))
            let job = try await fixture.job("j", "Complete")
            #expect(job["status"]?["completedIndexes"] == "0-2")
            let specs = machine.state.value.specs.values.compactMap { $0.env.first { $0.name == "JOB_COMPLETION_INDEX" }?.value }
            #expect(specs.sorted() == ["0", "1", "2"])
        }
    }

    @Test func failuresEndTheJob() async throws {
        let machine = ScriptedMachine { _ in (ScriptedMachine.exit(3), [:]) }
        try await TrainingFixture.with(machine) { fixture in
            try await fixture.create("jobs.batch", TestObjects.job("j", ["backoffLimit": 1]))
            _ = try await fixture.until("jobs.batch") { try await fixture.find("jobs.batch", "j")?["status"]?["failed"] }
            #expect(try await fixture.list("pods").count == 1, "the second one waits")
            fixture.clock.advance(10)
            fixture.training.wake()
            let job = try await fixture.job("j", "Failed")
            #expect(JobStatus.condition("Failed", job["status"] ?? [:])?["reason"] == "BackoffLimitExceeded")
            #expect(job["status"]?["failed"] == 2)
            let pod = try #require(try await fixture.list("pods").first)
            #expect(pod["status"]?["containerStatuses"]?[0]?["state"]?["terminated"]?["exitCode"] == 3)
        }
    }

    @Test func theDeadlineStopsWhatRuns() async throws {
        try await TrainingFixture.with { fixture in
            try await fixture.create("jobs.batch", TestObjects.job("j", ["activeDeadlineSeconds": 5]))
            _ = try await fixture.running(1)
            fixture.clock.advance(5)
            fixture.training.wake()
            let job = try await fixture.job("j", "Failed")
            #expect(JobStatus.condition("Failed", job["status"] ?? [:])?["reason"] == "DeadlineExceeded")
            _ = try await fixture.until("pods") { try await fixture.list("pods").isEmpty ? true : nil }
        }
    }

    @Test func suspendingStopsAndResumingStartsAgain() async throws {
        let machine = ScriptedMachine()
        try await TrainingFixture.with(machine) { fixture in
            try await fixture.create("jobs.batch", TestObjects.job("j"))
            let first = try await fixture.running(1)[0]
            let kind = try fixture.kind("jobs.batch")
            func suspend(_ value: Bool) async throws {
                _ = try await fixture.resources.patch(kind, namespace: "a", name: "j", .merge(["spec": ["suspend": .bool(value)]]), WriteOptions(manager: "test"))
            }
            try await suspend(true)
            _ = try await fixture.job("j", "Suspended")
            await machine.called("stop \(first.uid)")
            _ = try await fixture.until("pods") { try await fixture.list("pods").isEmpty ? true : nil }
            try await suspend(false)
            let second = try await fixture.running(1)[0]
            #expect(second.uid != first.uid)
            machine.end(second.uid)
            let job = try await fixture.job("j", "Complete")
            #expect(job["status"]?["failed"] == nil, "a pod that was stopped on the job's wish is no failure")
        }
    }

    @Test(arguments: [DeletionPropagation.background, .foreground, .orphan]) func deletion(_ propagation: DeletionPropagation) async throws {
        let machine = ScriptedMachine()
        try await TrainingFixture.with(machine) { fixture in
            try await fixture.create("jobs.batch", TestObjects.job("j", ["completions": 2, "parallelism": 2]))
            let pods = try await fixture.running(2)
            try await fixture.delete("jobs.batch", "j", DeleteOptions(propagation: propagation))
            _ = try await fixture.until("jobs.batch") { try await fixture.find("jobs.batch", "j") == nil ? true : nil }
            if propagation == .orphan {
                let left = try await fixture.running(2)
                #expect(left.allSatisfy { $0["metadata"]?["ownerReferences"] == nil })
                for pod in pods { #expect(machine.state.value.count("stop \(pod.uid)") == 0) }
                return
            }
            for pod in pods { await machine.called("stop \(pod.uid)") }
            _ = try await fixture.until("pods") { try await fixture.list("pods").isEmpty ? true : nil }
            await fixture.removed.until { $0.count == 2 }
            let rows = try await fixture.database.read { db in try JobPods.list(db, job: pods[0].controller("Job") ?? "").count }
            #expect(rows == 0)
        }
    }

    /// A server that is killed while pods run, and while they end: the next one counts each once and starts none twice.
    @Test func aCrashLosesNothing() async throws {
        let machine = ScriptedMachine(), clock = TestClock()
        let first = try await TrainingFixture(machine, clock: clock)
        try await first.create("jobs.batch", TestObjects.job("j", ["completions": 4, "parallelism": 2, "completionMode": "Indexed"]))
        let running = try await first.running(2)
        machine.end(running[0].uid)
        _ = try await first.until("jobs.batch") { try await first.find("jobs.batch", "j")?["status"]?["succeeded"] == 1 ? true : nil }
        await first.kill()
        for pod in running { machine.end(pod.uid) }
        let second = try await TrainingFixture(machine, directory: first.directory, clock: clock)
        for _ in 0..<2 {
            let more = try await second.until("pods") {
                let pods = try await second.list("pods").filter { PodStatus.phase($0) == "Running" && machine.state.value.exits[$0.uid] == nil }
                return pods.isEmpty ? nil : pods
            }
            for pod in more { machine.end(pod.uid) }
            if try await second.find("jobs.batch", "j")?["status"]?["succeeded"] == 4 { break }
        }
        let pods = try await second.list("pods")
        // Each index once.
        #expect(Set(pods.compactMap { $0["metadata"]?["labels"]?[JobPods.indexLabel]?.stringValue }).count == pods.count)
        for pod in pods where machine.state.value.exits[pod.uid] == nil { machine.end(pod.uid) }
        _ = try await second.job("j", "Complete")
        for pod in try await second.list("pods") { #expect(machine.state.value.count("start \(pod.uid)") == 1) }
        #expect(try await second.list("pods").count == 4)
        await second.close()
    }

    @Test func aTemplateThatCannotRunIsRefused() async throws {
        try await TrainingFixture.with { fixture in
            do {
                try await fixture.create("jobs.batch", TestObjects.job("j", pod: ["initContainers": [["name": "i", "image": "x"]]]))
                Issue.record("it was accepted")
            } catch let error as InvalidResource {
                #expect(error.errors.map(\.path.description) == ["spec.template.spec.initContainers"])
            }
        }
    }

    @Test func whatHasBegunCannotBecomeAnother() async throws {
        try await TrainingFixture.with { fixture in
            try await fixture.create("jobs.batch", TestObjects.job("j"))
            let kind = try fixture.kind("jobs.batch"), patch: JSON = ["spec": ["completions": 2]]
            await #expect(throws: InvalidResource.self) {
                _ = try await fixture.resources.patch(kind, namespace: "a", name: "j", .merge(patch), WriteOptions(manager: "test"))
            }
            let parallel = try await fixture.resources.patch(kind, namespace: "a", name: "j", .merge(["spec": ["parallelism": 3]]), WriteOptions(manager: "test"))
            #expect(parallel.document["spec"]?["parallelism"] == 3)
        }
    }

    @Test func finishedJobsGoAfterTheirTime() async throws {
        try await TrainingFixture.with(Self.done) { fixture in
            try await fixture.create("jobs.batch", TestObjects.job("j", ["ttlSecondsAfterFinished": 30]))
            _ = try await fixture.job("j", "Complete")
            fixture.clock.advance(30)
            fixture.training.wake()
            _ = try await fixture.until("jobs.batch") { try await fixture.find("jobs.batch", "j") == nil ? true : nil }
            _ = try await fixture.until("pods") { try await fixture.list("pods").isEmpty ? true : nil }
        }
    }
}

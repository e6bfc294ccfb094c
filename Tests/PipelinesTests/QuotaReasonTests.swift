import Core
import ScriptedTasks
import Tasks
import Testing

@testable import Pipelines

/// What a namespace's quota does to a run, as its nodes show it.
@Suite(.timeLimit(.minutes(1))) struct QuotaReasonTests {
    private static let workflow = """
    apiVersion: argoproj.io/v1alpha1
    kind: Workflow
    metadata: {generateName: one-}
    spec:
      entrypoint: main
      templates:
      - name: main
        container: {image: alpine, command: [echo], resources: {requests: {cpu: 1}, limits: {cpu: 1500m, memory: 1Mi}}}
    """

    /// Returns when the run's only container shows the message.
    private func shows(_ message: String, _ server: RunFixture.Server, _ run: String) async throws {
        for await _ in server.runs.watch.changes(of: run) {
            if try await server.runs.nodes(of: run).contains(where: { $0.message == message }) { return }
        }
    }

    @Test func aNodeSaysWhyItWaitsUntilItStarts() async throws {
        let fixture = try RunFixture(), machine = ScriptedMachine(), server = try await fixture.server(machine)
        await server.engine.setQuota(NamespaceQuota(cpuMillis: 500), namespace: "default")
        let request = RunRequest(name: "r", package: try PipelinePackage(yaml: Self.workflow), parameters: [:])
        let run = try await server.runs.create(namespace: "default", request)
        try await shows("namespace default: quota cpu: asks 1, allowed 0.5", server, run.id)
        await server.engine.setQuota(NamespaceQuota(cpuMillis: 1000), namespace: "default")
        let task = try #require(await server.engine.taskIDs.first)
        await machine.called("start " + task)
        try await shows("", server, run.id)
        let resources = ResourceRequest(cpuMillis: 1000, cpuLimitMillis: 1500, memoryBytes: 1 << 20, memoryLimitBytes: 1 << 20)
        #expect(machine.state.value.specs[task]?.resources == resources)
        machine.end(task)
        #expect(try await server.ended(run.id).state == .succeeded)
    }
}

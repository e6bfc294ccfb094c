import Core
import ScriptedTasks
import Tasks
import Testing

@testable import Pipelines

/// Retries over a real database and across server processes.
@Suite(.timeLimit(.minutes(2))) struct RunRetryTests {
    private let fixture: RunFixture

    init() throws { fixture = try RunFixture() }

    private static func nested(_ policy: String) -> String {
        """
        pipelineInfo: {name: t}
        schemaVersion: 2.1.0
        root: {dag: {tasks: {sub: {componentRef: {name: comp-sub}, taskInfo: {name: sub}, retryPolicy: {\(policy)}}}}}
        components:
          comp-sub: {dag: {tasks: {one: {componentRef: {name: step}, taskInfo: {name: one}}, two: {componentRef: {name: step}, taskInfo: {name: two}, dependentTasks: [one]}}}}
          step: {executorLabel: e}
        deploymentSpec: {executors: {e: {container: {image: alpine, command: [x]}}}}
        """
    }

    private func node(_ server: RunFixture.Server, _ run: String, _ isIt: @escaping (RunNode) -> Bool) async throws -> RunNode {
        for await _ in server.runs.watch.changes(of: run) {
            if let found = try await server.runs.nodes(of: run).first(where: isIt) { return found }
        }
        throw MonoflowError(.notFound, "find node", run, "the run ended before")
    }

    /// The wait before a dag's next attempt, and what the attempts were, outlive the server.
    @Test func aDagThatWaitsIsMadeAgainByTheNextServer() async throws {
        let machine = ScriptedMachine(), first = try await fixture.server(machine)
        let package = try PipelinePackage(yaml: Self.nested("maxRetryCount: 1, backoffDuration: 1800s"))
        let run = try await first.runs.create(namespace: "default", RunRequest(name: "r", package: package, parameters: [:]))
        let one = try await node(first, run.id) { $0.taskName == "one" }
        await machine.called("start " + one.taskID)
        machine.end(one.taskID, ScriptedMachine.exit(1))
        let waiting = try await node(first, run.id) { $0.displayName == "sub(1)" }
        #expect(waiting.phase == .pending && waiting.notBefore != nil && waiting.attempts == 2)
        first.kill()

        let early = try await fixture.server(machine)
        #expect(try await early.runs.nodes(of: run.id).first { $0.id == waiting.id }?.phase == .pending)
        early.kill()

        fixture.clock.update { $0 = $0.advanced(seconds: 1801) }
        let second = try await fixture.server(machine)
        for name in ["one", "two"] {
            let next = try await node(second, run.id) { $0.taskName == name && $0.phase == .running && $0.id != one.id }
            await machine.called("start " + next.taskID)
            machine.end(next.taskID)
        }
        #expect(try await second.ended(run.id).state == .succeeded)
        let nodes = try await second.runs.nodes(of: run.id)
        #expect(nodes.map(\.displayName) == ["t", "sub", "sub(0)", "one", "two", "sub(1)", "one", "two"])
        #expect(nodes.map(\.phase) == [.succeeded, .succeeded, .failed, .failed, .skipped, .succeeded, .succeeded, .succeeded])
        #expect(machine.state.value.calls.count { $0.hasPrefix("start") } == 3)
    }

    /// A short wait passes by itself.
    @Test func theDriverWakesTheAttempt() async throws {
        let count = Watched(0)
        let machine = ScriptedMachine { _ in (ScriptedMachine.exit(count.update { $0 += 1; return $0 } == 1 ? 1 : 0), [:]) }
        let server = try await fixture.server(machine)
        let (run, nodes) = try await server.run(Self.nested("maxRetryCount: 1, backoffDuration: 0.02s"))
        #expect(run.state == .succeeded && nodes.first { $0.kind == .retry }?.attempts == 2)
    }

    @Test(arguments: [
        ("OnFailure", TaskExit.Reason.exited, 2), ("OnFailure", .signaled, 2), ("OnFailure", .deadline, 2), ("OnFailure", .lost, 1), ("OnFailure", .startFailed, 1),
        ("OnError", .exited, 1), ("OnError", .lost, 2), ("OnError", .startFailed, 2), ("OnTransientError", .startFailed, 1), ("OnTransientError", .lost, 2), ("Always", .lost, 2), ("Always", .exited, 2),
    ])
    func policiesSeeHowTheProcessEnded(policy: String, reason: TaskExit.Reason, attempts: Int) async throws {
        let machine = ScriptedMachine { _ in (ScriptedMachine.exit(reason == .exited || reason == .signaled ? 9 : 1, reason: reason), [:]) }
        let server = try await fixture.server(machine)
        let (run, nodes) = try await server.run("""
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {generateName: t-}
        spec: {entrypoint: s, templates: [{name: s, retryStrategy: {limit: 1, retryPolicy: \(policy)}, container: {image: alpine, command: [x]}}]}
        """)
        #expect(run.state == .failed && nodes[0].attempts == attempts)
    }

    @Test func anOutputThatIsMissingIsAnError() async throws {
        for (policy, attempts) in [("OnFailure", 1), ("OnError", 2)] {
            let server = try await fixture.server(ScriptedMachine { _ in (ScriptedMachine.exit(), [:]) })
            let (_, nodes) = try await server.run("""
            apiVersion: argoproj.io/v1alpha1
            kind: Workflow
            metadata: {generateName: t-}
            spec:
              entrypoint: s
              templates: [{name: s, retryStrategy: {limit: 1, retryPolicy: \(policy)}, container: {image: alpine, command: [x]}, outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}}]
            """)
            #expect(nodes[0].attempts == attempts && nodes[0].cause == .error)
            server.kill()
        }
    }
}

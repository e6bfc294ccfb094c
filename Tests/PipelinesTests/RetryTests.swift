import Core
import Tasks
import Testing

@testable import Pipelines

/// Retries of containers and of whole dags.
@Suite struct RetryTests {
    /// `before → sub → after`; `sub` is a dag of `one → two`, whose output is two's.
    private func nested(_ policy: String) throws -> WorkflowGraph {
        try PipelinePackage(yaml: """
        pipelineInfo: {name: t}
        schemaVersion: 2.1.0
        root:
          dag:
            tasks:
              sub:
                componentRef: {name: comp-sub}
                taskInfo: {name: sub}
                inputs: {parameters: {v: {runtimeValue: {constant: given}}}}
                retryPolicy: {\(policy)}
              after:
                componentRef: {name: step}
                taskInfo: {name: after}
                dependentTasks: [sub]
                inputs: {parameters: {x: {taskOutputParameter: {producerTask: sub, outputParameterKey: o}}}}
        components:
          comp-sub:
            dag:
              outputs: {parameters: {o: {valueFromParameter: {producerSubtask: two, outputParameterKey: Output}}}}
              tasks:
                one: {componentRef: {name: step}, taskInfo: {name: one}, inputs: {parameters: {x: {componentInputParameter: v}}}}
                two:
                  componentRef: {name: step}
                  taskInfo: {name: two}
                  dependentTasks: [one]
                  inputs: {parameters: {x: {taskOutputParameter: {producerTask: one, outputParameterKey: Output}}}}
            inputDefinitions: {parameters: {v: {parameterType: STRING}}}
            outputDefinitions: {parameters: {o: {parameterType: STRING}}}
          step:
            executorLabel: e
            inputDefinitions: {parameters: {x: {parameterType: STRING}}}
            outputDefinitions: {parameters: {Output: {parameterType: STRING}}}
        deploymentSpec: {executors: {e: {container: {image: alpine, command: [echo, "{{$.inputs.parameters['x']}}"]}}}}
        """).graph
    }

    private func workflow(_ retry: String, tasks: String = "      - {name: a, template: again}", extra: String = "") throws -> WorkflowGraph {
        try argo("""
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {generateName: t-}
        spec:
          entrypoint: main
          templates:
          - name: main
            dag:
              tasks:
        \(tasks)
          - name: again
            retryStrategy: \(retry)
            container: {image: alpine, command: [flaky, "{{retries}}"]}
        \(extra)
        """)
    }

    private func attempts(_ run: Harness) -> [RunNode] { run.planner.state.ordered.filter { $0.displayName.hasPrefix("sub(") } }

    // MARK: Dags

    @Test func aFailedDagIsMadeAgainWhole() throws {
        var run = Harness(try nested("maxRetryCount: 2"))
        run.start()
        run.answer("one", .succeeded, ["Output": "1"])
        run.answer("two", .failed)
        #expect(run.node("sub")?.message == "attempt 1 failed: \"two\" failed: exit status 1")
        run.answer("one", .succeeded, ["Output": "2"])
        run.answer("two", .succeeded, ["Output": "done"])
        #expect(run.startedNames == ["one", "two", "one", "two", "after"])
        #expect(run.started.map { $0.spec.command?.last } == ["given", "1", "given", "2", "done"])
        #expect(Set(run.started.map(\.node)).count == 5, "each attempt has nodes of its own")
        run.answer("after", .succeeded, ["Output": "x"])
        #expect(run.end?.phase == .succeeded)
        #expect(attempts(run).map(\.phase) == [.failed, .succeeded] && attempts(run).map(\.kind) == [.dag, .dag])
        #expect(run.node("sub")?.kind == .retry && run.node("sub")?.attempts == 2 && run.node("sub")?.outputs == ["o": "done"])
        #expect(run.node("sub")?.message == "")
    }

    @Test func aDagFailsWhenNoAttemptIsLeft() throws {
        var run = Harness(try nested("maxRetryCount: 1"))
        run.start()
        run.answer("one", .failed)
        run.answer("one", .failed)
        #expect(run.open.isEmpty && run.phase("sub") == .failed && run.phase("after") == .skipped)
        #expect(run.end?.phase == .failed && run.end?.message == "\"one\" failed: exit status 1")
    }

    @Test(arguments: ["", "maxRetryCount: 0"]) func withoutRetriesADagIsMadeOnce(policy: String) throws {
        var run = Harness(try nested(policy))
        run.start()
        run.answer("one", .failed)
        #expect(run.node("sub")?.kind == .dag && run.end?.phase == .failed)
    }

    @Test(arguments: [false, true]) func theNextAttemptWaitsForItsTimeAlsoOverARestart(restarts: Bool) throws {
        var run = Harness(try nested("maxRetryCount: 3, backoffDuration: 10s, backoffFactor: 3"))
        run.start()
        run.answer("one", .failed)
        for wait in [10.0, 30] {
            #expect(run.open.isEmpty && run.planner.nextTime == run.now.advanced(seconds: wait))
            if restarts { run.restart() }
            run.pass(seconds: wait - 1)
            #expect(run.open.isEmpty)
            run.pass(seconds: 1)
            #expect(run.open.map(\.name) == ["one"] && run.planner.nextTime == nil)
            if restarts { run.restart() }
            if wait == 10 { run.answer("one", .failed) }
        }
        run.answer("one", .succeeded, ["Output": "1"])
        run.answer("two", .succeeded, ["Output": "2"])
        run.answer("after", .succeeded, ["Output": "3"])
        #expect(run.end?.phase == .succeeded && attempts(run).count == 3)
    }

    @Test(arguments: [true, false]) func terminationEndsAttempts(whileOneWaits: Bool) throws {
        var run = Harness(try nested("maxRetryCount: 3, backoffDuration: 10s"))
        run.start()
        if whileOneWaits { run.answer("one", .failed) }
        run.planner.terminate(now: run.now)
        run.take()
        if !whileOneWaits { run.answer("one", .cancelled) }
        #expect(run.end?.phase == .cancelled && run.phase("sub") == .cancelled && attempts(run).last?.phase == .cancelled)
        run.pass(seconds: 100)
        #expect(run.started.count == 1 && run.planner.nextTime == nil)
    }

    @Test func argoDagsAreRetriedAtAnyPlace() throws {
        let graph = try argo("""
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {generateName: t-}
        spec:
          entrypoint: main
          templates:
          - name: main
            retryStrategy: {limit: 1}
            dag: {tasks: [{name: loop, template: body, withItems: [x, y], arguments: {parameters: [{name: i, value: "{{item}}"}]}}]}
          - name: body
            retryStrategy: {limit: "1"}
            inputs: {parameters: [{name: i}]}
            dag: {tasks: [{name: s, template: step, arguments: {parameters: [{name: i, value: "{{inputs.parameters.i}}{{retries}}"}]}}]}
          - name: step
            inputs: {parameters: [{name: i}]}
            container: {image: alpine, command: [echo, "{{inputs.parameters.i}}"]}
        """)
        var run = Harness(graph)
        var failures = 4
        run.run { _, spec in
            guard spec.command?.last?.hasPrefix("x") == true, failures > 1 else { return [:] }
            failures -= 1
            return nil
        }
        // x fails twice, then all of main is made again: x fails once more, then succeeds.
        #expect(run.started.compactMap { $0.spec.command?.last } == ["x0", "y0", "x1", "x0", "y0", "x1"])
        #expect(run.end?.phase == .succeeded)
        #expect(run.planner.state.ordered.first?.kind == .retry)
    }

    /// A dag that fails before it starts anything must not be made again and again in one plan.
    @Test func instantFailuresAreSlowedDown() throws {
        let graph = try argo("""
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {generateName: t-}
        spec:
          entrypoint: main
          templates:
          - name: main
            retryStrategy: {retryPolicy: Always}
            dag:
              tasks:
              - {name: a, template: step, when: "1 == 2"}
              - {name: b, template: step, dependencies: [a], arguments: {parameters: [{name: x, value: "{{tasks.a.outputs.parameters.o}}"}]}}
          - name: step
            inputs: {parameters: [{name: x, value: ""}]}
            container: {image: alpine, command: [x]}
            outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}
        """)
        var run = Harness(graph)
        run.start()
        #expect(run.end == nil && run.planner.state.ordered.first?.attempts == 11)
        #expect(run.planner.nextTime == run.now.advanced(seconds: Retry.floorSeconds))
    }

    // MARK: Policies

    @Test(arguments: [
        ("{limit: 1}", [true, false, false]), ("{limit: 1, retryPolicy: OnFailure}", [true, false, false]), ("{limit: 1, retryPolicy: OnError}", [false, true, true]),
        ("{limit: 1, retryPolicy: OnTransientError}", [false, false, true]), ("{limit: 1, retryPolicy: Always}", [true, true, true]), ("{limit: 0, retryPolicy: Always}", [false, false, false]),
    ])
    func policiesTellEndsApart(strategy: String, retried: [Bool]) throws {
        for (cause, again) in zip([FailureCause.failure, .error, .transientError], retried) {
            var run = Harness(try workflow(strategy))
            run.start()
            run.answer("a", .failed, cause: cause)
            #expect(run.open.count == (again ? 1 : 0), "\(strategy) after \(cause)")
            #expect((run.end == nil) == again)
        }
    }

    @Test func aDagFailsByTheCauseOfItsTask() throws {
        let graph = try workflow("{limit: 0}", tasks: "      - {name: d, template: dag}", extra: """
          - name: dag
            retryStrategy: {limit: 5, retryPolicy: OnError}
            dag: {tasks: [{name: a, template: again}]}
        """)
        var run = Harness(graph)
        run.start()
        run.answer("a", .failed, cause: .transientError)
        #expect(run.open.count == 1, "an error of the system is tried again")
        run.answer("a", .failed, cause: .failure)
        #expect(run.end?.phase == .failed, "a failure of the program is not")
    }

    @Test(arguments: ["{}", "{retryPolicy: OnFailure}", "{backoff: {duration: \"0\"}}"]) func withoutALimitThereIsNone(strategy: String) throws {
        var run = Harness(try workflow(strategy))
        run.start()
        for _ in 0..<200 { run.answer("a", .failed) }
        #expect(run.end == nil && run.open.count == 1 && run.started.count == 201)
        #expect(run.started.last?.spec.command == ["flaky", "200"])
        run.answer("a")
        #expect(run.end?.phase == .succeeded)
    }

    @Test func waitsGrowUpToTheCap() {
        let retry = Retry(limit: nil, backoffSeconds: 2, backoffFactor: 3, backoffMaximumSeconds: 100)
        #expect((1...5).map { retry.delay(afterAttempt: $0) } == [2, 6, 18, 54, 100])
        #expect(Retry(limit: nil).delay(afterAttempt: 9) == 0 && Retry(limit: nil).delay(afterAttempt: 10) == Retry.floorSeconds)
        #expect(Retry(limit: 1000).delay(afterAttempt: 10) == 0)
        #expect(Retry(limit: nil, backoffSeconds: 0, backoffFactor: 1e300).delay(afterAttempt: 5) == 0, "0 times infinity")
    }

    /// The bound holds for all attempts together, waits and work alike.
    @Test func maxDurationBoundsTheSum() throws {
        var run = Harness(try workflow("{limit: 100, backoff: {duration: 10s, factor: 1, maxDuration: 35s}}"))
        run.start()
        // Each attempt takes a second, each wait ten: attempts start at 0, 11, 22 and 33 s; a fifth would at 44 s.
        for _ in 0..<4 {
            run.answer("a", .failed)
            run.now = run.now.advanced(seconds: 10)
        }
        #expect(run.started.count == 4 && run.end?.phase == .failed)
        #expect(run.end?.message.contains("35 s after the first start no attempt may begin") == true, "\(run.end?.message ?? "")")
    }

    @Test func kfp2TriesAgainForAnHourAtMost() throws {
        var run = Harness(try nested("maxRetryCount: 5, backoffDuration: 0s, backoffMaxDuration: 86400s"))
        run.start()
        run.now = run.now.advanced(seconds: 3590)
        run.answer("one", .failed)
        #expect(run.open.count == 1)
        run.now = run.now.advanced(seconds: 10)
        run.answer("one", .failed)
        #expect(run.end?.phase == .failed && run.end?.message.contains("3600 s") == true, "\(run.end?.message ?? "")")
    }
}

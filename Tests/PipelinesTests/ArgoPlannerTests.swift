import Core
import Testing

@testable import Pipelines

/// Argo's semantics, as kfp 1.8 pipelines use them.
@Suite struct ArgoPlannerTests {
    private func workflow(_ tasks: String, extra: String = "", spec: String = "") -> String {
        """
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {generateName: t-}
        spec:
          entrypoint: main
          arguments: {parameters: [{name: p, value: "7"}]}
        \(spec)
          templates:
          - name: main
            inputs: {parameters: [{name: p}]}
            dag:
              tasks:
        \(tasks)
          - name: step
            inputs: {parameters: [{name: x, value: none}]}
            container: {image: alpine, command: [echo, "{{inputs.parameters.x}} {{workflow.parameters.p}}"]}
            outputs: {parameters: [{name: o, valueFrom: {path: /tmp/o}}]}
        \(extra)
        """
    }

    @Test func chainPassesParameters() throws {
        var run = Harness(try argo(workflow("""
              - {name: a, template: step}
              - {name: b, template: step, arguments: {parameters: [{name: x, value: "<{{tasks.a.outputs.parameters.o}}>"}]}}
        """)))
        run.run { _, _ in ["o": "A"] }
        #expect(run.startedNames == ["a", "b"])
        #expect(run.started[0].spec.command == ["echo", "none 7"])
        #expect(run.started[1].spec.command == ["echo", "<A> 7"])
        #expect(run.end?.phase == .succeeded)
    }

    @Test(arguments: [("heads", NodePhase.succeeded, NodePhase.succeeded), ("tails", .skipped, .succeeded)])
    func whenSkipsAndDependentsStillRun(value: String, b: NodePhase, c: NodePhase) throws {
        var run = Harness(try argo(workflow("""
              - {name: a, template: step}
              - {name: b, template: step, dependencies: [a], when: '"{{tasks.a.outputs.parameters.o}}" == "heads"'}
              - {name: c, template: step, dependencies: [b]}
        """)))
        run.run { _, _ in ["o": .string(value)] }
        #expect(run.phase("b") == b)
        #expect(run.phase("c") == c)
        #expect(run.end?.phase == .succeeded)
    }

    @Test func failureOmitsWhatWaitsAndFailsFast() throws {
        var run = Harness(try argo(workflow("""
              - {name: a, template: step}
              - {name: b, template: step, dependencies: [a]}
              - {name: c, template: step, dependencies: [d]}
              - {name: d, template: step}
        """)))
        run.start()
        run.answer("a", .failed)
        run.answer("d", .succeeded, ["o": "x"])
        #expect(run.phase("b") == .omitted)
        #expect(run.phase("c") == .omitted, "fail fast: nothing new starts after a failure")
        #expect(run.end?.phase == .failed)
        #expect(run.end?.message == "\"a\" failed: exit status 1")
    }

    @Test func withItemsAndWithParam() throws {
        var run = Harness(try argo(workflow("""
              - {name: a, template: step}
              - {name: items, template: step, withItems: [{k: 1}, {k: two}], arguments: {parameters: [{name: x, value: "{{item.k}}"}]}}
              - {name: params, template: step, withParam: "{{tasks.a.outputs.parameters.o}}", arguments: {parameters: [{name: x, value: "{{item}}"}]}}
              - {name: end, template: step, arguments: {parameters: [{name: x, value: "{{tasks.params.outputs.parameters.o}}"}]}}
        """)))
        run.run { name, spec in ["o": name == "a" ? "[10, \"b\"]" : .string("out-" + (spec.command?[1].split(separator: " ").first.map(String.init) ?? ""))] }
        let texts = run.started.compactMap { $0.spec.command?[1].split(separator: " ").first.map(String.init) }
        #expect(Set(texts).isSuperset(of: ["1", "two", "10", "b"]))
        #expect(run.node("end")?.inputs["x"] == .string("[\"out-10\",\"out-b\"]"))
        #expect(run.end?.phase == .succeeded)
    }

    @Test func onExitRunsAfterFailureAndKnowsTheStatus() throws {
        var run = Harness(try argo(workflow("      - {name: a, template: step}", extra: """
          - name: bye
            container: {image: alpine, command: [echo, "{{workflow.status}}"]}
        """, spec: "  onExit: bye")))
        run.start()
        run.answer("a", .failed)
        #expect(run.end == nil)
        #expect(run.started.last?.spec.command == ["echo", "Failed"])
        run.answer("bye")
        #expect(run.end?.phase == .failed)
    }

    @Test func recursionEndsByItsCondition() throws {
        var run = Harness(try argo("""
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {generateName: r-}
        spec:
          entrypoint: again
          templates:
          - name: again
            dag:
              tasks:
              - {name: flip, template: flip}
              - {name: more, template: again, dependencies: [flip], when: "{{tasks.flip.outputs.parameters.o}} == heads"}
          - name: flip
            container: {image: alpine, command: [flip]}
            outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}
        """))
        var flips = 0
        run.run { _, _ in
            flips += 1
            return ["o": flips < 5 ? "heads" : "tails"]
        }
        #expect(flips == 5)
        #expect(run.end?.phase == .succeeded)
    }

    @Test func retriesUntilTheLimit() throws {
        var run = Harness(try argo(workflow("      - {name: a, template: again}", extra: """
          - name: again
            retryStrategy: {limit: "2", retryPolicy: Always, backoff: {duration: "2s", factor: 3}}
            container: {image: alpine, command: [flaky, "{{retries}}"]}
        """)))
        run.start()
        run.answer("a", .failed)
        run.answer("a", .failed)
        run.answer("a", .succeeded)
        #expect(run.started.compactMap { $0.spec.command?[1] } == ["0", "1", "2"])
        #expect(run.end?.phase == .succeeded)
        #expect(Retry(limit: 3, backoffSeconds: 2, backoffFactor: 3, backoffMaximumSeconds: 10).delay(afterAttempt: 1) == 2)
        #expect(Retry(limit: 3, backoffSeconds: 2, backoffFactor: 3, backoffMaximumSeconds: 10).delay(afterAttempt: 3) == 10)
    }

    @Test func absurdNumbersInADefinitionDoNotOverflow() throws {
        var run = Harness(try argo(workflow("      - {name: a, template: big}", extra: """
          - name: big
            retryStrategy: {limit: "3", backoff: {duration: "1e300", factor: 9, maxDuration: "1e300"}}
            container: {image: alpine, command: [x], resources: {limits: {cpu: "8e18", memory: "8e18"}}}
        """, spec: "  activeDeadlineSeconds: 9223372036854775807")))
        run.start()
        run.answer("a", .failed)
        #expect(run.started.count == 2 && run.started[0].spec.resources.cpuMillis >= 1_000_000)
        #expect(run.planner.deadline.map { $0 > run.now } == true)
    }

    @Test func parallelismBoundsTheRun() throws {
        var run = Harness(try argo(workflow((0..<6).map { "      - {name: t\($0), template: step}" }.joined(separator: "\n"), spec: "  parallelism: 2")))
        run.start()
        #expect(run.open.count == 2)
        var most = 0
        while !run.open.isEmpty {
            most = max(most, run.open.count)
            run.answer()
        }
        #expect(most == 2)
        #expect(run.started.count == 6)
        #expect(run.end?.phase == .succeeded)
    }

    @Test func terminationStopsWhatRunsAndCancelsTheRest() throws {
        var run = Harness(try argo(workflow("""
              - {name: a, template: step}
              - {name: b, template: step, dependencies: [a]}
        """)))
        run.start()
        let task = run.node("a")?.taskID
        run.planner.terminate(now: run.now)
        run.take()
        #expect(run.stopped == [task])
        #expect(run.phase("b") == .cancelled)
        #expect(run.end == nil, "the run ends when its running step has")
        run.answer("a", .cancelled)
        #expect(run.end?.phase == .cancelled)
    }

    @Test func aRestoredPlannerGoesOnWhereItWas() throws {
        let graph = try argo(workflow("""
              - {name: a, template: step}
              - {name: b, template: step, dependencies: [a]}
              - {name: loop, template: step, dependencies: [a], withItems: [1, 2]}
        """))
        var whole = Harness(graph), first = Harness(graph)
        whole.run { _, _ in ["o": "1"] }
        first.start()
        let restored = RunState(facts: first.planner.state.facts, nodes: first.planner.state.ordered)
        first.planner = RunPlanner(graph: graph, state: restored) { 1 }
        while !first.open.isEmpty { first.answer(nil, .succeeded, ["o": "1"]) }
        #expect(first.end?.phase == .succeeded)
        #expect(first.planner.state.ordered.map(\.id) == whole.planner.state.ordered.map(\.id), "the same nodes get the same ids")
        #expect(Set(first.started.map(\.node)).count == first.started.count, "no step started twice")
    }
}

import Core
import Testing

@testable import Pipelines

/// Large graphs are planned in time that grows with their size, and nothing in a definition takes the server with it.
@Suite struct PlannerScaleTests {
    private func kfp(_ components: String, _ tasks: String) throws -> WorkflowGraph {
        try PipelinePackage(yaml: """
        pipelineInfo: {name: t}
        schemaVersion: 2.1.0
        root: {dag: {tasks: {\(tasks)}}}
        components: {\(components), step: {executorLabel: e, inputDefinitions: {parameters: {x: {parameterType: STRING}}}, outputDefinitions: {parameters: {Output: {parameterType: STRING}}}}}
        deploymentSpec: {executors: {e: {container: {image: alpine, command: [echo, "{{$.inputs.parameters['x']}}"]}}}}
        """).graph
    }

    private func wide(_ count: Int, limit: Int = 0) throws -> WorkflowGraph {
        let items = "[" + (0..<count).map(String.init).joined(separator: ",") + "]"
        let body = "body: {componentRef: {name: step}, taskInfo: {name: body}, inputs: {parameters: {x: {componentInputParameter: item}}}}"
        return try kfp(
            "comp-loop: {dag: {outputs: {parameters: {o: {valueFromParameter: {producerSubtask: body, outputParameterKey: Output}}}}, tasks: {\(body)}}, inputDefinitions: {parameters: {item: {parameterType: STRING}}}, outputDefinitions: {parameters: {o: {parameterType: LIST}}}}",
            "loop: {componentRef: {name: comp-loop}, taskInfo: {name: loop}, parameterIterator: {itemInput: item, items: {raw: '\(items)'}}, iteratorPolicy: {parallelismLimit: \(limit)}}")
    }

    /// Planning alone, without persistence. - Returns: containers run.
    private func play(_ graph: WorkflowGraph) -> (run: Int, end: NodePhase?) {
        var run = Harness(graph), count = 0
        run.start()
        var queue = run.takeOpen()
        while !queue.isEmpty {
            var next: [Harness.Open] = []
            for task in queue {
                count += 1
                run.planner.attemptEnded(
                    node: task.node, attempt: task.attempt, result: AttemptResult(end: .succeeded, finishedAt: run.now, outputs: ["Output": "o", "o": "o"]), now: run.now)
                run.take()
                next += run.takeOpen()
            }
            queue = next
        }
        return (count, run.end?.phase)
    }

    @Test(arguments: [0, 50]) func aWideLoop(limit: Int) throws {
        let graph = try wide(5000, limit: limit)
        var result: (run: Int, end: NodePhase?) = (0, nil)
        let time = ContinuousClock().measure { result = play(graph) }
        print("planned a loop of 5000 (limit \(limit)): \(time)")
        #expect(result.run == 5000)
        #expect(result.end == .succeeded)
        // Quadratic planning took over a minute in a debug build; linear planning takes about a second.
        #expect(time < .seconds(30))
    }

    @Test func aFanOutWithAJoin() throws {
        let count = 500
        let steps = (0..<count).map { "t\($0): {componentRef: {name: step}, taskInfo: {name: t\($0)}, inputs: {parameters: {x: {runtimeValue: {constant: v}}}}}" }
        let join = "join: {componentRef: {name: step}, taskInfo: {name: join}, dependentTasks: [\((0..<count).map { "t\($0)" }.joined(separator: ","))], inputs: {parameters: {x: {runtimeValue: {constant: v}}}}}"
        let result = play(try kfp("unused: {executorLabel: e}", (steps + [join]).joined(separator: ",\n")))
        #expect(result.run == count + 1)
        #expect(result.end == .succeeded)
    }

    @Test(arguments: [true, false]) func aLongChainOfSkippedTasks(inOrder: Bool) throws {
        let count = 1500
        var tasks = (1..<count).map { "      - {name: t\($0), template: step, dependencies: [t\($0 - 1)]}" }
        tasks.insert("      - {name: t0, template: fails}", at: 0)
        if !inOrder { tasks.reverse() }
        var run = Harness(try argo("""
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {generateName: t-}
        spec:
          entrypoint: main
          templates:
          - name: main
            dag:
              failFast: false
              tasks:
        \(tasks.joined(separator: "\n"))
          - {name: step, container: {image: alpine, command: [echo]}}
          - {name: fails, container: {image: alpine, command: [echo]}}
        """))
        run.start()
        run.answer("t0", .failed)
        #expect(run.planner.state.ordered.count { $0.phase == .omitted } == count - 1)
        #expect(run.end?.phase == .failed)
    }

    @Test func aTemplateThatCallsItselfTwiceEnds() throws {
        var run = Harness(try argo("""
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {generateName: t-}
        spec:
          entrypoint: main
          templates:
          - name: main
            dag: {tasks: [{name: a, template: main}, {name: b, template: main}]}
        """))
        run.start()
        #expect(run.end?.phase == .failed)
        #expect(run.planner.state.nodes.count <= RunPlanner.maximumNodes + 1)
    }

    /// The counts that planning relies on are those of the nodes, also in a state that was read back.
    @Test func talliesFollowTheNodes() throws {
        var run = Harness(try wide(20, limit: 3))
        run.start()
        for step in 0..<12 {
            run.answer(nil, step == 5 ? .failed : .succeeded, ["Output": "o"])
            let restored = RunState(facts: run.planner.state.facts, nodes: run.planner.state.ordered)
            for (id, ids) in restored.children {
                let children = ids.compactMap { restored.nodes[$0] }
                let tally = run.planner.state.tallies[id]
                #expect(tally == restored.tallies[id])
                #expect(tally?.total == children.count && tally?.ended == children.count { $0.phase.isTerminal })
                #expect(tally?.waiting == children.count { $0.isWaiting } && tally?.failed == children.count { $0.phase == .failed })
            }
            if step == 7 { run.planner = RunPlanner(graph: run.planner.graph, state: restored) { 1 } }
        }
    }
}

import Core
import Tasks
import Testing

@testable import Pipelines

/// Corners of both dialects' semantics.
@Suite struct SemanticsTests {
    private func workflow(_ tasks: String, extra: String = "", spec: String = "") throws -> WorkflowGraph {
        try argo("""
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {generateName: t-}
        spec:
          entrypoint: main
        \(spec)
          templates:
          - name: main
            dag:
              tasks:
        \(tasks)
          - name: step
            inputs: {parameters: [{name: x, value: none}]}
            container: {image: alpine, command: [echo, "{{inputs.parameters.x}}"]}
            outputs: {parameters: [{name: o, valueFrom: {path: /tmp/o}}]}
        \(extra)
        """)
    }

    // MARK: Argo

    @Test func aggregatedOutputsKeepTheirJSON() throws {
        var run = Harness(try workflow("""
              - {name: many, template: step, withItems: [1, 2, 3, 4], arguments: {parameters: [{name: x, value: "{{item}}"}]}}
              - {name: each, template: step, withParam: "{{tasks.many.outputs.parameters.o}}", arguments: {parameters: [{name: x, value: "{{item}}"}]}}
        """))
        run.run { _, spec in ["o": ["1": "10", "2": "text", "3": "{\"k\": [1, 2]}", "4": "true"][spec.command?[1] ?? ""] ?? "end"] }
        #expect(run.node("many")?.outputs["o"] == "[10,\"text\",{\"k\":[1,2]},true]")
        #expect(run.started.dropFirst(4).compactMap { $0.spec.command?[1] } == ["10", "text", "{\"k\":[1,2]}", "true"])
    }

    @Test(arguments: [
        ("heads", true), ("say \"heads\"", false), ("\" == \"\" || \"1\" == \"1", false), ("a\\", false), ("\\\"", false), ("line\nheads", false), ("{{x}}", false), ("it's", false),
    ])
    func aValueInsideQuotesStaysOneText(value: String, runs: Bool) throws {
        var run = Harness(try workflow("""
              - {name: a, template: step}
              - {name: b, template: step, when: '"{{tasks.a.outputs.parameters.o}}" == "heads"'}
              - {name: c, template: step, when: "'{{tasks.a.outputs.parameters.o}}' != 'heads'"}
        """))
        run.run { _, _ in ["o": .string(value)] }
        #expect(run.phase("b") == (runs ? .succeeded : .skipped), "\(run.node("b")?.message ?? "")")
        #expect(run.phase("c") == (runs ? .skipped : .succeeded), "\(run.node("c")?.message ?? "")")
        #expect(run.end?.phase == .succeeded)
    }

    @Test func anEndedRunWaitsForItsExitHandler() throws {
        var run = Harness(try workflow("      - {name: a, template: step}", extra: "  - {name: bye, container: {image: alpine, command: [echo]}}", spec: "  onExit: bye"))
        run.start()
        run.answer("a", .succeeded, ["o": "x"])
        let exit = run.node("bye")
        run.planner.terminate(now: run.now)
        run.take()
        #expect(run.stopped == [exit?.taskID].compactMap { $0 })
        #expect(run.end == nil, "its exit handler still runs")
        run.answer("bye", .cancelled)
        #expect(run.phase("bye") == .cancelled)
        #expect(run.end?.phase == .cancelled)
    }

    @Test func terminatedRunsRunNoExitHandler() throws {
        var run = Harness(try workflow("      - {name: a, template: step}", extra: "  - {name: bye, container: {image: alpine, command: [echo]}}", spec: "  onExit: bye"))
        run.start()
        run.planner.terminate(now: run.now)
        run.take()
        run.answer("a", .cancelled)
        #expect(run.end?.phase == .cancelled)
        #expect(run.node("bye") == nil)
    }

    @Test func failFastLetsRunningOnesEnd() throws {
        var run = Harness(try workflow("""
              - {name: a, template: step}
              - {name: b, template: step}
              - {name: c, template: step, dependencies: [b]}
        """))
        run.start()
        run.answer("a", .failed)
        #expect(run.end == nil)
        run.answer("b", .succeeded, ["o": "x"])
        #expect(run.phase("b") == .succeeded && run.phase("c") == .omitted)
        #expect(run.end?.phase == .failed)
    }

    /// A length or an amount that somebody wrote into a definition never takes the server with it.
    @Test(arguments: [
        "retryStrategy: {limit: 2, backoff: {duration: \"1e300\", maxDuration: \"1e300\"}}", "retryStrategy: {limit: 2, backoff: {duration: \"9e18\", factor: 1e300}}",
        "retryStrategy: {limit: 9223372036854775807}",
    ])
    func hugeRetries(strategy: String) throws {
        var run = Harness(try workflow("      - {name: a, template: again}", extra: "  - {name: again, \(strategy), container: {image: alpine, command: [echo]}}"))
        run.start()
        run.answer("a", .failed)
        run.answer("a", .succeeded)
        #expect(run.end?.phase == .succeeded)
    }

    @Test(arguments: ["memory: 9e18", "nvidia.com/gpu: 1e30", "cpu: 9e18"])
    func amountsBeyondCountingFailTheirStep(limit: String) throws {
        var run = Harness(try workflow("      - {name: a, template: big}", extra: "  - {name: big, container: {image: alpine, command: [echo], resources: {limits: {\(limit)}}}}"))
        run.start()
        #expect(run.phase("a") == .failed)
        #expect(run.node("a")?.message.contains("is not a quantity") == true)
        #expect(run.end?.phase == .failed)
    }

    @Test(arguments: ["cpu: 9e17", "cpu: \"9e15\"", "cpu: 8E", "memory: 7E", "nvidia.com/gpu: 8e18"]) func hugeAmountsAreAskedFor(limit: String) throws {
        var run = Harness(try workflow("      - {name: a, template: big}", extra: "  - {name: big, container: {image: alpine, command: [echo], resources: {limits: {\(limit)}}}}"))
        run.start()
        let request = try #require(run.started.first?.spec.resources)
        #expect(max(Int64(request.cpuMillis), request.memoryBytes, Int64(request.gpus)) >= 1_000_000_000_000_000)
    }

    @Test(arguments: ["parallelism: -1", "activeDeadlineSeconds: -5"])
    func negativeNumbersAreRefused(field: String) {
        #expect(throws: MonoflowError.self) { _ = try workflow("      - {name: a, template: step}", spec: "  " + field) }
    }

    @Test func aHugeDeadlineIsNoDeadline() throws {
        let graph = try workflow("      - {name: a, template: step}", spec: "  activeDeadlineSeconds: 9223372036854775807")
        let run = Harness(graph)
        #expect(run.planner.deadline.map { $0 > run.now } == true)
    }

    @Test(arguments: [("500m", 0.5), ("2", 2), ("1.5", 1.5), ("512Mi", 536_870_912), ("4G", 4e9), ("1e3", 1000), ("1E", 1e18), ("1Ei", 1_152_921_504_606_846_976), ("100u", 0.0001), ("0", 0)])
    func quantities(text: String, value: Double) throws {
        let parsed = try #require(Quantity.parse(text))
        #expect(abs(parsed - value) <= value * 1e-12)
    }

    @Test(arguments: ["", "m", "Mi", "-1", "x", "1 G", "1GB", "inf", "nan", "1e400", "1.2.3"])
    func noQuantities(text: String) { #expect(Quantity.parse(text) == nil) }

    // MARK: Conditions

    @Test(arguments: [
        "1 == 99999999999999999999", "99999999999999999999 > 1", "9007199254740993 == 9007199254740992", "-9223372036854775808 - 1 == 0", "1e400 == 1", "9223372036854775807 + 1 == 0", "1 % 0 == 0",
        String(repeating: "!", count: 100_000) + "true", String(repeating: "-", count: 100_000) + "1 == 1", String(repeating: "(", count: 100_000) + "true",
        "true" + String(repeating: " || true", count: 50_000), String(repeating: "true ? ", count: 10_000) + "true", "a[", "1 ? 2 : 3",
    ])
    func conditionsNeverCrash(text: String) {
        for dialect in [ConditionParser.Dialect.cel, .govaluate] { _ = try? ConditionEvaluator.evaluate(text, dialect: dialect, place: "t") }
    }

    @Test func wholeNumbersCompareExactly() throws {
        let inputs: [String: JSON] = ["a": .int(9_007_199_254_740_993), "b": .int(9_007_199_254_740_992), "min": .int(.min)]
        #expect(try !ConditionEvaluator.evaluate("inputs.parameter_values['a'] == inputs.parameter_values['b']", dialect: .cel, inputs: inputs, place: "t"))
        #expect(try ConditionEvaluator.evaluate("inputs.parameter_values['a'] > inputs.parameter_values['b']", dialect: .cel, inputs: inputs, place: "t"))
        #expect(throws: MonoflowError.self) { _ = try ConditionEvaluator.evaluate("-inputs.parameter_values['min'] > 0", dialect: .cel, inputs: inputs, place: "t") }
    }

    // MARK: kfp 2

    @Test func aTaskNameGivenAsAnArgumentIsTheTasksOwn() throws {
        var run = Harness(try PipelinePackage(yaml: """
        pipelineInfo: {name: t}
        schemaVersion: 2.1.0
        root: {dag: {tasks: {a: {componentRef: {name: step}, taskInfo: {name: my-task}, inputs: {parameters: {x: {runtimeValue: {constant: "{{$.pipeline_task_name}} {{$.pipeline_job_name}}"}}, y: {runtimeValue: {constant: "{{$.pipeline_task_uuid}}"}}}}}}}}
        components: {step: {executorLabel: e, inputDefinitions: {parameters: {x: {parameterType: STRING}, y: {parameterType: STRING}}}}}
        deploymentSpec: {executors: {e: {container: {image: alpine, command: [echo, "{{$.inputs.parameters['x']}}"]}}}}
        """).graph)
        run.start()
        #expect(run.started.first?.spec.command == ["echo", "my-task wf-1"])
        #expect(run.node("my-task")?.inputs["y"] == run.node("my-task").map { .string($0.id) })
    }

    @Test func nestedLoopsCollectListsOfLists() throws {
        let inner = "inner: {dag: {outputs: {parameters: {o: {valueFromParameter: {producerSubtask: body, outputParameterKey: Output}}}}, tasks: {body: {componentRef: {name: step}, taskInfo: {name: body}, inputs: {parameters: {x: {runtimeValue: {constant: \"{{$.inputs.parameters['a']}}{{$.inputs.parameters['b']}}\"}}, a: {componentInputParameter: outer-item}, b: {componentInputParameter: inner-item}}}}}}, inputDefinitions: {parameters: {outer-item: {parameterType: STRING}, inner-item: {parameterType: STRING}}}, outputDefinitions: {parameters: {o: {parameterType: LIST}}}}"
        let outer = "outer: {dag: {outputs: {parameters: {o: {valueFromParameter: {producerSubtask: inner, outputParameterKey: o}}}}, tasks: {inner: {componentRef: {name: inner}, taskInfo: {name: inner}, parameterIterator: {itemInput: inner-item, items: {raw: '[\"1\", \"2\"]'}}, inputs: {parameters: {outer-item: {componentInputParameter: outer-item}}}}}}, inputDefinitions: {parameters: {outer-item: {parameterType: STRING}}}, outputDefinitions: {parameters: {o: {parameterType: LIST}}}}"
        var run = Harness(try PipelinePackage(yaml: """
        pipelineInfo: {name: t}
        schemaVersion: 2.1.0
        root: {dag: {tasks: {loop: {componentRef: {name: outer}, taskInfo: {name: loop}, parameterIterator: {itemInput: outer-item, items: {raw: '["a", "b"]'}}}, sum: {componentRef: {name: all}, taskInfo: {name: sum}, dependentTasks: [loop], inputs: {parameters: {x: {taskOutputParameter: {producerTask: loop, outputParameterKey: o}}}}}}}}
        components:
          \(inner.replacing("inner: {dag", with: "inner:\n    {dag"))
          \(outer.replacing("outer: {dag", with: "outer:\n    {dag"))
          step: {executorLabel: e, inputDefinitions: {parameters: {x: {parameterType: STRING}}}, outputDefinitions: {parameters: {Output: {parameterType: STRING}}}}
          all: {executorLabel: e, inputDefinitions: {parameters: {x: {parameterType: LIST}}}}
        deploymentSpec: {executors: {e: {container: {image: alpine, command: [echo, "{{$.inputs.parameters['x']}}"]}}}}
        """).graph)
        run.run { _, spec in ["Output": .string(spec.command?[1] ?? "")] }
        #expect(run.node("sum")?.inputs["x"] == [["a1", "a2"], ["b1", "b2"]])
        #expect(run.end?.phase == .succeeded)
    }
}
